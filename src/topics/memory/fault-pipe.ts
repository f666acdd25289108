/**
 * One direction of the line between a node and the log in memory: first in, first out, late or not
 * at all.
 */

import type { Environment } from '../../base/internal.ts'

interface Parcel {
  readonly dueAt: number
  readonly deliver: () => void
}

/** Delivers calls at once while there is no delay, and in order always. */
export class FaultPipe {
  readonly #environment: Environment
  #parcels: Parcel[] = []
  #delayMs = 0
  #isStalled = false
  #timer: Disposable | null = null
  #isDelivering = false

  constructor(environment: Environment) {
    this.#environment = environment
  }

  /** The delay of what is pushed from now on, in milliseconds; 0 or above. */
  set delayMs(delayMs: number) {
    this.#delayMs = delayMs
  }

  /** Delivers `deliver` after everything that was pushed before. */
  push(deliver: () => void): void {
    const dueAt = this.#environment.clock.now() + this.#delayMs
    this.#parcels.push({ dueAt, deliver })
    if (this.#parcels.length === 1 && !this.#isDelivering) this.#deliver()
  }

  /** Holds everything back until `resume`. */
  stall(): void {
    this.#isStalled = true
  }

  resume(): void {
    this.#isStalled = false
    this.#deliver()
  }

  /** Loses everything that is under way. */
  clear(): void {
    this.#parcels = []
    this.#timer?.[Symbol.dispose]()
    this.#timer = null
  }

  #deliver(): void {
    if (this.#isDelivering) return
    this.#isDelivering = true
    try {
      for (;;) {
        const next = this.#parcels[0]
        if (next === undefined || this.#isStalled || this.#timer !== null) return
        const waitMs = next.dueAt - this.#environment.clock.now()
        if (waitMs > 0) {
          this.#wake(waitMs)
          return
        }
        this.#parcels.shift()
        next.deliver()
      }
    } finally {
      this.#isDelivering = false
    }
  }

  #wake(waitMs: number): void {
    this.#timer = this.#environment.timers.schedule(waitMs, () => {
      this.#timer = null
      this.#deliver()
    })
  }
}
