/**
 * The reasons of the Close frames that a session sends by itself.
 */

import { CloseReason, type ProtocolViolation } from '../protocol/internal.ts'

/** The handler has returned, or a caller closed without a reason. */
export const NORMAL: CloseReason = new CloseReason(CloseReason.Codes.NORMAL)

/** The server stops, or the caller of a client has left. */
export const GOING_AWAY: CloseReason = new CloseReason(CloseReason.Codes.GOING_AWAY)

/** This side failed. */
export const INTERNAL_ERROR: CloseReason = new CloseReason(CloseReason.Codes.INTERNAL_ERROR)

/** The peer exceeded a limit. */
export const VIOLATED_POLICY: CloseReason = new CloseReason(CloseReason.Codes.VIOLATED_POLICY)

/** This side has to free memory. */
export const TRY_AGAIN_LATER: CloseReason = new CloseReason(CloseReason.Codes.TRY_AGAIN_LATER)

/** Sent with 1001: the peer did nothing wrong, so a client may reconnect at once. */
export const TIME_IS_UP: Readonly<Record<'idleTimeout' | 'maxSessionDuration', CloseReason>> = {
  idleTimeout: new CloseReason(CloseReason.Codes.GOING_AWAY, 'Idle timeout'),
  maxSessionDuration: new CloseReason(CloseReason.Codes.GOING_AWAY, 'Session expired'),
}

/** The reason for a violation: its code without a message, which would help attackers most. */
export function failureReason(violation: ProtocolViolation): CloseReason {
  return new CloseReason(violation.closeCode)
}
