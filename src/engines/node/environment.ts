/**
 * The environment of sessions on Node: the system's clock, randomness and event loop.
 */

import { randomFillSync } from 'node:crypto'
import { setMaxListeners } from 'node:events'

import { rootContext } from '../../application/internal.ts'
import type { Clock } from '../../base/index.ts'
import {
  type Environment,
  poolRandom,
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
    random: poolRandom((target) => void randomFillSync(target)),
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
