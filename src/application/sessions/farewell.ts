/**
 * What an application that stops tells those who can come back: when. Each is told something else, so that they do not
 * come back together.
 */

import { reconnectHint } from '../../protocol/internal.ts'

// For a client that can go to another server at once, and not so soon for one that cannot.
const RETRY_AFTER_SECONDS = '5'

const RANDOM_BYTES = 4

/** The words of one stop. */
export class Farewell {
  readonly #withinMs: number | null
  readonly #random: (target: Uint8Array) => Uint8Array

  /**
   * @param withinMs over how long clients are to come back, in milliseconds; `null`: nothing is said about that.
   * @param random see `Environment.random`.
   */
  constructor(withinMs: number | null, random: (target: Uint8Array) => Uint8Array) {
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
    const bytes = this.#random(new Uint8Array(RANDOM_BYTES))
    return withinMs * bytes.reduce((value, byte) => (value + byte) / 256, 0)
  }
}
