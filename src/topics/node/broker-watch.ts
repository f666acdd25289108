/**
 * Waits for the broker: until it is up, and before a request that has failed is repeated.
 */

import type { TimerWheel } from '../../base/internal.ts'
import type { BrokerState } from '../broker.ts'
import { Waiters } from './waiters.ts'

/** Pauses between attempts while the broker is up: a broker may be up and refuse at once. */
const MIN_PAUSE_MS = 50
const MAX_PAUSE_MS = 5000

/** The state of a broker, and the callers that wait for it. */
export class BrokerWatch {
  readonly #timers: TimerWheel
  readonly #waiters = new Waiters()
  #state: BrokerState = { state: 'connecting' }

  constructor(timers: TimerWheel) {
    this.#timers = timers
  }

  get state(): BrokerState {
    return this.#state
  }

  get isUp(): boolean {
    return this.#state.state === 'up'
  }

  get isClosed(): boolean {
    return this.#state.state === 'closed'
  }

  /** The state has changed. */
  changed(state: BrokerState): void {
    this.#state = state
    if (this.isUp || this.isClosed) this.#waiters.wake()
  }

  /** No caller waits any longer. */
  end(): void {
    this.#waiters.wake()
  }

  /**
   * Resolves when a request that has failed may be repeated: when the broker is up again, or after
   * a pause if it is up. Resolves at once after the broker was closed.
   *
   * @param attempts how many attempts in a row have failed before, 0 or above. The pause doubles
   *   with each.
   * @throws (by rejecting) the reason of `signal`.
   */
  async retry(attempts: number, signal: AbortSignal | null): Promise<void> {
    if (!this.isClosed) {
      const pauseMs = Math.min(MAX_PAUSE_MS, MIN_PAUSE_MS * 2 ** attempts)
      const schedule = this.isUp ? (wake: () => void) => this.#timers.schedule(pauseMs, wake) : null
      await this.#waiters.wait(signal, schedule)
    }
    signal?.throwIfAborted()
  }
}
