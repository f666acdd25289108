/**
 * The times of the steps of one handshake.
 */

import type { Clock } from '../../base/index.ts'
import type { NetworkStep } from '../../client/internal.ts'

/** One step and its duration in milliseconds. */
export interface StepTime {
  readonly step: NetworkStep
  readonly ms: number
}

/** Measures the steps of the last request. */
export class StepTimes {
  readonly #clock: Clock
  #times: StepTime[] = []
  #step: NetworkStep = 'resolve'
  #since = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The steps that have ended, in order. A step that did not take place is absent. */
  get times(): readonly StepTime[] {
    return this.#times
  }

  /** A new request begins. */
  readonly dialing = (): void => {
    this.#times = []
    this.#step = 'resolve'
    this.#since = this.#clock.now()
  }

  readonly entered = (step: NetworkStep): void => {
    this.#end()
    this.#step = step
  }

  /** The server has answered the request. */
  readonly answered = (): void => this.#end()

  /** An address needs no lookup, and that step then takes next to no time. */
  #end(): void {
    const now = this.#clock.now()
    this.#times.push({ step: this.#step, ms: now - this.#since })
    this.#since = now
  }
}
