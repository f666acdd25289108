/**
 * The two kinds of test files, as projects of Vitest: those that share their processes, and those
 * that have one each. The configurations of Vitest put them together.
 */

import { existsSync } from 'node:fs'
import type { TestProjectInlineConfiguration } from 'vitest/config'
import base from './vitest.config.ts'

/** Files that take seconds of CPU each, or that only an isolated process can run. */
export const LONG = [
  // The public conformance suite's cases, once for each transport and role.
  'test/suites/conformance/**/*.test.ts',
  // Many generated inputs.
  'test/fuzz/**/*.test.ts',
  // Many connections, and bundles for browsers.
  'test/engines/leaks.test.ts',
  // Counts objects of a class, which only an isolated file can do.
  'test/messages-heap.test.ts',
  'test/browser-client.test.ts',
  'test/messages-page.test.ts',
  // Real engines, which are killed and frozen.
  'test/brokers/redis/redis-broker.test.ts',
  'test/brokers/redis/redis-cluster.test.ts',
  'test/brokers/redis/redis-connection.test.ts',
  'test/brokers/redis/redis-shard.test.ts',
  'test/brokers/redis/scripts.test.ts',
  'test/browser-topics-client.test.ts',
  'test/brokers/nats/nats-broker.test.ts',
  'test/brokers/nats/nats-cluster.test.ts',
  'test/brokers/nats/nats-connection.test.ts',
  'test/brokers/nats/nats-dialing.test.ts',
  'test/brokers/nats/kind-stream.test.ts',
  'test/brokers/workers/workers-engine.test.ts',
  'test/brokers/workers/workers-broker.test.ts',
  // Frameworks, with a hundred sessions each; they are installed by `npm run mounts:setup`.
  'test/mounts/**/*.test.ts',
  'test/adapters/**/*.test.ts',
  // Processes.
  'test/cli/towpath.test.ts',
  // A thousand connections.
  'test/cli/check/own-server.test.ts',
  'test/engines/node/http2-bridge.test.ts',
  'test/cli/bench/run-workers.test.ts',
  'test/engines/node/workers/workers.test.ts',
  'test/examples/start.test.ts',
  'test/create-towpath/create.test.ts',
  // Bundles a page.
  'test/tools/inspector-page.test.ts',
  'test/examples/chat-bot/bot.test.ts',
  'test/examples/cluster/cluster.test.ts',
  // They replace a module, which only an isolated file can do.
  'test/advisories/weak-randomness.test.ts',
  'test/cbor/cbor.test.ts',
  'test/msgpack/message-pack.test.ts',
]

/**
 * All files but the long ones. A process runs many of them and loads the library once: loading it
 * for each file takes half of the time.
 *
 * @param setups files that run before each test file.
 * @param excluded patterns of test files that do not belong to the project.
 */
export function sharing(setups: readonly string[], excluded: readonly string[] = []): Project {
  return {
    ...base,
    test: {
      ...base.test,
      name: 'sharing',
      exclude: [...(base.test?.exclude ?? []), ...LONG, ...excluded],
      setupFiles: [base.test?.setupFiles ?? [], 'test/support/fresh-memory.ts', ...setups].flat(),
      isolate: false,
    },
  }
}

/** Files with a process each. */
export function isolated(files: readonly string[]): Project {
  for (const file of files) {
    if (file.includes('*') || existsSync(new URL(file, import.meta.url))) continue
    throw new Error(`Cannot test ${file}: the file does not exist`)
  }
  // The name sorts before `sharing`: Vitest begins with the project that has the slow files.
  return { ...base, test: { ...base.test, name: 'isolated', include: [...files] } }
}

type Project = TestProjectInlineConfiguration
