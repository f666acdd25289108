/**
 * How long a write has stood still: a peer that does not read must not hold memory for ever.
 *
 * The timer is left to run when the transport drains, and looks again when it is due: transports
 * fill and drain much more often than writes stand still.
 */

import type { Environment } from '../../base/internal.ts'
import { PatientTimer } from '../patient-timer.ts'
import type { WriteProgress } from './write-progress.ts'

/** Watches the writes of one session. */
export class WriteWatch {
  readonly #environment: Environment
  readonly #progress: WriteProgress
  readonly #timeoutMs: number
  readonly #onStill: () => void
  readonly #timer: PatientTimer

  /** @param onStill a write has stood still for `timeoutMs`; called once at most. */
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
    this.#timer = new PatientTimer(environment, () => this.#look())
  }

  /** The transport has kept bytes. */
  queued(): void {
    if (!this.#timer.isSet) this.#timer.set(this.#timeoutMs)
  }

  /** Nothing is watched any more. */
  stop(): void {
    this.#timer.cancel()
  }

  #look(): void {
    if (!this.#progress.isUnderWay) return
    const leftMs = this.#progress.movedAt + this.#timeoutMs - this.#environment.clock.now()
    if (leftMs > 0) this.#timer.set(leftMs)
    else this.#onStill()
  }
}
