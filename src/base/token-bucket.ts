/**
 * A rate with room for bursts: tokens come in at a steady pace, up to a bound, and each event takes
 * some.
 *
 * The clock is read only when the tokens at hand have run out, so that an event within the limit
 * costs a subtraction. What came in meanwhile is then added at once, up to the bound; after a
 * silence as much as twice the bound may therefore pass together.
 */

import type { Clock } from './clock.ts'

const MS_PER_SECOND = 1000

/** One limit on one stream of events. Full at its start. */
export class TokenBucket {
  readonly #clock: Clock
  readonly #perMs: number
  readonly #capacity: number
  #tokens: number
  #filledAt: number

  /**
   * @param perSecond tokens that come in, above 0 and finite.
   * @param burstMs how much time's worth of tokens is kept when nothing takes them; at least one
   *   token is.
   */
  constructor(clock: Clock, perSecond: number, burstMs: number) {
    this.#clock = clock
    this.#perMs = perSecond / MS_PER_SECOND
    this.#capacity = Math.max(1, this.#perMs * burstMs)
    this.#tokens = this.#capacity
    this.#filledAt = clock.now()
  }

  /**
   * Takes `count` tokens, more than there are if need be. @returns what is left: below 0, it was
   * too much.
   */
  spend(count: number): number {
    // Filled before the taking: what came in beyond the bound pays for nothing.
    if (this.#tokens - count < 1) this.#fill()
    this.#tokens -= count
    return this.#tokens
  }

  /** Takes one token if there is one. @returns whether there was. */
  take(): boolean {
    if (this.#fill() < 1) return false
    this.#tokens -= 1
    return true
  }

  /** How long until there is a token to take, in milliseconds; 0 if there is one. */
  get msUntilToken(): number {
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
