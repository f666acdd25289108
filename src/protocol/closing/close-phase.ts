/** The state machine of the closing handshake, as a table (RFC 6455 §7.1.2–7.1.4). */

import { LocalProtocolError } from '../errors.ts'

/** Which sides have sent a Close frame, and whether the connection still exists. */
export type ClosePhase = 'open' | 'we-closed' | 'peer-closed' | 'agreed' | 'gone'

/** An event of the closing; `transport-end` is the end of TCP, however it happens. */
export type CloseEvent = 'send-close' | 'receive-close' | 'transport-end'

/** Every legal step; any other pair is a bug on this side. */
const STEPS: Readonly<Record<ClosePhase, Readonly<Partial<Record<CloseEvent, ClosePhase>>>>> = {
  open: { 'send-close': 'we-closed', 'receive-close': 'peer-closed', 'transport-end': 'gone' },
  'we-closed': { 'receive-close': 'agreed', 'transport-end': 'gone' },
  'peer-closed': { 'send-close': 'agreed', 'transport-end': 'gone' },
  agreed: { 'transport-end': 'gone' },
  gone: {},
}

/**
 * Returns the phase after `event`. Pure: the caller stores it.
 *
 * @throws {LocalProtocolError} for a step that is not in the table.
 */
export function nextPhase(phase: ClosePhase, event: CloseEvent): ClosePhase {
  const next = STEPS[phase][event]
  if (next === undefined) throw new LocalProtocolError(`Cannot apply ${event} in phase "${phase}"`)
  return next
}

/**
 * Data may be sent until this side's Close frame. A raw session may finish its message before it
 * answers the peer's Close frame; other sessions answer at once (§5.5.1).
 */
export function maySendData(phase: ClosePhase): boolean {
  return phase === 'open' || phase === 'peer-closed'
}

/**
 * Data may still arrive after this side's Close frame: the peer may not have seen it yet (§1.4).
 */
export function mayReceiveData(phase: ClosePhase): boolean {
  return phase === 'open' || phase === 'we-closed'
}
