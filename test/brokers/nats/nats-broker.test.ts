import { describe } from 'vitest'
import { createNatsHarness, NATS } from '../../support/brokers/nats-harness.ts'
import { createLyingNats } from '../../support/brokers/lying-nats.ts'
import { brokerSuite } from '../../suites/brokers/broker-suite.ts'
import { lyingSuite } from '../../suites/brokers/lying-suite.ts'
import { topicsSuite } from '../../suites/brokers/topics-suite.ts'

describe.skipIf(NATS === null)(
  `natsBroker()${NATS === null ? ' (nats-server is not installed)' : ''}`,
  () => {
    const underTest = { name: 'NATS', createHarness: () => createNatsHarness() }
    brokerSuite(underTest)
    topicsSuite(underTest)
    lyingSuite('NATS', createLyingNats)
  },
)
