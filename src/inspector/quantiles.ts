/**
 * Quantiles of many times, from a histogram of constant size.
 */

/** Buckets for each doubling: a value is at most 19 % too large. */
const STEPS = 4
/** The upper bound of the first bucket, in milliseconds. */
const FIRST_MS = 1 / 16
/** 24 doublings: up to 17 minutes. */
const BUCKETS = 24 * STEPS

/** Collects times in milliseconds. */
export class Quantiles {
  readonly #counts = new Uint32Array(BUCKETS)
  #total = 0

  add(ms: number): void {
    const step = ms > FIRST_MS ? Math.ceil(Math.log2(ms / FIRST_MS) * STEPS) : 0
    const bucket = Math.min(step, BUCKETS - 1)
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
    this.#total++
  }

  /** Returns the time that `share` of all times do not exceed; `null` without times. */
  at(share: number): number | null {
    if (this.#total === 0) return null
    let left = Math.max(1, Math.ceil(this.#total * share))
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      left -= this.#counts[bucket] ?? 0
      if (left <= 0) return FIRST_MS * 2 ** (bucket / STEPS)
    }
    return null
  }
}
