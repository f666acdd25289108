/**
 * What the peer is told when the connection is failed.
 */

import { CloseReason, type ProtocolViolation } from '../protocol/internal.ts'

/** The trouble is ours. */
export const INTERNAL_ERROR: CloseReason = new CloseReason(CloseReason.Codes.INTERNAL_ERROR)

/** The peer did too much of something. */
export const VIOLATED_POLICY: CloseReason = new CloseReason(CloseReason.Codes.VIOLATED_POLICY)

/** We have to give memory back. */
export const TRY_AGAIN_LATER: CloseReason = new CloseReason(CloseReason.Codes.TRY_AGAIN_LATER)

/** RFC 6455 §7.4.1: a client that is told so may come back at once, and should for another reason than we have. */
export const TIME_IS_UP: Readonly<Record<'idleTimeout' | 'maxSessionDuration', CloseReason>> = {
  idleTimeout: new CloseReason(CloseReason.Codes.GOING_AWAY, 'Idle timeout'),
  maxSessionDuration: new CloseReason(CloseReason.Codes.GOING_AWAY, 'Session expired'),
}

/** The reason of the Close frame for a violation: its code, and no words (they could tell an attacker more than a user). */
export function failureReason(violation: ProtocolViolation): CloseReason {
  return new CloseReason(violation.closeCode)
}
