import { defineConfig } from 'vitest/config'
import { isolated, LONG, sharing } from './vitest.projects.ts'

/**
 * A thousand schedules instead of the sixty of `npm test`. At the end of a process that has run
 * other files, they took 174 s instead of 21 s.
 */
const MODEL = 'test/topics/model.test.ts'

/** `npm run test:all`: all tests that need no other program, with all inputs of the properties. */
export default defineConfig({
  test: { projects: [isolated([...LONG, MODEL]), sharing([], [MODEL])] },
})
