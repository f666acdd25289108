/** Waits for time to pass on a given clock: real time in production, virtual time in tests. */

import { addAbortListener, removeAbortListener } from './abort-listeners.ts'
import type { Clock } from './clock.ts'
import { Deferred } from './deferred.ts'
import { type Duration, toMilliseconds } from './duration.ts'

/** Options of a wait. */
export interface DelayOptions {
  /** Ends the wait early: the promise rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined
}

/** A clock with `delay`: the type of `app.clock`. */
export interface WaitingClock extends Clock {
  /**
   * Resolves when `duration` has passed on this clock; 0 or above, finite. In real time the wait
   * does not keep the process alive.
   *
   * Rejects with the reason of `options.signal` when that aborts. The promise need not be awaited:
   * its rejection is never unhandled.
   *
   * @throws {TypeError | RangeError} at the call, for an invalid duration.
   */
  delay(duration: Duration, options?: DelayOptions): Promise<void>
}

/** The clocks below those that `delayingClock` has returned. */
const BELOW = new WeakMap<Clock, Clock>()

/** Adds `delay` to `clock`. */
export function delayingClock(clock: Clock): WaitingClock {
  const delaying: WaitingClock = {
    now: () => clock.now(),
    setTimer: (delayMs, callback) => clock.setTimer(delayMs, callback),
    delay: (duration, options) => delayOn(clock, duration, [options?.signal]),
  }
  BELOW.set(delaying, clock)
  return delaying
}

/** Returns the clock that `delayingClock` made `clock` of; else `clock` itself. */
export function clockBelow(clock: Clock): Clock {
  return BELOW.get(clock) ?? clock
}

/**
 * Resolves when `duration` has passed on `clock`; rejects with the reason of the first of `signals`
 * to abort. The rejection is marked as handled.
 *
 * @throws {TypeError | RangeError} at the call, for an invalid duration.
 */
export function delayOn(
  clock: Clock,
  duration: Duration,
  signals: ReadonlyArray<AbortSignal | undefined>,
): Promise<void> {
  const durationMs = toMilliseconds(duration, 'duration')
  const result = new Deferred<void>()
  result.promise.catch(() => {
    // An aborted wait is not a failure by itself; the caller that awaits the promise gets the
    // reason.
  })

  const aborted = signals.find((signal) => signal?.aborted === true)
  if (aborted !== undefined) {
    result.reject(aborted.reason)
    return result.promise
  }

  const timer = clock.setTimer(durationMs, () => {
    stop()
    result.resolve()
  })
  const listeners = signals
    .filter((signal) => signal !== undefined)
    .map((signal) => ({
      signal,
      onAbort: () => {
        stop()
        result.reject(signal.reason)
      },
    }))
  const stop = (): void => {
    timer[Symbol.dispose]()
    for (const { signal, onAbort } of listeners) removeAbortListener(signal, onAbort)
  }
  for (const { signal, onAbort } of listeners) addAbortListener(signal, onAbort)
  return result.promise
}
