import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = (path: string): string => fileURLToPath(new URL(`./src/${path}`, import.meta.url))

/** All tests that need no other program: `npm run test:all`, and what `npx vitest run <path>` uses. */
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
    // A leaked rejection is a promise that nobody owns (invariant 4): it fails the run.
    dangerouslyIgnoreUnhandledErrors: false,
    // No test is slow by itself, but the machine may be: on a busy one a property test has taken
    // 37 s, and three servers of NATS 85 s. The limit only ends a wait that would never end.
    testTimeout: 400_000,
    hookTimeout: 400_000,
    pool: 'forks',
    // Three on a machine of two cores: some files wait for other programs most of the time.
    maxWorkers: Math.max(3, availableParallelism() - 1),
  },
})
