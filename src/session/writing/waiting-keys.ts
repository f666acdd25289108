/**
 * The keys of waiting frames, for the policy `latestBy`: a newer frame replaces the waiting frame
 * with the same key.
 *
 * Frames are numbered from the beginning of the queue. The number of a frame does not change when
 * other frames leave the queue.
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
   * Returns how far behind the oldest entry the frame with the key of `data` waits; `null` if there
   * is none.
   */
  offsetOf(data: Outbound): number | null {
    const number = this.#numbers.get(this.#keyOf(data))
    return number === undefined ? null : number - this.#left
  }

  /** `data` is put into the queue, behind `size` other entries. */
  entered(data: Outbound, size: number): void {
    const key = this.#keyOf(data)
    if (key === null || key === undefined) return
    const number = this.#left + size
    // If a frame that waited for room has the key of a frame before it, both frames go out.
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
