/**
 * Tells clients of a stopping application when they may reconnect. Each client gets a different
 * time, so that they do not all reconnect at once.
 */

import { type Environment, randomFraction } from '../../base/internal.ts'
import { reconnectHint } from '../../protocol/internal.ts'

// Short for a client that can use another server, and not zero for one that cannot.
const RETRY_AFTER_SECONDS = '5'

/** The reconnect hints of one `stop()`. */
export class ReconnectHints {
  readonly #withinMs: number | null
  readonly #random: Environment['random']

  /**
   * @param withinMs the time over which clients reconnect, in milliseconds; `null`: no hint.
   * @param random see `Environment.random`.
   */
  constructor(withinMs: number | null, random: Environment['random']) {
    this.#withinMs = withinMs
    this.#random = random
  }

  /** Returns the message for one Close frame; `''` without a hint. */
  closeMessage(): string {
    return this.#withinMs === null ? '' : reconnectHint(this.#draw(this.#withinMs))
  }

  /** Returns the `Retry-After` for one refusal, in whole seconds. */
  retryAfter(): string {
    if (this.#withinMs === null) return RETRY_AFTER_SECONDS
    return String(Math.ceil(this.#draw(this.#withinMs) / 1000))
  }

  /** Returns a random time below `withinMs`, uniformly distributed. */
  #draw(withinMs: number): number {
    return withinMs * randomFraction(this.#random)
  }
}
