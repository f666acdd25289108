/**
 * Which frame waits for which key, for the policy `latestBy`: where a newer frame finds the one to
 * replace.
 *
 * Frames are known by their number since the beginning of the queue, which does not change as
 * others leave.
 */

import type { LatestBy } from '../latest-by.ts'
import type { Outbound } from '../session.ts'
import { isDataFrame } from './message-order.ts'

/** The keys of the frames in one queue. */
export class WaitingKeys {
  readonly #policy: LatestBy
  readonly #numbers = new Map<unknown, number>()
  readonly #keys = new Map<number, unknown>()
  /** How many entries have left the queue. */
  #left = 0

  constructor(policy: LatestBy) {
    this.#policy = policy
  }

  /**
   * How far behind the oldest entry the frame waits that `data` is to replace; `null` if none does.
   */
  offsetOf(data: Outbound): number | null {
    const number = this.#numbers.get(this.#keyOf(data))
    return number === undefined ? null : number - this.#left
  }

  /** `data` is put into the queue, behind `size` others. */
  entered(data: Outbound, size: number): void {
    const key = this.#keyOf(data)
    if (key === null || key === undefined) return
    const number = this.#left + size
    // A frame that waited for room may find a frame with its key before it: both then go out.
    const before = this.#numbers.get(key)
    if (before !== undefined) this.#keys.delete(before)
    this.#numbers.set(key, number)
    this.#keys.set(number, key)
  }

  /** The oldest entry leaves. */
  left(): void {
    const number = this.#left++
    if (!this.#keys.has(number)) return
    this.#numbers.delete(this.#keys.get(number))
    this.#keys.delete(number)
  }

  #keyOf(data: Outbound): unknown {
    return isDataFrame(data) ? this.#policy.key(data) : null
  }
}
