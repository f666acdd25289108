/**
 * Decides what the bot says, across connections. It uses neither the connection nor the time.
 *
 * It says nothing twice, and the room remembers what it has said. A welcome contains the room's
 * history; a question without an answer after it is still open. Each answer has a `ref` that is
 * derived from the question's number. The room therefore ignores an answer that is sent again after
 * a lost connection.
 */

import { randomUUID } from 'node:crypto'
import { foldName } from '../chat/messages.ts'
import type { ClientMessage, Said, ServerMessage } from '../chat/messages.ts'
import type { Answer } from './answers.ts'

/** A message to send to the room. */
export type Say = Extract<ClientMessage, { type: 'say' }>

type Welcome = Extract<ServerMessage, { type: 'welcome' }>

/** The limit of remembered names; the oldest is forgotten first. */
const MAX_KNOWN_NAMES = 1_000

/** Listens for one bot in one room. */
export class Listener {
  readonly #answer: Answer
  /** Names that were greeted, or were there before the bot. */
  readonly #known = new Set<string>()
  /** The bot's name in the room. */
  #name = ''
  /** `null` before the first welcome. */
  #epoch: string | null = null
  /** The last message before the bot joined; it answers only later ones. */
  #before = 0

  constructor(answer: Answer) {
    this.#answer = answer
  }

  /** Handles one message of the server, in order. Returns the messages to send. */
  hear(message: ServerMessage): readonly Say[] {
    switch (message.type) {
      case 'welcome':
        return this.#begin(message)
      case 'joined':
        return this.#greet(message.name)
      case 'said':
        return this.#reply(message)
      case 'left':
        return []
    }
  }

  #begin({ name, epoch, members, history }: Welcome): readonly Say[] {
    const isFirst = this.#epoch === null
    // After a restart of the bot, the whole history is older than the bot.
    if (isFirst) this.#before = history.at(-1)?.id ?? 0
    else if (epoch !== this.#epoch) this.#before = 0
    this.#epoch = epoch
    this.#name = name
    if (isFirst) {
      for (const member of members) this.#remember(member)
      return []
    }

    const said = new Set(history.map(({ ref }) => ref))
    const open = history
      .flatMap((message) => this.#reply(message))
      .filter(({ ref }) => !said.has(ref))
    return [...members.flatMap((member) => this.#greet(member)), ...open]
  }

  /** A greeting is sent once, even if it is lost with the connection. */
  #greet(name: string): readonly Say[] {
    if (name === this.#name || !this.#remember(name)) return []
    const text = `Hello, ${name}! Say !help to see what I know.`
    return [{ type: 'say', ref: randomUUID(), text }]
  }

  #reply({ id, name, text }: Said): readonly Say[] {
    if (name === this.#name || id <= this.#before) return []
    const answer = this.#answer(text)
    return answer === null ? [] : [{ type: 'say', ref: `re-${this.#epoch}-${id}`, text: answer }]
  }

  /** Remembers a name. @returns whether it is new. */
  #remember(name: string): boolean {
    const folded = foldName(name)
    if (this.#known.has(folded)) return false
    this.#known.add(folded)
    const [oldest] = this.#known
    if (this.#known.size > MAX_KNOWN_NAMES && oldest !== undefined) this.#known.delete(oldest)
    return true
  }
}
