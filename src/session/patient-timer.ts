/**
 * A timer for the silence of a peer, which does not blame the peer for a stall of this process.
 *
 * When the event loop has stood still (a long computation, SIGSTOP), timers run before the bytes
 * that arrived meanwhile are read. So a timer that is due lets all I/O that is ready pass first.
 * One that is very late waits a while longer, once: what we had to send was held up, too.
 */

import type { Environment, WheelTimer } from '../base/internal.ts'

/** A timer that is so late shows that this process stood still. */
const STALL_MS = 250

/** What the peer is given after a stall. */
const GRACE_MS = 1000

/** One timer that can be set again and again. */
export class PatientTimer {
  readonly #environment: Environment
  readonly #onDue: () => void
  #timer: WheelTimer | null = null
  #isDeciding = false
  #hasForgiven = false
  /** When it is due, as it was last set; only while it is set. */
  dueAt = 0

  constructor(environment: Environment, onDue: () => void) {
    this.#environment = environment
    this.#onDue = onDue
  }

  /** Whether the call is still to be made. */
  get isSet(): boolean {
    return this.#timer !== null || this.#isDeciding
  }

  /**
   * Calls `onDue` once, `delayMs` milliseconds from now or later; a call that was set before is not
   * made.
   */
  set(delayMs: number): void {
    this.cancel()
    this.#hasForgiven = false
    this.#arm(delayMs)
  }

  cancel(): void {
    this.#timer?.cancel()
    this.#timer = null
    this.#isDeciding = false
  }

  #arm(delayMs: number): void {
    this.#timer = this.#environment.timers.schedule(delayMs, () => this.#fired())
    this.dueAt = this.#timer.dueAt
  }

  #fired(): void {
    this.#timer = null
    const lateMs = this.#environment.clock.now() - this.dueAt
    if (lateMs > STALL_MS && !this.#hasForgiven) {
      this.#hasForgiven = true
      this.#arm(GRACE_MS)
      return
    }
    this.#isDeciding = true
    this.#environment.deferPastIo(decide, this)
  }

  /** The I/O that was ready has passed. */
  decide(): void {
    if (!this.#isDeciding) return
    this.#isDeciding = false
    this.#onDue()
  }
}

function decide(timer: PatientTimer): void {
  timer.decide()
}
