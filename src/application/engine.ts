/**
 * What an application and an engine say to each other about one upgrade. Engines (HTTP/1.1, memory)
 * implement their half; `Application.upgrade` is the other.
 */

import type { Transport, TransportAddress } from '../session/index.ts'

/** A request to upgrade, as it came. Nothing in it has been checked. */
export interface UpgradeRequest {
  /** As sent, such as `GET`. */
  readonly method: string
  /** The target of the request line, as sent: path and query, percent-encoded. */
  readonly target: string
  /** `'1.1'`. */
  readonly httpVersion: string
  /** Names and values in turn, in the order in which they came, duplicates included. */
  readonly rawHeaders: readonly string[]
  /** Bytes behind the request that the engine keeps while the upgrade is decided; none by default. */
  readonly earlyBytes?: number
  /**
   * Calls `listener` whenever the engine keeps more such bytes while the upgrade is decided, with how many
   * more; optional. Memory counts them.
   */
  watchEarlyBytes?(listener: (bytes: number) => void): void
  /**
   * The engine's own object for this request (`IncomingMessage` on Node), while the upgrade is decided;
   * `null` afterwards, `undefined` where the engine has none.
   */
  readonly engineRequest?: object | null
  /**
   * Whether the engine brings the request again, with an `engineRequest`, when the first outcome is
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

/** The request becomes a session. */
export interface UpgradeAccepted {
  readonly type: 'accepted'

  /** The complete headers of the 101, in order; `set-cookie` may be there more than once. */
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>

  /**
   * Begins the session. Called once, after the 101 has been written; bytes that came behind the request are
   * the transport's to deliver. Not called when the connection was lost before: nothing is left behind then.
   */
  start(transport: Transport): void
}

/** The request gets a plain HTTP answer. */
export interface UpgradeRefused {
  readonly type: 'refused'

  /** 200 to 599. */
  readonly status: number

  /**
   * Headers in order. How the answer is framed is the engine's: never `content-length` or
   * `transfer-encoding`, and `connection` only as `Upgrade` beside `upgrade: websocket`, to which the engine
   * adds its own tokens.
   */
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>

  /** May be empty. Fresh memory, the engine's to keep. */
  readonly body: Uint8Array
}

/** No route has this path: the request is for somebody else, or gets a 404. */
export interface UpgradeUnclaimed {
  readonly type: 'unclaimed'
}

/** What an application made of a request. */
export type UpgradeOutcome = UpgradeAccepted | UpgradeRefused | UpgradeUnclaimed
