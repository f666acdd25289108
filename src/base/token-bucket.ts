/**
 * A rate limit with bursts: tokens arrive at a steady rate, up to a limit, and each event takes
 * some.
 *
 * The clock is read only when the available tokens have run out, so that an event within the limit
 * costs a subtraction. Then the tokens that arrived meanwhile are added at once, up to the limit.
 * After a silence, as much as twice the limit may therefore pass at once.
 */

import type { Clock } from './clock.ts'

const MS_PER_SECOND = 1000

/** One rate limit on one stream of events. Full at its start. */
export class TokenBucket {
  readonly #clock: Clock
  readonly #perMs: number
  readonly #capacity: number
  #tokens: number
  #filledAt: number

  /**
   * @param perSecond tokens that arrive, above 0 and finite.
   * @param burstMs the capacity as a time at the full rate; at least one token is kept.
   */
  constructor(clock: Clock, perSecond: number, burstMs: number) {
    this.#clock = clock
    this.#perMs = perSecond / MS_PER_SECOND
    this.#capacity = Math.max(1, this.#perMs * burstMs)
    this.#tokens = this.#capacity
    this.#filledAt = clock.now()
  }

  /**
   * Takes `count` tokens, even if fewer are available. @returns the rest; below 0 the limit is
   * exceeded.
   */
  spend(count: number): number {
    // Filled before taking: tokens above the limit are lost.
    if (this.#tokens - count < 1) this.#fill()
    this.#tokens -= count
    return this.#tokens
  }

  /** Takes one token if available. @returns whether it was. */
  take(): boolean {
    if (this.#fill() < 1) return false
    this.#tokens -= 1
    return true
  }

  /** Milliseconds until a token is available; 0 if there is one. */
  get msUntilToken(): number {
    // Tokens only grow with time: those that were left last time are still there.
    if (this.#tokens >= 1) return 0
    const missing = 1 - this.#fill()
    return missing <= 0 ? 0 : missing / this.#perMs
  }

  #fill(): number {
    const now = this.#clock.now()
    const tokens = this.#tokens + (now - this.#filledAt) * this.#perMs
    this.#tokens = Math.min(this.#capacity, tokens)
    this.#filledAt = now
    return this.#tokens
  }
}
