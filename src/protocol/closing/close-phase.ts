/**
 * How far the closing handshake has come, as a table (RFC 6455 §7.1.2–7.1.4).
 */

import { LocalProtocolError } from '../errors.ts'

/** Who has sent a Close frame, and whether the connection is still there. */
export type ClosePhase = 'open' | 'we-closed' | 'peer-closed' | 'agreed' | 'gone'

/** What moves the closing on; `transport-end` is the end of TCP, however it comes. */
export type CloseEvent = 'send-close' | 'receive-close' | 'transport-end'

/** Every legal step; a pair that is not listed here is a bug on our side. */
const STEPS: Readonly<Record<ClosePhase, Readonly<Partial<Record<CloseEvent, ClosePhase>>>>> = {
  open: { 'send-close': 'we-closed', 'receive-close': 'peer-closed', 'transport-end': 'gone' },
  'we-closed': { 'receive-close': 'agreed', 'transport-end': 'gone' },
  'peer-closed': { 'send-close': 'agreed', 'transport-end': 'gone' },
  agreed: { 'transport-end': 'gone' },
  gone: {},
}

/**
 * The phase after `event`. Pure: the caller stores it.
 *
 * @throws {LocalProtocolError} for a step that the table does not have.
 */
export function nextPhase(phase: ClosePhase, event: CloseEvent): ClosePhase {
  const next = STEPS[phase][event]
  if (next === undefined) throw new LocalProtocolError(`Cannot apply ${event} in phase "${phase}"`)
  return next
}

/** Data may be sent until a Close frame has gone either way; we answer the peer's at once (§5.5.1). */
export function maySendData(phase: ClosePhase): boolean {
  return phase === 'open'
}

/** Data may still arrive after our Close frame: the peer may not have seen it yet (§1.4). */
export function mayReceiveData(phase: ClosePhase): boolean {
  return phase === 'open' || phase === 'we-closed'
}
