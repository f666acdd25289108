/**
 * `asWebSocket`: a session for libraries that take a WebSocket.
 */

import { optionReader, type OptionTable, optionTable, wholeOrInfinite } from '../base/internal.ts'
import type { DefaultWebSocketSession } from '../session/index.ts'
import { SessionSocket, type WebSocketViewSettings } from './session-socket.ts'
import type { WebSocketView } from './web-socket-view.ts'

/** How `asWebSocket` treats a session. */
export interface WebSocketViewOptions {
  /**
   * The most bytes that may wait to be sent, since `send()` of such a socket cannot wait. Above it
   * the session is closed with 1008. A whole number above 0; `Infinity` is no limit.
   *
   * @defaultValue 16 MiB
   */
  readonly maxBufferedAmount?: number
}

const DEFAULT_MAX_BUFFERED_BYTES = 16 * 1024 * 1024

const OPTIONS: OptionTable<WebSocketViewSettings> = optionTable<WebSocketViewSettings>({
  maxBufferedAmount: wholeOrInfinite(DEFAULT_MAX_BUFFERED_BYTES),
})

/**
 * Returns a socket with events for `session`, with the surface that libraries expect of a browser's
 * `WebSocket` and of one of the package `ws`.
 *
 * - Messages wait in the session until a listener for `message` is attached. None is lost. After
 *   `pause()` they wait too, and the peer is slowed down.
 * - `send` cannot wait. Above `maxBufferedAmount` bytes the session is closed with 1008.
 * - Pings of the peer are answered. `ping()` sends one, and `pong` reports the answer.
 * - What a listener throws fails the session with 1011, like an error of the handler. So does a
 *   message that cannot be sent, such as text that is not UTF-8, if `send` has no callback.
 *
 * Do not receive from the session yourself. A handler returns when the library is done:
 * `await session.closed`.
 *
 * @param session of a server or of a client. With a promise, such as that of `openWebSocket`, the
 *   socket is connecting until it resolves.
 * @throws {TypeError | RangeError} for an unknown or invalid option.
 *
 * @example
 * <!-- prelude
 * import { createApplication, WebSockets } from 'towpath'
 * import { asWebSocket, type WebSocketView } from 'towpath/interop'
 * declare const connected: (socket: WebSocketView) => void
 * const app = createApplication((app) => void app.install(WebSockets))
 * -->
 * ```ts
 * app.routing((route) => route.webSocket('/trpc', async (session) => {
 *   connected(asWebSocket(session)) // the library's own function
 *   await session.closed
 * }))
 * ```
 */
export function asWebSocket(
  session: DefaultWebSocketSession | Promise<DefaultWebSocketSession>,
  options: WebSocketViewOptions = {},
): WebSocketView {
  return new SessionSocket(
    session,
    OPTIONS.read(optionReader('make a WebSocket of a session'), options),
  )
}
