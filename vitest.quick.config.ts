import { defineConfig, mergeConfig } from 'vitest/config'
import base from './vitest.config.ts'

/** Suites that take seconds of CPU each. `npm run test:all` runs them too, and so does CI. */
const LONG = [
  // The public conformance suite's cases, once for each transport and role.
  'test/suites/conformance/**',
  // Many generated inputs.
  'test/fuzz/**',
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
  'test/mounts/**',
  'test/adapters/**',
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

/** `npm test`: all tests but the long ones, in under three minutes of CPU. */
export default mergeConfig(
  base,
  defineConfig({
    test: {
      exclude: LONG,
      setupFiles: ['test/support/quick.ts'],
      // Loading the library for each file again would take half of the time. `npm run test:all` does it.
      isolate: false,
    },
  }),
)
