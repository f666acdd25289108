/**
 * Counts the outages of the broker, and writes one line when the broker goes down, when the cause
 * changes, and when it is back. All other changes of its state are events of `monitor` only.
 */

import type { Logger } from '../application/index.ts'
import { logSafely } from '../application/internal.ts'
import type { BrokerState } from './broker.ts'

/** The outages of one broker. */
export class OutageLog {
  readonly #logger: Logger
  #isDown = false
  #cause: unknown = null
  /** How often the broker went down. */
  outages = 0
  /** How often it was up again. */
  reconnects = 0

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** The state of the broker has changed. Never throws. */
  changed(state: BrokerState): void {
    if (state.state === 'down') {
      const { cause } = state
      if (this.#isDown && cause === this.#cause) return
      if (!this.#isDown) this.outages++
      this.#isDown = true
      this.#cause = cause
      const facts = cause === null ? {} : { err: cause }
      logSafely(() => this.#logger.warn(facts, 'The broker of topics is down'))
    } else if (state.state === 'up' && this.#isDown) {
      this.#isDown = false
      this.reconnects++
      // Not `info`: a log that has the outage has its end too.
      logSafely(() => this.#logger.warn({}, 'The broker of topics is up again'))
    }
  }
}
