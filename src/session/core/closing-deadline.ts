/**
 * How long the end of a session may take.
 *
 * The end may stand still for `closeTimeout`. The time begins again while the end makes progress:
 * at least a sixteenth of the bytes that waited at its beginning has gone out, or 64 KiB have come
 * in (the peer may be in the middle of a message). It begins again sixteen times at most, so a peer
 * that takes or sends a little at a time cannot stay.
 */

import type { Environment } from '../../base/internal.ts'
import { PatientTimer } from '../patient-timer.ts'

/** Both ways of a session, as far as the deadline is concerned: see `ReadHalf` and `WriteHalf`. */
export interface ClosingPath {
  readonly read: {
    /** Bytes that have arrived so far. */
    readonly received: number
  }
  readonly write: {
    /** Bytes that are still to go out. */
    readonly bufferedAmount: number
  }
}

const PARTS = 16
const MIN_RECEIVED_BYTES = 64 * 1024
const MAX_EXTENSIONS = 16

/** The deadline of one session's end, from its beginning. */
export class ClosingDeadline {
  readonly #path: ClosingPath
  readonly #timedOut: () => void
  readonly #timeoutMs: number
  readonly #timer: PatientTimer
  readonly #part: number
  #unsent: number
  #received: number
  #extensions = 0

  /** Starts at once. `timedOut` is called once, if the end takes too long. */
  constructor(
    environment: Environment,
    timeoutMs: number,
    path: ClosingPath,
    timedOut: () => void,
  ) {
    this.#path = path
    this.#timedOut = timedOut
    this.#received = path.read.received
    this.#timeoutMs = timeoutMs
    this.#unsent = path.write.bufferedAmount
    this.#part = Math.max(1, this.#unsent / PARTS)
    this.#timer = new PatientTimer(environment, () => this.#look())
    this.#timer.set(timeoutMs)
  }

  /** Bytes that waited have been dropped. They have not gone out. */
  dropped(): void {
    this.#unsent = this.#path.write.bufferedAmount
  }

  cancel(): void {
    this.#timer.cancel()
  }

  #look(): void {
    const { received } = this.#path.read
    const unsent = this.#path.write.bufferedAmount
    const hasSent = this.#unsent > 0 && (unsent === 0 || this.#unsent - unsent >= this.#part)
    const hasReceived = received - this.#received >= MIN_RECEIVED_BYTES
    this.#unsent = unsent
    this.#received = received
    if ((hasSent || hasReceived) && this.#extensions < MAX_EXTENSIONS) {
      this.#extensions += 1
      this.#timer.set(this.#timeoutMs)
    } else {
      this.#timedOut()
    }
  }
}
