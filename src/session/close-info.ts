/**
 * How a session ended, with both sides kept apart.
 */

import type { CloseReason } from '../protocol/index.ts'

/** The facts of an ended session. All fields are final. */
export interface CloseInfo {
  /** What `closeReason` resolves with: the Close frame that began the closing, 1005 or 1006. */
  readonly reason: CloseReason

  /** Who began: `local` (we closed, failed or terminated), `remote` (the peer's Close), `none` (it vanished). */
  readonly initiator: 'local' | 'remote' | 'none'

  /** The Close frame that we sent; `null` when none was handed to the transport. */
  readonly local: CloseReason | null

  /** The Close frame that the peer sent, 1005 if it was empty; `null` when none arrived. */
  readonly remote: CloseReason | null

  /** Whether both Close frames were exchanged (RFC 6455 §7.1.4). */
  readonly clean: boolean

  /** What went wrong: the violation, the handler's error, the transport's failure; `null` when nothing did. */
  readonly cause: Error | null
}
