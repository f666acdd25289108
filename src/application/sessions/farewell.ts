/**
 * When the clients of an application that stops may reconnect. Each client gets a different time,
 * so that they do not all reconnect at once.
 */

import { type Environment, randomFraction } from '../../base/internal.ts'
import { reconnectHint } from '../../protocol/internal.ts'

// Soon for a client that can use another server, and not at once for one that cannot.
const RETRY_AFTER_SECONDS = '5'

/** The hints of one stop. */
export class Farewell {
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

  /** The message of one Close frame; `''` where nothing is said. */
  closeMessage(): string {
    return this.#withinMs === null ? '' : reconnectHint(this.#draw(this.#withinMs))
  }

  /** The `Retry-After` of one refusal, in whole seconds. */
  retryAfter(): string {
    if (this.#withinMs === null) return RETRY_AFTER_SECONDS
    return String(Math.ceil(this.#draw(this.#withinMs) / 1000))
  }

  /** Any time before that, each as likely as the others. */
  #draw(withinMs: number): number {
    return withinMs * randomFraction(this.#random)
  }
}
