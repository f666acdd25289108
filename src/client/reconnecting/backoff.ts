/**
 * Calculates the wait before the next attempt. Waits grow up to a limit and are random, so that
 * clients that were lost together do not reconnect together.
 */

import { type Environment, randomFraction } from '../../base/internal.ts'
import type { BackoffSettings } from './reconnect-options.ts'

/** A wait that the server asked for. */
export interface AskedWait {
  /** In milliseconds. */
  readonly ms: number
  /** Whether each client was asked for another wait. */
  readonly isSpread: boolean
}

/** One wait. */
export interface Wait {
  /** In milliseconds. */
  readonly delay: number
  /** Whether the server asked for this wait. Hints then do not shorten it. */
  readonly isAsked: boolean
}

/** A timer that is later than this means that the machine slept. */
const SLEPT_MS = 2_000

/** Counts attempts and calculates waits. */
export class Backoff {
  readonly #environment: Pick<Environment, 'clock' | 'random'>
  readonly #settings: BackoffSettings
  /** Attempts since the last session that lasted `resetAfter`. */
  #attempts = 0
  /** When the attempts began; `null` after a session that lasted. */
  #since: number | null = null

  constructor(environment: Pick<Environment, 'clock' | 'random'>, settings: BackoffSettings) {
    this.#environment = environment
    this.#settings = settings
  }

  /** The number of attempts since the last session that lasted. */
  get attempts(): number {
    return this.#attempts
  }

  /** Counts a new attempt. @returns its number. */
  begin(): number {
    return ++this.#attempts
  }

  /** Resets the count if a session lasted long enough. */
  lasted(lifetimeMs: number): void {
    if (lifetimeMs < this.#settings.resetAfter) return
    this.#attempts = 0
    this.#since = null
  }

  /**
   * Returns the wait before the next attempt, or `null` if none is allowed.
   *
   * @param asked the wait that the server asked for; `null` if it did not.
   */
  next(asked: AskedWait | null): Wait | null {
    const { maxAttempts, maxElapsed } = this.#settings
    const now = this.#environment.clock.now()
    this.#since ??= now
    const own = this.#draw(this.#attempts)
    const delay = asked === null ? own : this.#after(asked, own)
    if (this.#attempts >= maxAttempts) return null
    if (maxElapsed !== null && now + delay - this.#since > maxElapsed) return null
    return { delay, isAsked: asked !== null }
  }

  /** Returns a wait as before the first attempt, in milliseconds. */
  shortest(): number {
    return this.#draw(1)
  }

  /** The wait while the device is offline, in milliseconds. */
  get longest(): number {
    return this.#settings.maxDelay
  }

  /** Reports the end of a wait. `maxElapsed` excludes the time that this machine slept. */
  waited(dueAt: number): void {
    const late = this.#environment.clock.now() - dueAt
    if (late > SLEPT_MS && this.#since !== null) this.#since += late
  }

  /** Returns a random number: 0 or above, below 1. */
  chance(): number {
    return randomFraction(this.#environment.random)
  }

  /** @param own the wait if the server had not asked: a server that asks for 0 gets no more. */
  #after({ ms, isSpread }: AskedWait, own: number): number {
    const { maxServerDelay } = this.#settings
    if (isSpread && ms <= maxServerDelay) return Math.max(ms, own)
    // All clients got the same time. A random wait is added, so that none is early.
    return Math.min(ms, maxServerDelay) + this.shortest()
  }

  #draw(attempt: number): number {
    const { baseDelay, maxDelay, factor, jitter } = this.#settings
    const longest = Math.min(maxDelay, baseDelay * factor ** Math.max(0, attempt - 1))
    return longest * (1 - jitter * this.chance())
  }
}
