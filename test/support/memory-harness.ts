/**
 * The broker in memory for the suites of brokers, in virtual time.
 */

import { memoryBroker, MemoryLog } from '../../src/topics/index.ts'
import { createTestEnvironment, settled } from '../../src/testing/test-environment.ts'
import type { BrokerHarness } from '../suites/brokers/harness.ts'

const PATIENCE_MS = 60_000
const STEP_MS = 250

/** @param seed of the randomness of the world. */
export function createMemoryHarness(seed = 1): BrokerHarness & { readonly log: MemoryLog } {
  const environment = createTestEnvironment(seed)
  const { clock } = environment
  const log = new MemoryLog()
  return {
    environment,
    log,
    create: () => memoryBroker({ log }),
    async settle(promise) {
      let isSettled = false
      void Promise.allSettled([promise]).then(() => {
        isSettled = true
      })
      await settled()
      for (let waited = 0; !isSettled && waited < PATIENCE_MS; waited += STEP_MS) {
        await clock.advance(STEP_MS)
      }
      if (!isSettled) throw new Error('Cannot wait any longer: nothing happened within a minute')
      return promise
    },
    pass: (ms) => clock.advance(ms),
    cut: (broker, isSilent) => Promise.resolve(log.cut(broker, { silent: isSilent })),
    mend: (broker) => Promise.resolve(log.mend(broker)),
    restart: () => Promise.resolve(log.restart()),
    restartWithLoss: (events) => Promise.resolve(log.restart({ lose: events })),
    pause: () => Promise.resolve(log.pause()),
    resume: () => Promise.resolve(log.resume()),
    end: () => Promise.resolve(),
  }
}
