/**
 * The clock of the machine: the one place in the core that reads the time and sets real timers.
 *
 * Timers of `systemClock` do not keep the process alive. They watch over something (a handshake, a
 * ping, a closing) with an open socket, which keeps the process alive by itself while it is read.
 * Once the last socket is closed, a forgotten timeout must not delay the exit.
 *
 * Timers of `waitingSystemClock` keep the process alive. They are for waits without such a socket:
 * a client between two attempts to connect, or a session whose socket is not being read.
 */

import type { Clock } from './clock.ts'

// Node turns a longer delay into 1 ms (and prints a warning).
const MAX_DELAY_MS = 2 ** 31 - 1

/** Real time. `now()` counts from the start of the process, in milliseconds with fractions. */
export const systemClock: Clock = {
  now: (): number => performance.now(),
  setTimer: (delayMs: number, callback: () => void): Disposable =>
    new SystemTimer(delayMs, callback, false),
}

/** The same time, with timers that keep the process alive until they have run or are disposed. */
export const waitingSystemClock: Clock = {
  now: (): number => performance.now(),
  setTimer: (delayMs: number, callback: () => void): Disposable =>
    new SystemTimer(delayMs, callback, true),
}

/**
 * Returns `clock` with timers that keep the process alive. Only the system's clock has other
 * timers; every other clock is returned unchanged.
 */
export function waitingClock(clock: Clock): Clock {
  return clock === systemClock ? waitingSystemClock : clock
}

class SystemTimer implements Disposable {
  readonly #dueAt: number
  readonly #callback: () => void
  readonly #keepsAlive: boolean
  #handle: NodeJS.Timeout

  constructor(delayMs: number, callback: () => void, keepsAlive: boolean) {
    this.#dueAt = performance.now() + delayMs
    this.#callback = callback
    this.#keepsAlive = keepsAlive
    this.#handle = this.#arm(delayMs)
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#handle)
  }

  #arm(remainingMs: number): NodeJS.Timeout {
    const delayMs = Math.min(Math.ceil(remainingMs), MAX_DELAY_MS)
    const handle = setTimeout(() => this.#wake(), delayMs)
    return this.#keepsAlive ? handle : handle.unref()
  }

  #wake(): void {
    // Delays above the maximum always fire early. Others may fire early by a fraction of a
    // millisecond, because the event loop counts in whole ones.
    const remainingMs = this.#dueAt - performance.now()
    if (remainingMs > 0) this.#handle = this.#arm(remainingMs)
    else this.#callback()
  }
}
