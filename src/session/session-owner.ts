/**
 * The session that handlers and clients hold, as its core sees it.
 */

import type { CloseReason } from '../protocol/internal.ts'
import type { CloseInfo } from './close-info.ts'
import type { WebSocketSession } from './session.ts'

/** A session whose core reports its end. */
export interface SessionOwner extends WebSocketSession {
  /** The end has begun: `closeReason` resolves with `reason`. */
  ending(reason: CloseReason): void
  /** The session is over. The last call. */
  over(info: CloseInfo): void
}
