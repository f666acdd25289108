import { defineConfig } from 'vitest/config'
import { isolated, LONG, sharing } from './vitest.projects.ts'

/**
 * Tries a thousand schedules; `npm test` tries sixty. Isolated files start first, so that this one
 * does not end the run. It took 174 s in a shared process on a busy machine, and 21 s alone on a
 * less busy one: whether sharing slows it was not measured.
 */
const MODEL = 'test/topics/model.test.ts'

/** `npm run test:all`: all tests that need no other program, with all inputs of the properties. */
export default defineConfig({
  test: { projects: [isolated([...LONG, MODEL]), sharing([], [MODEL])] },
})
