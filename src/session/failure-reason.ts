/**
 * What the peer is told when the connection is failed.
 */

import { CloseReason, type ProtocolViolation } from '../protocol/internal.ts'

/** The reason of the Close frame for a violation: its code, and no words (they could tell an attacker more than a user). */
export function failureReason(violation: ProtocolViolation): CloseReason {
  return new CloseReason(violation.closeCode)
}
