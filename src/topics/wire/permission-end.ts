/**
 * The moment at which a permission ends: a timer for a date, however far away.
 */

import type { TimerWheel, WheelTimer } from '../../base/internal.ts'

/** The longest timer that Node has. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** Ends one permission at its date, unless it is cancelled. */
export class PermissionEnd {
  readonly #timers: TimerWheel
  readonly #ended: () => void
  #timer: WheelTimer

  /** @param until in the past: `ended` is called soon. */
  constructor(timers: TimerWheel, until: Date, ended: () => void) {
    this.#timers = timers
    this.#ended = ended
    this.#timer = this.#schedule(until)
  }

  /** The permission does not end, or ends in another way. Idempotent. */
  cancel(): void {
    this.#timer.cancel()
  }

  #schedule(until: Date): WheelTimer {
    const ms = Math.max(0, until.getTime() - Date.now())
    if (ms <= MAX_TIMER_MS) return this.#timers.schedule(ms, this.#ended)
    return this.#timers.schedule(MAX_TIMER_MS, () => {
      this.#timer = this.#schedule(until)
    })
  }
}
