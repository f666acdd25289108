/**
 * Counts the outages of the broker, and writes one line when the broker goes down and one when it
 * is back. All other changes of its state are events of `monitor` only.
 */

import type { Logger } from '../application/index.ts'
import { logSafely } from '../application/internal.ts'
import type { BrokerState } from './broker.ts'

/** The outages of one broker. */
export class OutageLog {
  readonly #logger: Logger
  #isDown = false
  /** How often the broker went down. */
  outages = 0
  /** How often it was up again. */
  reconnects = 0

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** The state of the broker has changed. Never throws. */
  changed(state: BrokerState): void {
    if (state.state === 'down' && !this.#isDown) {
      const { cause } = state
      this.#isDown = true
      this.outages++
      const facts = cause === null ? {} : { err: cause }
      logSafely(() => this.#logger.warn(facts, 'The broker of topics is down'))
    } else if (state.state === 'up' && this.#isDown) {
      this.#isDown = false
      this.reconnects++
      logSafely(() => this.#logger.info({}, 'The broker of topics is up again'))
    }
  }
}
