/**
 * How long to wait before the next attempt: longer each time, up to a cap, and left to chance, so that clients which
 * were lost together do not come back together.
 */

import { type Environment, randomFraction } from '../../base/internal.ts'
import type { Backing } from './reconnect-options.ts'

/** A wait that begins. */
export interface Wait {
  /** In milliseconds. */
  readonly delay: number
  /** Whether the server has asked for it: nothing may shorten it then. */
  readonly isAsked: boolean
}

/** How late a timer may be before we take it that this machine slept. */
const SLEPT_MS = 2_000

/** Counts attempts, and measures waits. */
export class Backoff {
  readonly #environment: Pick<Environment, 'clock' | 'random'>
  readonly #settings: Backing
  /** Attempts since the last session that lasted. */
  #attempts = 0
  /** When it all began; `null` while nothing is wrong. */
  #since: number | null = null

  constructor(environment: Pick<Environment, 'clock' | 'random'>, settings: Backing) {
    this.#environment = environment
    this.#settings = settings
  }

  /** The number of attempts since the last session that lasted. */
  get attempts(): number {
    return this.#attempts
  }

  /** An attempt begins. @returns its number. */
  begin(): number {
    return ++this.#attempts
  }

  /** A session has been open for so long, in milliseconds: if it lasted, all is forgotten. */
  lasted(lifetimeMs: number): void {
    if (lifetimeMs < this.#settings.resetAfter) return
    this.#attempts = 0
    this.#since = null
  }

  /**
   * The wait before the next attempt; `null` when none is left.
   *
   * @param askedMs what the server asks for; `null` if it asks for nothing.
   */
  next(askedMs: number | null): Wait | null {
    const { maxAttempts, maxElapsed, maxServerDelay } = this.#settings
    const now = this.#environment.clock.now()
    this.#since ??= now
    const own = this.#draw(this.#attempts)
    // What is asked of all alike would bring all back alike: a little chance comes on top, and nobody is early.
    const delay = askedMs === null ? own : Math.min(askedMs, maxServerDelay) + this.shortest()
    if (this.#attempts >= maxAttempts) return null
    if (maxElapsed !== null && now + delay - this.#since > maxElapsed) return null
    return { delay, isAsked: askedMs !== null }
  }

  /** A wait as before the first attempt, in milliseconds. */
  shortest(): number {
    return this.#draw(1)
  }

  /** The wait without any network, in milliseconds: nobody is in a hurry then. */
  get longest(): number {
    return this.#settings.maxDelay
  }

  /** A wait that was to end at `dueAt` has ended. The time that this machine slept meanwhile counts for nothing. */
  waited(dueAt: number): void {
    const late = this.#environment.clock.now() - dueAt
    if (late > SLEPT_MS && this.#since !== null) this.#since += late
  }

  /** Chance: 0 and above, below 1. */
  chance(): number {
    return randomFraction(this.#environment.random)
  }

  #draw(attempt: number): number {
    const { baseDelay, maxDelay, factor, jitter } = this.#settings
    const longest = Math.min(maxDelay, baseDelay * factor ** Math.max(0, attempt - 1))
    return longest * (1 - jitter * this.chance())
  }
}
