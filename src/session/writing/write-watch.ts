/**
 * The timeout of a write that makes no progress: a peer that does not read must not hold memory for
 * ever.
 *
 * The timer keeps running when the transport drains, and checks again when it is due: transports
 * fill and drain much more often than writes stall.
 */

import type { Environment } from '../../base/internal.ts'
import { PatientTimer, type TimerOwner } from '../patient-timer.ts'
import type { WriteProgress } from './write-progress.ts'

/** The timeout of the writes of one session. */
export class WriteWatch implements TimerOwner {
  readonly #environment: Environment
  readonly #progress: WriteProgress
  readonly #timeoutMs: number
  readonly #onStill: () => void
  readonly #timer: PatientTimer

  /** @param onStill called at most once, when a write has made no progress for `timeoutMs`. */
  constructor(
    environment: Environment,
    progress: WriteProgress,
    timeoutMs: number,
    onStill: () => void,
  ) {
    this.#environment = environment
    this.#progress = progress
    this.#timeoutMs = timeoutMs
    this.#onStill = onStill
    this.#timer = new PatientTimer(environment, this)
  }

  /** The transport kept bytes. */
  queued(): void {
    if (!this.#timer.isSet) this.#timer.set(this.#timeoutMs)
  }

  /** Stops the timer. */
  stop(): void {
    this.#timer.cancel()
  }

  /** See `TimerOwner`. */
  due(): void {
    if (!this.#progress.isUnderWay) return
    const leftMs = this.#progress.stillSince + this.#timeoutMs - this.#environment.clock.now()
    if (leftMs > 0) this.#timer.set(leftMs)
    else this.#onStill()
  }
}
