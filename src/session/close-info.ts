/**
 * How a session ended, with both sides kept apart.
 */

import type { CloseReason } from '../protocol/index.ts'

/** The facts about the end of a session. The fields never change. */
export interface CloseInfo {
  /**
   * The value of `closeReason`: the reason of the Close frame that began the closing, 1005 or 1006.
   */
  readonly reason: CloseReason

  /**
   * The side that began: `local` (this side closed, failed or terminated the session), `remote`
   * (the peer sent a Close frame), `none` (the connection ended without one).
   */
  readonly initiator: 'local' | 'remote' | 'none'

  /** The Close frame that this side sent; `null` if none was given to the transport. */
  readonly local: CloseReason | null

  /** The Close frame that the peer sent, 1005 if it was empty; `null` if none arrived. */
  readonly remote: CloseReason | null

  /** Whether both Close frames were exchanged (RFC 6455 §7.1.4). */
  readonly clean: boolean

  /**
   * The error that ended the session: a violation of the protocol, the handler's error, or a
   * failure of the transport. A peer that did not answer the Close frame in time is a
   * `SessionTimeoutError`, except in browsers. `null` if there was no error.
   */
  readonly cause: Error | null
}
