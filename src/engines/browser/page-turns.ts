/**
 * Yields to the page in loops of sends and receives that need not wait, as `LoopShare` does on
 * Node. Without it, such a loop runs in microtasks only and blocks the page.
 */

import type { Clock } from '../../base/index.ts'
import { Deferred, type LoopTurns } from '../../base/internal.ts'

/** Number of results before one waits for a timer. */
const ANSWERS_PER_TURN = 64

/** Counts the results of one connection. */
export class PageTurns implements LoopTurns {
  readonly #clock: Clock
  #count = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  spend(): void {
    this.#count++
  }

  accepted(_: object, settled: Promise<void>): Promise<void> {
    return this.delay() ?? settled
  }

  delay(): Promise<void> | null {
    if (this.#count % ANSWERS_PER_TURN > 0) return null
    const turned = new Deferred<void>()
    this.#clock.setTimer(0, () => void turned.resolve())
    return turned.promise
  }

  async refused(_: object, error: Error): Promise<never> {
    await this.delay()
    throw error
  }
}
