/**
 * How long the end of a session may take.
 *
 * `closeTimeout` is how long it may stand still. It begins again while the ending gets on: a sixteenth at
 * least of what waited when the ending began has gone out, or 64 KiB have come in (a message that the
 * peer was in the middle of). That happens sixteen times at most, so that a peer that takes or sends a
 * little at a time does not stay.
 */

import type { Environment } from '../../base/internal.ts'
import { PatientTimer } from '../patient-timer.ts'

/** What the deadline looks at. */
export interface ClosingDeadlineOwner {
  /** Bytes that are still to go out. */
  readonly unsentBytes: number
  /** The end has taken too long. */
  closingTimedOut(): void
}

const PARTS = 16
const MIN_RECEIVED_BYTES = 64 * 1024
const MAX_EXTENSIONS = 16

/** The deadline of one session's end, from its beginning. */
export class ClosingDeadline {
  readonly #owner: ClosingDeadlineOwner
  readonly #timeoutMs: number
  readonly #timer: PatientTimer
  readonly #part: number
  #unsent: number
  #received = 0
  #extensions = 0

  /** Starts at once. */
  constructor(environment: Environment, timeoutMs: number, owner: ClosingDeadlineOwner) {
    this.#owner = owner
    this.#timeoutMs = timeoutMs
    this.#unsent = owner.unsentBytes
    this.#part = Math.max(1, this.#unsent / PARTS)
    this.#timer = new PatientTimer(environment, () => this.#look())
    this.#timer.set(timeoutMs)
  }

  /** So many bytes have come in. */
  received(bytes: number): void {
    this.#received += bytes
  }

  /** Bytes that waited have been dropped. They have not gone out. */
  dropped(): void {
    this.#unsent = this.#owner.unsentBytes
  }

  cancel(): void {
    this.#timer.cancel()
  }

  #look(): void {
    const unsent = this.#owner.unsentBytes
    const hasSent = this.#unsent > 0 && (unsent === 0 || this.#unsent - unsent >= this.#part)
    const hasReceived = this.#received >= MIN_RECEIVED_BYTES
    this.#unsent = unsent
    this.#received = 0
    if ((hasSent || hasReceived) && this.#extensions < MAX_EXTENSIONS) {
      this.#extensions += 1
      this.#timer.set(this.#timeoutMs)
    } else {
      this.#owner.closingTimedOut()
    }
  }
}
