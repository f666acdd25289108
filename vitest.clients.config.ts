import { defineConfig, mergeConfig } from 'vitest/config'
import base from './vitest.config.ts'

/** Tests against clients that we did not write: they need other programs, and take longer. */
export default mergeConfig(
  { ...base, test: { ...base.test, include: [], exclude: [] } },
  defineConfig({
    test: {
      include: ['test/clients/**/*.test.ts'],
      exclude: ['node_modules/**'],
      // Two files at a time: each waits for a browser, a proxy or another server most of the time.
      maxWorkers: 2,
    },
  }),
)
