/**
 * The environment of an application under test: a clock that a test advances, and reproducible
 * randomness.
 */

// Imported, not taken from the global object, so that fake timers of a test runner do not replace
// it.
import { setMaxListeners } from 'node:events'
import { setImmediate } from 'node:timers/promises'

import { rootContext } from '../application/internal.ts'
import { VirtualClock } from '../base/index.ts'
import { type Environment, TimerWheel } from '../base/internal.ts'
import { createSeededRandom } from './seeded-random.ts'

/** An environment whose clock a test can advance. */
export interface TestEnvironment extends Environment {
  readonly clock: VirtualClock
}

/** Makes an environment that starts at 0 milliseconds. */
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
    runDetached: (task) => rootContext.run(task),
    deferPastTurn: (task, argument) => void setImmediate().then(() => task(argument)),
  }
}

/**
 * Resolves when all pending work in memory has finished: after one whole turn of the event loop,
 * before which all deferred tasks and the promises that they settle have run.
 */
export function settled(): Promise<void> {
  return setImmediate()
}
