import { defineConfig } from 'vitest/config'
import { isolated, LONG, sharing } from './vitest.projects.ts'

/** `npm run test:all`: all tests that need no other program, with all inputs of the properties. */
export default defineConfig({
  test: { projects: [isolated(LONG), sharing([])] },
})
