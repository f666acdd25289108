/**
 * Time as an argument: what the core is handed instead of `Date`, `performance` and `setTimeout`.
 */

/** A source of time and of one-shot timers. Every timer of Towpath comes from one of these. */
export interface Clock {
  /** Milliseconds on a clock that never goes back; only differences mean anything. */
  now(): number

  /**
   * Calls `callback` once, `delayMs` milliseconds from now (0 and above, finite), never before this
   * call has returned. Timers that are due at the same moment run in the order in which they were
   * set.
   *
   * @returns the timer; disposing of it cancels the call, and does nothing once the call has been
   *   made.
   */
  setTimer(delayMs: number, callback: () => void): Disposable
}
