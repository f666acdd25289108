import type { WebSocketServerSession } from 'towpath'
import { type TypedSession, prepare, typed } from 'towpath/messages'
import { chat } from './contract.ts'

type Member = TypedSession<typeof chat.shape, 'server'>

const HISTORY = 20

/** The members of the chat, by name, and its last messages. */
export class Room {
  readonly #members = new Map<string, Member>()
  readonly #history: Array<{ from: string; text: string }> = []

  /** Handles one session until it ends. */
  async serve(session: WebSocketServerSession): Promise<void> {
    const member = typed(session, chat)
    let name: string | null = null
    try {
      await member.serve({
        join: (request, { error }) => {
          if (this.#members.has(request.name)) throw error('NAME_TAKEN', { name: request.name })
          if (name !== null) this.#members.delete(name)
          name = request.name
          this.#members.set(name, member)
          return { members: [...this.#members.keys()], history: this.#history }
        },
        say: ({ text }) => {
          if (name !== null) this.#say(name, text)
        },
      })
    } finally {
      if (name !== null) this.#members.delete(name)
    }
  }

  #say(from: string, text: string): void {
    this.#history.push({ from, text })
    if (this.#history.length > HISTORY) this.#history.shift()
    // Validated and encoded once for all members. A member that is too slow misses the message.
    const message = prepare(chat, 'said', { from, text })
    for (const member of this.#members.values()) member.trySend(message)
  }
}
