/**
 * The interface between an application and an engine for one upgrade. Engines (HTTP/1.1, memory)
 * implement one half; `Application.upgrade` is the other.
 */

import type { Transport, TransportAddress } from '../session/index.ts'

/** An upgrade request as it arrived. Nothing has been checked. */
export interface UpgradeRequest {
  /** As sent, such as `GET`. */
  readonly method: string
  /** The target of the request line, as sent: path and query, percent-encoded. */
  readonly target: string
  /** `'1.1'` or `'2'`. */
  readonly httpVersion: string
  /**
   * Which opening handshake this is: `upgrade`, of HTTP/1.1 (RFC 6455 §4), or `connect`, the
   * extended CONNECT of HTTP/2 (RFC 8441), with the `:authority` among the headers as `host`.
   * @defaultValue 'upgrade'
   */
  readonly bootstrap?: 'upgrade' | 'connect'
  /**
   * `maxSocketsPerConnection`, if the connection that this request shares with others has as many
   * sessions and requests as that; absent otherwise.
   */
  readonly connectionLimit?: number
  /** Names and values in turn, in the order in which they arrived, duplicates included. */
  readonly rawHeaders: readonly string[]
  /**
   * Bytes that arrived after the request and that the engine holds until the decision. 0 by
   * default.
   */
  readonly earlyBytes?: number
  /**
   * Calls `listener` when the engine holds more such bytes, with the growth in bytes. Optional. The
   * memory budget counts them.
   */
  watchEarlyBytes?(listener: (bytes: number) => void): void
  /**
   * The engine's own object for this request (`IncomingMessage` on Node) until the decision; `null`
   * afterwards. `undefined` if the engine has none.
   */
  readonly engineRequest?: object | null
  /**
   * Whether the engine passes the request again, with an `engineRequest`, if the first outcome is
   * `unclaimed`. @defaultValue false
   */
  readonly comesAgain?: boolean
  /** Whether the request announces a body (`Content-Length` above 0, or `Transfer-Encoding`). */
  readonly hasBody: boolean
  readonly local: TransportAddress
  readonly remote: TransportAddress
  /** Whether the request came over TLS. */
  readonly encrypted: boolean
}

/** The outcome of a request that becomes a session. */
export interface UpgradeAccepted {
  readonly type: 'accepted'

  /**
   * The complete headers of the 101, or of the 200 over HTTP/2, in order. `set-cookie` may occur
   * several times.
   */
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>

  /**
   * Begins the session. Called once, after that head has been written. The transport delivers bytes
   * that arrived after the request.
   */
  start(transport: Transport): void

  /**
   * Ends the upgrade without a session. Called once, in place of `start`, if the connection was
   * lost or that head cannot be sent.
   *
   * @param failure why the head cannot be sent; `null`: the client has left.
   */
  abandon(failure: unknown): void
}

/** The outcome of a request that gets a plain HTTP answer. */
export interface UpgradeRefused {
  readonly type: 'refused'

  /** 200 to 599. */
  readonly status: number

  /**
   * Headers in order. The engine adds the headers that frame the answer, so `content-length` and
   * `transfer-encoding` never occur. `connection` occurs only as `Upgrade` beside `upgrade:
   * websocket`; the engine adds its own tokens.
   */
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>

  /** May be empty. Several refusals may share the memory: the engine does not change it. */
  readonly body: Uint8Array
}

/** The outcome of a request that matches no route. The engine passes it on, or answers 404. */
export interface UpgradeUnclaimed {
  readonly type: 'unclaimed'
}

/** The outcome of an upgrade request. */
export type UpgradeOutcome = UpgradeAccepted | UpgradeRefused | UpgradeUnclaimed
