/**
 * The clock of a browser. Its timers may be late: in hidden pages they run once a second, later
 * once a minute, and not while the machine sleeps. A time limit may then end late, but never early.
 */

import type { Clock } from '../../base/index.ts'

// Browsers treat a longer delay as 0.
const MAX_DELAY_MS = 2 ** 31 - 1

/**
 * Real time; `now()` counts milliseconds from the start of the page. Delays are limited to 24 days.
 */
export const browserClock: Clock = {
  now: (): number => performance.now(),
  setTimer(delayMs: number, callback: () => void): Disposable {
    const timer = setTimeout(callback, Math.min(delayMs, MAX_DELAY_MS))
    return { [Symbol.dispose]: (): void => clearTimeout(timer) }
  },
}
