import { defineConfig, mergeConfig } from 'vitest/config'
import base from './vitest.config.ts'

/** Tests against clients that we did not write: they need other programs, and take longer. */
export default mergeConfig(
  { ...base, test: { ...base.test, include: [], exclude: [] } },
  defineConfig({
    test: {
      include: ['test/clients/**/*.test.ts'],
      exclude: ['node_modules/**'],
      // One file at a time: browsers and servers would fight for the machine.
      fileParallelism: false,
    },
  }),
)
