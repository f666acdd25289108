/**
 * The environment of topics: the clock of the application, and the event loop of the process.
 */

import type { Clock } from '../base/index.ts'
import {
  clockBelow,
  type Environment,
  poolRandom,
  systemClock,
  TimerWheel,
  waitingClock,
} from '../base/internal.ts'

/** Makes an environment on `clock`; real time by default. */
export function createTopicsEnvironment(clock: Clock = systemClock): Environment {
  const timers = new TimerWheel(clock)
  const defer: Environment['defer'] = (task, argument) => queueMicrotask(() => task(argument))
  // In virtual time there is no I/O to wait for, and a test waits for one turn of the event loop.
  const isReal = clockBelow(clock) === systemClock
  const waiting = waitingClock(clock)
  return {
    clock,
    timers,
    // A broker that waits for its next attempt to connect has no socket: its timer alone keeps the
    // process alive.
    waitingTimers: waiting === clock ? timers : new TimerWheel(waiting),
    random: poolRandom((target) => void crypto.getRandomValues(target)),
    defer,
    deferPastIo: isReal ? (task, argument) => void setImmediate(task, argument) : defer,
    deferPastTurn: (task, argument) => void setImmediate(task, argument),
    // Topics hang one listener on each signal that they are given.
    unlimitListeners: () => {},
    runDetached: (task) => task(),
  }
}
