import { createLyingMemory } from '../support/lying-memory.ts'
import { lyingSuite } from '../suites/brokers/lying-suite.ts'

for (let seed = 1; seed <= 20; seed++) {
  lyingSuite(`memory, seed ${seed}`, () => Promise.resolve(createLyingMemory(seed)))
}
