/**
 * The client's session: the server's session without `call`. The client is responsible for closing
 * it.
 */

import type { SendChannel } from '../../channels/index.ts'
import type {
  DefaultWebSocketSession,
  Outbound,
  OutgoingChannel,
  WebSocketSession,
} from '../../session/index.ts'

/**
 * A client's session on every platform, including browsers. Code written against it runs
 * everywhere. The members are those of `WebSocketSession`; the browser's own type documents where a
 * browser does less.
 */
export interface ClientSession
  extends
    Pick<
      WebSocketSession,
      | 'protocol'
      | 'incoming'
      | 'send'
      | 'close'
      | 'launch'
      | 'signal'
      | 'closeReason'
      | 'closed'
      | 'bufferedAmount'
    >,
    AsyncDisposable {
  /** Sends frames to the peer in order; `send` is this channel's method. */
  readonly outgoing: SendChannel<Outbound>

  /** The URL of the connection after redirects, without fragment and credentials. */
  readonly url: string

  /** Calls `close()`, and resolves when the session has ended. */
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * A client's session on Node and in tests: everything that a server's session has, except the call.
 */
export interface WebSocketClientSession extends DefaultWebSocketSession, ClientSession {
  readonly outgoing: OutgoingChannel

  /** The server's answer to the upgrade request. */
  readonly response: ClientResponse
}

/** The server's answer to the upgrade request. */
export interface ClientResponse {
  /** The HTTP status: 101 over HTTP/1.1, 200 over HTTP/2. */
  readonly status: number

  /** The headers. `headers.getSetCookie()` returns all cookies. */
  readonly headers: Headers
}
