/**
 * The environment of sessions on Node: the system's clock, randomness and event loop.
 */

import { randomFillSync } from 'node:crypto'
import { setMaxListeners } from 'node:events'

import { rootContext } from '../../application/internal.ts'
import type { Clock } from '../../base/index.ts'
import {
  type Environment,
  systemClock,
  TimerWheel,
  waitingSystemClock,
} from '../../base/internal.ts'

/** Creates the environment of one engine. Its sessions share one timer. */
export function createEnvironment(): Environment {
  return {
    clock: systemClock,
    timers: new TimerWheel(inRootContext(systemClock)),
    waitingTimers: new TimerWheel(inRootContext(waitingSystemClock)),
    random: createRandomSource(),
    defer: (task, argument) => process.nextTick(task, argument),
    deferPastIo: (task, argument) => void setImmediate(task, argument),
    deferPastTurn: (task, argument) => void setImmediate(task, argument),
    unlimitListeners: (signal) => setMaxListeners(0, signal),
    runDetached: (task) => rootContext.run(task),
  }
}

/**
 * Returns `clock` for timers that sessions share. Node would keep the context of the session that
 * sets the timer, and would run other sessions' timers in it.
 */
function inRootContext(clock: Clock): Clock {
  return {
    now: () => clock.now(),
    setTimer: (delayMs, callback) => rootContext.run(() => clock.setTimer(delayMs, callback)),
  }
}

/** One call to the system's generator costs about as much for 4 bytes as for this number. */
const POOL_BYTES = 4096

/** Up to this size a loop is faster than `set`: a mask of 4 bytes takes 10 ns instead of 45. */
const MAX_LOOPED_BYTES = 16

function createRandomSource(): (target: Uint8Array) => Uint8Array {
  const pool = new Uint8Array(POOL_BYTES)
  let used = POOL_BYTES

  return (target) => {
    if (target.length > POOL_BYTES) return randomFillSync(target)
    if (used + target.length > POOL_BYTES) {
      randomFillSync(pool)
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
}
