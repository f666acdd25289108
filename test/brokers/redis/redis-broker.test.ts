import { describe } from 'vitest'
import { createLyingRedis, createRedisHarness, REDIS } from '../../support/brokers/redis-harness.ts'
import { brokerSuite } from '../../suites/brokers/broker-suite.ts'
import { lyingSuite } from '../../suites/brokers/lying-suite.ts'
import { topicsSuite } from '../../suites/brokers/topics-suite.ts'

describe.skipIf(REDIS === null)(
  `redisBroker()${REDIS === null ? ' (redis-server is not installed)' : ''}`,
  () => {
    const underTest = { name: 'Redis', createHarness: () => createRedisHarness() }
    brokerSuite(underTest)
    topicsSuite(underTest)
    lyingSuite('Redis', createLyingRedis)
  },
)
