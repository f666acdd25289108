/**
 * What a client is given: the session of the server side, without its call, and its own to end.
 */

import type { SendChannel } from '../../channels/index.ts'
import type {
  DefaultWebSocketSession,
  Outbound,
  OutgoingChannel,
  WebSocketSession,
} from '../../session/index.ts'

/**
 * A client's session as every platform has it, browsers included: what is written against this runs
 * everywhere. The members are those of `WebSocketSession`; where a browser does less, `towpath/client` says so
 * in the browser's own type.
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
  /** What goes to the peer, in order; `send` is this channel's. */
  readonly outgoing: SendChannel<Outbound>

  /** What was connected to in the end, redirects followed; without a fragment and credentials. */
  readonly url: string

  /** The same as `close()`, and resolves when the session is over. */
  [Symbol.asyncDispose](): Promise<void>
}

/** A client's session on Node and in tests: everything that a server's session has, but the call. */
export interface WebSocketClientSession extends DefaultWebSocketSession, ClientSession {
  readonly outgoing: OutgoingChannel

  /** The answer to the upgrade. */
  readonly response: ClientResponse
}

/** The answer to a request to upgrade. */
export interface ClientResponse {
  /** 101. */
  readonly status: number

  /** Its headers; several cookies by `headers.getSetCookie()`. */
  readonly headers: Headers
}
