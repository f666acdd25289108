/**
 * Callers that wait for the same moment. A caller that gives up leaves nothing behind, however long
 * the others wait.
 */

import {
  addAbortListener,
  Deferred,
  removeAbortListener,
  type WheelTimer,
} from '../../base/internal.ts'

/** The callers that wait. */
export class Waiters {
  readonly #wakes = new Set<() => void>()

  /** How many callers wait. */
  get size(): number {
    return this.#wakes.size
  }

  /**
   * Resolves at the next `wake`, and when `signal` aborts.
   *
   * @param schedule sets a timer that ends the wait too.
   */
  async wait(
    signal: AbortSignal | null,
    schedule: ((wake: () => void) => WheelTimer) | null = null,
  ): Promise<void> {
    if (signal?.aborted === true) return
    const over = new Deferred<void>()
    const wake = (): void => void over.resolve()
    this.#wakes.add(wake)
    if (signal !== null) addAbortListener(signal, wake)
    const timer = schedule?.(wake)
    await over.promise
    this.#wakes.delete(wake)
    if (signal !== null) removeAbortListener(signal, wake)
    timer?.cancel()
  }

  /** Ends all waits. */
  wake(): void {
    for (const wake of this.#wakes) wake()
    this.#wakes.clear()
  }
}
