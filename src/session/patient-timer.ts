/**
 * A timer for the silence of a peer. It does not mistake a stall of this process for silence.
 *
 * After a stall of the event loop (a long computation, SIGSTOP), timers run before the bytes that
 * arrived meanwhile are read. So a timer that is due lets all I/O that is ready pass first. A timer
 * that is very late waits once more, because this side's own bytes were delayed, too.
 */

import type { Environment, WheelTimer } from '../base/internal.ts'

/** A timer that is later than this shows that this process stalled. */
const STALL_MS = 250

/** The extra time for the peer after a stall. */
const GRACE_MS = 1000

/** The object that a timer belongs to. */
export interface TimerOwner {
  /** The timer is due. */
  due(): void
}

/**
 * One timer, which can be set any number of times. Idle sessions keep some of these objects: no
 * closure belongs to a timer, and `#` methods would cost a field.
 */
export class PatientTimer {
  readonly #environment: Environment
  readonly #owner: TimerOwner
  #timer: WheelTimer | null = null
  #isDeciding = false
  #hasForgiven = false
  /** When the timer is due. Valid only while the timer is set. */
  dueAt = 0

  constructor(environment: Environment, owner: TimerOwner) {
    this.#environment = environment
    this.#owner = owner
  }

  /** Whether `due` of the owner is still to be called. */
  get isSet(): boolean {
    return this.#timer !== null || this.#isDeciding
  }

  /**
   * Calls `due` of the owner once, `delayMs` milliseconds from now or later. Replaces an earlier
   * setting.
   */
  set(delayMs: number): void {
    this.cancel()
    this.#hasForgiven = false
    this.arm(delayMs)
  }

  cancel(): void {
    this.#timer?.cancel()
    this.#timer = null
    this.#isDeciding = false
  }

  private arm(delayMs: number): void {
    this.#timer = this.#environment.timers.schedule(delayMs, fired, this)
    this.dueAt = this.#timer.dueAt
  }

  /** The timer of the wheel is due. */
  fired(): void {
    this.#timer = null
    const lateMs = this.#environment.clock.now() - this.dueAt
    if (lateMs > STALL_MS && !this.#hasForgiven) {
      this.#hasForgiven = true
      this.arm(GRACE_MS)
      return
    }
    this.#isDeciding = true
    this.#environment.deferPastIo(decide, this)
  }

  /** The I/O that was ready has been handled. */
  decide(): void {
    if (!this.#isDeciding) return
    this.#isDeciding = false
    this.#owner.due()
  }
}

function fired(timer: PatientTimer): void {
  timer.fired()
}

function decide(timer: PatientTimer): void {
  timer.decide()
}
