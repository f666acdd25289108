import { describe, expect, it } from 'vitest'
import { memoryBroker } from '../../../src/topics/index.ts'
import { createMemoryHarness } from '../../support/memory-harness.ts'
import { brokerSuite } from '../../suites/brokers/broker-suite.ts'
import { RecordingSink } from '../../suites/brokers/harness.ts'
import { topicsSuite } from '../../suites/brokers/topics-suite.ts'

const underTest = { name: 'memoryBroker()', createHarness: () => createMemoryHarness() }

brokerSuite(underTest)
topicsSuite(underTest)

describe('memoryBroker()', () => {
  it('memoryBroker() refuses an unknown option', () => {
    // @ts-expect-error there is no such option
    expect(() => memoryBroker({ lag: 1 })).toThrow(TypeError)
  })

  it('memoryBroker() is opened once', async () => {
    const { environment } = createMemoryHarness()
    const broker = memoryBroker()
    const options = { namespace: 'test', nodeId: 'a', environment }
    await broker.open(new RecordingSink(), options)

    await expect(broker.open(new RecordingSink(), options)).rejects.toThrow(TypeError)
  })
})
