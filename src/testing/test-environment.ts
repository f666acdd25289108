/**
 * The world of an application under test: time that moves when it is told to, and randomness that
 * repeats itself.
 */

// Imported, and not taken from the global object: a test runner's fake timers do not reach it here.
import { setMaxListeners } from 'node:events'
import { setImmediate } from 'node:timers/promises'

import { VirtualClock } from '../base/index.ts'
import { type Environment, TimerWheel } from '../base/internal.ts'
import { createSeededRandom } from './seeded-random.ts'

/** An environment whose clock a test can move. */
export interface TestEnvironment extends Environment {
  readonly clock: VirtualClock
}

/** Makes a world that begins at 0 milliseconds. */
export function createTestEnvironment(seed: number): TestEnvironment {
  const clock = new VirtualClock({ settle: settled })
  const timers = new TimerWheel(clock)
  return {
    clock,
    timers,
    waitingTimers: timers,
    random: createSeededRandom(seed),
    defer: (task, argument) => process.nextTick(task, argument),
    deferPastIo: (task, argument) => process.nextTick(task, argument),
    unlimitListeners: (signal) => setMaxListeners(0, signal),
    deferPastTurn: (task, argument) => void setImmediate().then(() => task(argument)),
  }
}

/**
 * Resolves when everything that has begun in memory has come to rest: after one whole turn of the
 * event loop, before which all deferred tasks and all promises that they settle have had theirs.
 */
export function settled(): Promise<void> {
  return setImmediate()
}
