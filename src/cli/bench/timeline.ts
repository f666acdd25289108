/**
 * Counts for each second of a run.
 */

import type { Clock } from '../../base/index.ts'
import type { SecondCounts } from './bench-result.ts'

interface Second {
  sent: number
  received: number
  latency: number
}

/** Begins with its first second at its creation. */
export class Timeline {
  readonly #clock: Clock
  readonly #startedAt: number
  readonly #seconds: Second[] = []

  constructor(clock: Clock) {
    this.#clock = clock
    this.#startedAt = clock.now()
  }

  get seconds(): readonly SecondCounts[] {
    return this.#seconds
  }

  sent(): void {
    this.#current().sent += 1
  }

  received(latency: number): void {
    const second = this.#current()
    second.received += 1
    second.latency = Math.max(second.latency, latency)
  }

  #current(): Second {
    const index = Math.floor((this.#clock.now() - this.#startedAt) / 1000)
    while (this.#seconds.length < index) this.#seconds.push({ sent: 0, received: 0, latency: 0 })
    return (this.#seconds[index] ??= { sent: 0, received: 0, latency: 0 })
  }
}
