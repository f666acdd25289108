/**
 * The world as sessions on Node see it: the machine's clock, its randomness and its event loop.
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

/** Makes the environment of one engine; its sessions share one timer. */
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
 * `clock` for what sessions share. Node would keep the context of the session that sets the timer, with all
 * that this refers to, and would run the timers of other sessions in it.
 */
function inRootContext(clock: Clock): Clock {
  return {
    now: () => clock.now(),
    setTimer: (delayMs, callback) => rootContext.run(() => clock.setTimer(delayMs, callback)),
  }
}

/** What one call to the system's generator yields: it costs about as much for 4 bytes as for these. */
const POOL_BYTES = 4096

/** Up to here a loop is faster than the platform's copy: a mask of 4 bytes takes 10 ns and not 45. */
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
    // Nothing of it stays behind to be read from memory, or to be handed out twice.
    pool.fill(0, used, used + target.length)
    used += target.length
    return target
  }
}
