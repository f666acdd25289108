/**
 * The environment of topics: the clock of the application, and the event loop of the process.
 */

import type { Clock } from '../base/index.ts'
import { type Environment, systemClock, TimerWheel, waitingClock } from '../base/internal.ts'

/** Makes an environment on `clock`; real time by default. */
export function createTopicsEnvironment(clock: Clock = systemClock): Environment {
  const timers = new TimerWheel(clock)
  const waiting = waitingClock(clock)
  return {
    clock,
    timers,
    // A broker that waits for its next attempt to connect has no socket: its timer alone keeps the
    // process alive.
    waitingTimers: waiting === clock ? timers : new TimerWheel(waiting),
    random: (target) => crypto.getRandomValues(target as Uint8Array<ArrayBuffer>), // never shared memory
    defer: (task, argument) => queueMicrotask(() => task(argument)),
    deferPastIo: (task, argument) => void setImmediate(task, argument),
    deferPastTurn: (task, argument) => void setImmediate(task, argument),
    // Topics hang one listener on each signal that they are given.
    unlimitListeners: () => {},
    runDetached: (task) => task(),
  }
}
