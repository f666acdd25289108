/**
 * A bot in a room of the chat, over one reconnecting connection.
 *
 * The client is a parameter: `towpath/client` on Node, and a client in memory in tests.
 */

import { randomUUID } from 'node:crypto'
import { seconds, UpgradeRefusedError } from 'towpath/client'
import type { ReconnectingWebSocket, Setback, WebSocketClient } from 'towpath/client'
import { RequestFailedError, typedConnection } from 'towpath/messages'
import type { TypedConnection } from 'towpath/messages'
import { chat } from '../chat/contract.ts'
import { createAnswers } from './answers.ts'

/** The options of `chatBot`. */
export interface ChatBotOptions {
  /** A room of the chat, such as `ws://127.0.0.1:8080/chat/rooms/lobby`. */
  readonly url: string
  readonly name: string
  /** The bot leaves the room when this aborts. */
  readonly signal: AbortSignal
  /** Called with a sentence when the state of the connection changes. */
  readonly tell: (sentence: string) => void
  /** The time in ms since 1970. */
  readonly now: () => number
}

/** The limit of remembered names; the oldest is forgotten first. */
const MAX_KNOWN_NAMES = 1_000
const STOPPED_CODES: ReadonlySet<number> = new Set([1001, 1012])

/**
 * Joins the room, answers and greets, until the signal aborts or the server closes with 1000.
 *
 * @throws {RequestFailedError} (by rejecting) if the room refuses the bot; {ConnectionLostError} if
 *   reconnecting cannot help; {TypeError | RangeError} for an invalid URL.
 */
export async function chatBot(client: WebSocketClient, options: ChatBotOptions): Promise<void> {
  const { url, signal, tell } = options
  await using connection = client.connect(url, {
    protocols: chat.protocols,
    pingPeriod: seconds(20),
  })
  const leave = (): void => void connection.close()
  signal.addEventListener('abort', leave)
  if (signal.aborted) leave()
  try {
    const bot = new ChatBot(connection, options)
    await Promise.all([untilOver(bot.greet()), untilOver(bot.reply()), watch(connection, tell)])
    const { cause } = await connection.closed
    if (cause !== null) throw cause
    tell('Left the room')
  } finally {
    signal.removeEventListener('abort', leave)
  }
}

class ChatBot {
  readonly #connection: ReconnectingWebSocket
  readonly #room: TypedConnection<typeof chat.shape>
  readonly #options: ChatBotOptions
  /** With it the bot takes its old place, even if the server has not noticed the loss yet. */
  readonly #key = randomUUID()
  /** Names that were greeted, or were there before the bot. */
  readonly #known: Set<string>

  constructor(connection: ReconnectingWebSocket, options: ChatBotOptions) {
    this.#connection = connection
    this.#room = typedConnection(connection, chat)
    this.#options = options
    this.#known = new Set([options.name])
  }

  /** Enters the room on each session, and greets those who come. */
  async greet(): Promise<void> {
    const { name, tell } = this.#options
    let wasHere = false
    for await (const change of this.#room.keep('enter', () => ({ name, key: this.#key }))) {
      if (change.type === 'members') {
        tell(wasHere ? 'Back in the room' : 'In the room')
        const newcomers = change.names.filter((each) => this.#remember(each))
        if (wasHere) for (const newcomer of newcomers) await this.#welcome(newcomer)
        wasHere = true
      } else if (change.type === 'joined' && this.#remember(change.name)) {
        await this.#welcome(change.name)
      }
    }
  }

  /** Answers what is said after the bot came. No message is read twice, or missed. */
  async reply(): Promise<void> {
    const { name, now } = this.#options
    const answer = createAnswers(now)
    let isLive = false
    for await (const item of this.#room.keep('read', (last) => ({
      after: last?.position ?? null,
    }))) {
      if (item.type === 'live') isLive = true
      if (item.type !== 'said' || !isLive || item.name === name) continue
      const text = answer(item.text)
      const { epoch, offset } = item.position
      if (text !== null) await this.#say(`re-${epoch}-${offset}`, text)
    }
  }

  #welcome(name: string): Promise<void> {
    return this.#say(randomUUID(), `Hello, ${name}! Say !help to see what I know.`)
  }

  /** Says it on as many sessions as it takes. The room drops what it gets twice. */
  async #say(ref: string, text: string): Promise<void> {
    while (this.#connection.state.type !== 'closed') {
      const outcome = await this.#room.requestCatching('say', { ref, text }, { timeout: null })
      if (outcome.type === 'value' || outcome.failure !== 'DISCONNECTED') return
    }
  }

  /** Remembers a name. @returns whether it is new. */
  #remember(name: string): boolean {
    if (this.#known.has(name)) return false
    this.#known.add(name)
    const [oldest] = this.#known
    if (this.#known.size > MAX_KNOWN_NAMES && oldest !== undefined) this.#known.delete(oldest)
    return true
  }
}

/** The end of the connection ends its streams; `connection.closed` says why it ended. */
async function untilOver(streaming: Promise<void>): Promise<void> {
  try {
    await streaming
  } catch (error) {
    if (!(error instanceof RequestFailedError) || error.failure !== 'DISCONNECTED') throw error
  }
}

/** Describes why there is no connection. */
export function describeSetback({ info, error }: Setback): string {
  if (error instanceof UpgradeRefusedError) return `The chat answered with status ${error.status}`
  if (info === null) return 'The chat cannot be reached'
  const { code } = info.reason
  return STOPPED_CODES.has(code) ? 'The chat has stopped' : `The connection was lost (${code})`
}

async function watch(
  connection: ReconnectingWebSocket,
  tell: ChatBotOptions['tell'],
): Promise<void> {
  for await (const state of connection.states()) {
    if (state.type !== 'waiting') continue
    tell(`${describeSetback(state.setback)}. Trying again in ${(state.delay / 1000).toFixed(1)} s`)
  }
}
