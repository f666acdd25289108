import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = (path: string): string => fileURLToPath(new URL(`./src/${path}`, import.meta.url))

/**
 * All tests that need no other program, each file in a process of its own: `npx vitest run <path>`
 * uses it, and the other configurations begin with it.
 */
export default defineConfig({
  resolve: {
    alias: [
      { find: /^towpath$/, replacement: source('index.ts') },
      { find: /^towpath\/client\/topics$/, replacement: source('node-topics-client.ts') },
      { find: /^towpath\/client\/browser$/, replacement: source('browser-client.ts') },
      { find: /^towpath\/client$/, replacement: source('node-client.ts') },
      { find: /^towpath\/(fastify|hono|nest|vite)$/, replacement: source('adapters/$1/index.ts') },
      { find: /^towpath\/(.+)$/, replacement: source('$1/index.ts') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/clients/**', '**/node_modules/**'],
    setupFiles: ['test/support/byte-equality.ts'],
    // A leaked rejection is a promise that nobody owns (invariant 4): it fails the run.
    dangerouslyIgnoreUnhandledErrors: false,
    // No test is slow by itself, but the machine may be: on a busy one a property test has taken
    // 37 s, and three servers of NATS 85 s. The limit only ends a wait that would never end.
    testTimeout: 400_000,
    hookTimeout: 400_000,
    pool: 'forks',
    // Five on a machine of two cores: many files wait for timers and for other programs.
    maxWorkers: Math.max(5, availableParallelism() - 1),
  },
})
