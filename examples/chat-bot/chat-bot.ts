/**
 * A bot in a room of the chat, over one reconnecting connection.
 *
 * The client is a parameter: `towpath/client` on Node, and a client in memory in tests.
 */

import { randomUUID } from 'node:crypto'
import { ClosedSendChannelError, seconds, UpgradeRefusedError } from 'towpath/client'
import type { ReconnectingWebSocket, Setback, WebSocketClient } from 'towpath/client'
import type { ClientMessage } from '../chat/messages.ts'
import { createAnswers } from './answers.ts'
import { Listener } from './listener.ts'
import { readServerMessage } from './server-messages.ts'

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

/** The chat's close codes (`ChatCloseCode` in room.ts) that refuse the bot for good. */
const FINAL_CODES: ReadonlyMap<number, string> = new Map([
  [4000, 'The chat does not understand the bot'],
  [4001, 'Somebody in the room has the name of the bot'],
  [4002, 'The bot is in this room a second time'],
])
/** Sent to a member that reads too slowly. The bot reconnects and reads the history. */
const TOO_SLOW = 1008
const STOPPED_CODES: ReadonlySet<number> = new Set([1001, 1012])

/**
 * Joins the room, answers and greets, until the signal aborts or the server closes with 1000.
 *
 * @throws {ConnectionLostError} (by rejecting) if reconnecting cannot help; {TypeError |
 *   RangeError} for an invalid URL.
 */
export async function chatBot(client: WebSocketClient, options: ChatBotOptions): Promise<void> {
  const { url, name, signal, tell, now } = options
  // The same key takes over the bot's place, even if the server has not noticed the loss yet.
  const key = randomUUID()
  await using connection = client.connect(url, {
    opened: (session) => session.send(encode({ type: 'join', name, key })),
    // The next welcome's history shows unanswered questions, so nothing needs to be kept.
    whileAway: 'drop',
    pingPeriod: seconds(20),
    reconnect: { shouldReconnect },
  })
  const leave = (): void => void connection.close()
  signal.addEventListener('abort', leave)
  if (signal.aborted) leave()
  try {
    const listener = new Listener(createAnswers(now))
    await Promise.all([converse(connection, listener, tell), watch(connection, tell)])
    tell('Left the room')
  } finally {
    signal.removeEventListener('abort', leave)
  }
}

/** Describes why there is no connection. */
export function describeSetback({ info, error }: Setback): string {
  if (error instanceof UpgradeRefusedError) return `The chat answered with status ${error.status}`
  if (info === null) return 'The chat cannot be reached'
  const { code } = info.reason
  return (
    FINAL_CODES.get(code) ??
    (STOPPED_CODES.has(code) ? 'The chat has stopped' : `The connection was lost (${code})`)
  )
}

/** Handles all sessions as one conversation. Each session starts with a welcome. */
async function converse(
  connection: ReconnectingWebSocket,
  listener: Listener,
  tell: ChatBotOptions['tell'],
): Promise<void> {
  let wasHere = false
  for await (const frame of connection.incoming) {
    const message = readServerMessage(frame)
    if (message === null) continue
    if (message.type === 'welcome') {
      tell(wasHere ? 'Back in the room' : 'In the room')
      wasHere = true
    }
    for (const say of listener.hear(message)) await send(connection, say)
  }
}

/** After the end of the connection nothing can be sent; `incoming` reports the end. */
async function send(connection: ReconnectingWebSocket, message: ClientMessage): Promise<void> {
  try {
    await connection.send(encode(message))
  } catch (error) {
    if (!(error instanceof ClosedSendChannelError)) throw error
  }
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

function shouldReconnect({ info }: Setback): boolean | undefined {
  const code = info?.reason.code ?? 0
  if (FINAL_CODES.has(code)) return false
  return code === TOO_SLOW ? true : undefined
}

function encode(message: ClientMessage): string {
  return JSON.stringify(message)
}
