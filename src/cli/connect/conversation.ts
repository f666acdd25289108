/**
 * The connection of `connect`: one session, or one after another with `--reconnect`.
 */

import type {
  ConnectionEnd,
  ConnectOptions,
  ReconnectingWebSocket,
  WebSocketClient,
  WebSocketClientSession,
} from '../../client/index.ts'
import type { NodeClientOptions } from '../../engines/node/index.ts'
import type { CloseReason, Frame } from '../../protocol/index.ts'
import { ExitCode, failureOf } from '../exit-code.ts'
import { printable } from '../printable.ts'
import { closeText, type ConversationEnd, endOfSession } from '../session-end.ts'

/** A connection whose frames come one after another. */
export interface Conversation {
  readonly incoming: AsyncIterable<Frame>
  /** Resolves with the open session, as soon as there is one. Rejects if none will come. */
  readonly session: () => Promise<WebSocketClientSession>
  /** Closes for good. Never rejects. */
  readonly close: (reason?: CloseReason) => Promise<void>
  readonly ended: Promise<ConversationEnd>
}

/** Opens a conversation of one session. @throws (by rejecting) the errors of `openWebSocket`. */
export async function openOnce(
  client: WebSocketClient<NodeClientOptions>,
  url: string,
  options: NodeClientOptions,
): Promise<Conversation> {
  const session = await client.openWebSocket(url, options)
  return {
    incoming: quietly(session.incoming),
    session: () => Promise.resolve(session),
    close: (reason) => session.close(reason),
    ended: session.closed.then((info) => endOfSession(info)),
  }
}

/**
 * Opens a conversation that opens a new session when it loses one.
 *
 * @param noted called with a line about each setback.
 */
export function openAgain(
  client: WebSocketClient<NodeClientOptions>,
  url: string,
  options: ConnectOptions<NodeClientOptions, WebSocketClientSession>,
  noted: (line: string) => void,
): Conversation {
  const connection = client.connect(url, options)
  void reportStates(connection, noted)
  return {
    incoming: quietly(connection.incoming),
    session: () => connection.whenOpen(),
    close: (reason) => connection.close(reason),
    ended: connection.closed.then(endOfConnection),
  }
}

/** Ends where the channel ends, whatever the reason: `ended` has it. */
function quietly(frames: AsyncIterable<Frame>): AsyncIterable<Frame> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = frames[Symbol.asyncIterator]()
      return {
        next: () => iterator.next().catch(() => ({ done: true, value: undefined }) as const),
      }
    },
  }
}

/** Calls `noted` with a line about each setback of the connection, until it has ended. */
export async function reportStates(
  connection: Pick<ReconnectingWebSocket, 'states'>,
  noted: (line: string) => void,
): Promise<void> {
  for await (const state of connection.states()) {
    if (state.type !== 'waiting') continue
    const { info, error } = state.setback
    const why = error === null ? closeText(info) : printable(error.message)
    noted(`${why}; attempt ${state.attempt} in ${(state.delay / 1000).toFixed(1)} s`)
  }
}

/** Returns how a reconnecting connection ended. */
export function endOfConnection({ why, setback, cause }: ConnectionEnd): ConversationEnd {
  const { info = null, error = null } = setback ?? {}
  if (error !== null) {
    const failure = failureOf(error)
    const message = failure?.message ?? printable(error.message)
    return { exitCode: failure?.exitCode ?? ExitCode.NO_CONNECTION, line: message }
  }
  if (info !== null && why !== 'closed') return endOfSession(info)
  const exitCode = cause === null ? ExitCode.OK : ExitCode.CLOSED_OTHERWISE
  return { exitCode, line: cause === null ? 'closed' : printable(cause.message) }
}
