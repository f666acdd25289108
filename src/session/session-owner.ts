/**
 * What a session core tells the session that handlers and clients hold.
 */

import type { CloseReason } from '../protocol/internal.ts'
import type { CloseInfo } from './close-info.ts'
import type { WebSocketSession } from './session.ts'

/** The session in front of a core. */
export interface SessionOwner extends WebSocketSession {
  /** The end has begun, and this is the reason that `closeReason` reports. */
  ending(reason: CloseReason): void
  /** The session is over: the last call of all. */
  over(info: CloseInfo): void
}
