import { createWorkersHarness } from '../../support/brokers/workers-harness.ts'
import { brokerSuite } from '../../suites/brokers/broker-suite.ts'
import { topicsSuite } from '../../suites/brokers/topics-suite.ts'

const underTest = { name: 'workersBroker()', createHarness: createWorkersHarness }

brokerSuite(underTest)
topicsSuite(underTest)
