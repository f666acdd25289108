/**
 * A bot in a room of the chat: one connection that comes back, and what the bot does with it.
 *
 * It is handed a client, and with it the world: on Node that of `towpath/client`, in tests one in
 * memory.
 */

import { randomUUID } from 'node:crypto'
import { ClosedSendChannelError, seconds, UpgradeRefusedError } from 'towpath/client'
import type { ReconnectingWebSocket, Setback, WebSocketClient } from 'towpath/client'
import type { ClientMessage } from '../chat/messages.ts'
import { createAnswers } from './answers.ts'
import { Listener } from './listener.ts'
import { readServerMessage } from './server-messages.ts'

/** Where a bot goes, and whom it tells. */
export interface ChatBotOptions {
  /** A room of the chat, such as `ws://127.0.0.1:8080/chat/rooms/lobby`. */
  readonly url: string
  readonly name: string
  /** The bot leaves the room when this fires. */
  readonly signal: AbortSignal
  /** Is told in a sentence, without a line feed, where the bot stands. */
  readonly tell: (sentence: string) => void
  /** The time in ms since 1970. */
  readonly now: () => number
}

/** The chat's close codes (`ChatCloseCode` in room.ts) that are answers, not accidents. */
const FINAL_CODES: ReadonlyMap<number, string> = new Map([
  [4000, 'The chat does not understand the bot'],
  [4001, 'Somebody in the room has the name of the bot'],
  [4002, 'The bot is in this room a second time'],
])
/**
 * Sent to whom the room found too slow; its page comes back and reads the history, and so does the
 * bot.
 */
const TOO_SLOW = 1008
const STOPPED_CODES: ReadonlySet<number> = new Set([1001, 1012])

/**
 * Joins the room, answers and greets, until the signal fires or the server says goodbye with 1000.
 *
 * @throws {ConnectionLostError} (by rejecting) when coming back would not help; {TypeError |
 *   RangeError} for a URL that means nothing.
 */
export async function chatBot(client: WebSocketClient, options: ChatBotOptions): Promise<void> {
  const { url, name, signal, tell, now } = options
  // With the same key it takes its own place again, also when the server has not yet missed it.
  const key = randomUUID()
  await using connection = client.connect(url, {
    opened: (session) => session.send(encode({ type: 'join', name, key })),
    // What is not said now is found unanswered in the history of the next welcome.
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

/** Puts into words why there is no connection. */
export function describeSetback({ info, error }: Setback): string {
  if (error instanceof UpgradeRefusedError) return `The chat answered with status ${error.status}`
  if (info === null) return 'The chat cannot be reached'
  const { code } = info.reason
  return (
    FINAL_CODES.get(code) ??
    (STOPPED_CODES.has(code) ? 'The chat has stopped' : `The connection was lost (${code})`)
  )
}

/** All sessions are one conversation, in which a welcome begins a chapter. */
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

/** Once the connection is over nothing can be said; `incoming` tells how it ended. */
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
