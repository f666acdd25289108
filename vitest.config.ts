import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = (path: string): string => fileURLToPath(new URL(`./src/${path}`, import.meta.url))

export default defineConfig({
  resolve: {
    alias: [
      { find: /^towpath$/, replacement: source('index.ts') },
      { find: /^towpath\/client$/, replacement: source('node-client.ts') },
      { find: /^towpath\/(.+)$/, replacement: source('$1/index.ts') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/clients/**', 'node_modules/**'],
    // A leaked rejection is a promise that nobody owns (invariant 4): it fails the run.
    dangerouslyIgnoreUnhandledErrors: false,
    // Property tests take seconds on a busy machine; a wait that never ends is found all the same.
    testTimeout: 30_000,
    pool: 'forks',
    // On a machine of two cores the default is one.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
})
