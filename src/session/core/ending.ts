/**
 * The facts of one session's end: which side began, the Close frames of both sides, and the cause.
 * Every report is derived from these facts. The phase moves by the table of `close-phase.ts` alone.
 */

import { type ClosePhase, CloseReason, nextPhase } from '../../protocol/internal.ts'
import type { CloseInfo } from '../close-info.ts'

/** RFC 6455 §7.1.5: the Close frame held no code. */
const NO_STATUS = new CloseReason(CloseReason.Codes.NO_STATUS)
/** RFC 6455 §7.1.5: there was no Close frame. */
export const ABNORMAL: CloseReason = new CloseReason(CloseReason.Codes.CLOSED_ABNORMALLY)

/** The record of one connection's end. */
export class Ending {
  /** The value of `closeReason`. */
  readonly reason: CloseReason
  readonly #initiator: CloseInfo['initiator']
  #cause: Error | null
  #phase: ClosePhase = 'open'
  #local: CloseReason | null = null
  #remote: CloseReason | null = null

  /** How the session ended, as it was reported; `null` until it is over. */
  info: CloseInfo | null = null

  /** @param cause what went wrong, as far as it is known. */
  constructor(initiator: CloseInfo['initiator'], reason: CloseReason, cause: Error | null) {
    this.#initiator = initiator
    this.reason = reason
    this.#cause = cause
  }

  /** How far the closing handshake has come. */
  get phase(): ClosePhase {
    return this.#phase
  }

  /** What went wrong, as far as it is known. */
  get cause(): Error | null {
    return this.#cause
  }

  /** Whether this side may still send a Close frame: it sends one at most. */
  get maySendClose(): boolean {
    return this.#phase === 'open' || this.#phase === 'peer-closed'
  }

  /** Whether a Close frame has gone each way. */
  get isAgreed(): boolean {
    return this.#phase === 'agreed'
  }

  /** Whether the peer can send nothing more: TCP has ended. */
  get isGone(): boolean {
    return this.#phase === 'gone'
  }

  /** A failure of the transport is the cause if there is no other, unless both sides had closed. */
  transportFailed(cause: Error | null): void {
    if (!this.isAgreed && !this.isGone) this.#cause ??= cause
  }

  /** The peer has not answered in time, or has not taken our Close frame. */
  timedOut(error: Error): void {
    if (!this.isAgreed) this.#cause ??= error
  }

  /** Our Close frame is on its way; `null` is an empty one. */
  closeSent(reason: CloseReason | null): void {
    this.#phase = nextPhase(this.#phase, 'send-close')
    this.#local = reason ?? NO_STATUS
  }

  /** The peer's Close frame has arrived; `null` is an empty one. */
  closeReceived(reason: CloseReason | null): void {
    this.#phase = nextPhase(this.#phase, 'receive-close')
    this.#remote = reason ?? NO_STATUS
  }

  /** TCP has ended, by the peer or altogether. Idempotent. */
  transportEnded(): void {
    if (!this.isGone) this.#phase = nextPhase(this.#phase, 'transport-end')
  }

  /**
   * Fixes the report `info`.
   *
   * @param isCloseWritten whether our Close frame has been given to the transport.
   */
  finish(isCloseWritten: boolean): CloseInfo {
    const local = isCloseWritten ? this.#local : null
    const clean = local !== null && this.#remote !== null
    this.info = {
      reason: this.reason,
      initiator: this.#initiator,
      local,
      remote: this.#remote,
      clean,
      cause: this.#cause,
    }
    return this.info
  }
}

/** Returns the reason that is reported for a Close frame: 1005 for an empty one. */
export function reportedReason(reason: CloseReason | null): CloseReason {
  return reason ?? NO_STATUS
}
