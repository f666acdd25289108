import { describe } from 'vitest'
import { createNatsHarness, NATS } from '../../support/brokers/nats-harness.ts'
import { brokerSuite } from '../../suites/brokers/broker-suite.ts'

describe.skipIf(NATS === null)(
  `natsBroker()${NATS === null ? ' (nats-server is not installed)' : ''}`,
  () => {
    brokerSuite({ name: 'NATS', createHarness: () => createNatsHarness() })
  },
)
