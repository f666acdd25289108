import { defineConfig } from 'vitest/config'
import { isolated, sharing } from './vitest.projects.ts'

/** Files of `npm test` that know nothing of Node. */
const PORTABLE = [
  'test/tools/**',
  'test/docs.test.ts',
  'test/docs/**',
  'test/api.test.ts',
  'test/engines/browser/**',
]

/** The long files that depend on Node most. */
const LONG_ON_NODE = [
  'test/suites/conformance/node-auto.test.ts',
  'test/suites/conformance/client-auto.test.ts',
  'test/engines/leaks.test.ts',
  'test/engines/node/workers/workers.test.ts',
]

/** What CI repeats on other versions of Node. */
export default defineConfig({
  test: { projects: [isolated(LONG_ON_NODE), sharing(['test/support/quick.ts'], PORTABLE)] },
})
