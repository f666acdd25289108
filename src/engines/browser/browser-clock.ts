/**
 * The clock of a browser. Its timers are late at will: in a page that is not seen they run once a second, later
 * once a minute, and not at all while the machine sleeps. What they watch over ends late then, never early.
 */

import type { Clock } from '../../base/index.ts'

// Browsers turn a longer delay into none.
const MAX_DELAY_MS = 2 ** 31 - 1

/** Real time; `now()` counts from when the page began, in milliseconds. A delay of more than 24 days is one of 24. */
export const browserClock: Clock = {
  now: (): number => performance.now(),
  setTimer(delayMs: number, callback: () => void): Disposable {
    const timer = setTimeout(callback, Math.min(delayMs, MAX_DELAY_MS))
    return { [Symbol.dispose]: (): void => clearTimeout(timer) }
  },
}
