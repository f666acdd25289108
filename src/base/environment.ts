/**
 * The environment of sessions, passed in by the engine: the core has no other access to time,
 * randomness or the event loop.
 */

import type { Clock } from './clock.ts'
import type { TimerWheel } from './timer-wheel.ts'

/** Enough for any wait: a step of a fraction is then 2^-32. */
const FRACTION_BYTES = 4

/** One call to the system's generator costs about as much for 4 bytes as for this number. */
const POOL_BYTES = 4096

/** Up to this size a loop is faster than `set`: a mask of 4 bytes takes 10 ns instead of 45. */
const MAX_LOOPED_BYTES = 16

/** A random fraction: 0 or above, below 1. @param random see `Environment.random`. */
export function randomFraction(random: Environment['random']): number {
  const bytes = random(new Uint8Array(FRACTION_BYTES))
  return bytes.reduce((value, byte) => (value + byte) / 256, 0)
}

/**
 * Makes a source of random bytes.
 *
 * @param fill fills its argument with unpredictable bytes.
 * @returns a function that fills its argument and returns it. No byte of the pool is used twice.
 */
export function poolRandom(
  fill: (target: Uint8Array<ArrayBuffer>) => void,
): (target: Uint8Array) => Uint8Array {
  const pool = new Uint8Array(POOL_BYTES)
  let used = POOL_BYTES

  const take = (target: Uint8Array): Uint8Array => {
    if (target.length > POOL_BYTES) {
      for (let at = 0; at < target.length; at += POOL_BYTES) {
        take(target.subarray(at, at + POOL_BYTES))
      }
      return target
    }
    if (used + target.length > POOL_BYTES) {
      fill(pool)
      used = 0
    }
    if (target.length <= MAX_LOOPED_BYTES) {
      for (let at = 0; at < target.length; at++) {
        target[at] = pool[used]! // `used` is below the length of the pool, by the line above
        pool[used++] = 0
      }
      return target
    }
    target.set(pool.subarray(used, used + target.length))
    // Used bytes are erased: they must not be returned twice, nor be found in memory.
    pool.fill(0, used, used + target.length)
    used += target.length
    return target
  }
  return take
}

/** The outside world for the core. Each engine has one, shared by all of its sessions. */
export interface Environment {
  readonly clock: Clock

  /** The pings and timeouts of all sessions, on one timer of `clock`. */
  readonly timers: TimerWheel

  /**
   * The same on a clock whose timers keep the process alive: for sessions whose socket is not read.
   */
  readonly waitingTimers: TimerWheel

  /** Fills `target` with unpredictable bytes, and returns it (RFC 6455 §5.3, §10.3). */
  readonly random: (target: Uint8Array) => Uint8Array

  /**
   * Calls `task(argument)` once, after the queued microtasks and before any more I/O: on Node,
   * `process.nextTick`. Tasks run in the order in which they were given. The argument is passed
   * along so that a caller on the hot path needs no closure.
   */
  readonly defer: <T>(task: (argument: T) => void, argument: T) => void

  /**
   * Calls `task(argument)` once, when all I/O that is ready now has been handled, and before the
   * event loop waits for more: on Node, `setImmediate`. Otherwise like `defer`, which an
   * environment without I/O may provide instead.
   */
  readonly deferPastIo: <T>(task: (argument: T) => void, argument: T) => void

  /**
   * Calls `task(argument)` once, after a turn of the event loop, so that timers, sockets and
   * signals have run: on Node, `setImmediate`. An environment on virtual time must let the real
   * event loop turn too.
   */
  readonly deferPastTurn: <T>(task: (argument: T) => void, argument: T) => void

  /**
   * Allows any number of listeners on `signal`, which Towpath owns: Node 20 warns of a leak from 11
   * on.
   */
  readonly unlimitListeners: (signal: AbortSignal) => void

  /**
   * Runs `task` outside the async context of the caller: on Node, no `AsyncLocalStorage` has a
   * store in it. For work that the event of one sender starts for the messages of others.
   */
  readonly runDetached: (task: () => void) => void
}
