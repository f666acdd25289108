/**
 * Time as an argument: the core gets a clock instead of using `Date`, `performance` and
 * `setTimeout`.
 */

// Pages compile without Node's types, and often with the library of ES2022: `Disposable` and
// `Symbol.asyncDispose` must come with our declarations. One reference serves a whole program.
/// <reference lib="esnext.disposable" preserve="true" />

/** A source of time and of one-shot timers. Every timer of Towpath comes from one of these. */
export interface Clock {
  /** Milliseconds on a clock that never goes back; only differences are meaningful. */
  now(): number

  /**
   * Calls `callback` once, `delayMs` milliseconds from now (0 or above, finite), never before this
   * call has returned. Timers that are due at the same moment run in the order in which they were
   * set.
   *
   * @returns the timer; disposing it cancels the call, and has no effect after the call.
   */
  setTimer(delayMs: number, callback: () => void): Disposable
}
