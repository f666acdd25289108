import { describe } from 'vitest'
import { createRedisHarness, REDIS } from '../../support/brokers/redis-harness.ts'
import { brokerSuite } from '../../suites/brokers/broker-suite.ts'

describe.skipIf(REDIS === null)(
  `redisBroker()${REDIS === null ? ' (redis-server is not installed)' : ''}`,
  () => {
    brokerSuite({ name: 'Redis', createHarness: () => createRedisHarness() })
  },
)
