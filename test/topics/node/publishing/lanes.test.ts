import { beforeEach, describe, expect, it } from 'vitest'
import { type Broker, memoryBroker } from '../../../../src/topics/index.ts'
import { Lanes } from '../../../../src/topics/node/publishing/lanes.ts'
import {
  createTestEnvironment,
  type TestEnvironment,
} from '../../../../src/testing/test-environment.ts'
import { topicOf } from '../../../suites/brokers/harness.ts'

let environment: TestEnvironment
let broker: Broker
let lanes: Lanes

beforeEach(async () => {
  environment = createTestEnvironment(1)
  broker = memoryBroker()
  const sink = { event() {}, message() {}, state() {} }
  await broker.open(sink, { namespace: 'test', nodeId: 'a', environment })
  lanes = new Lanes('a', { broker, environment, publishTimeoutMs: 600_000, isUp: () => true })
})

const publish = (name: string): Promise<unknown> =>
  lanes.laneOf(topicOf(name)).publish({
    message: new Uint8Array([1]),
    identity: null,
    expect: null,
    signal: null,
  })

describe('Lanes', () => {
  it('T-02 publishes to one topic share a lane', () => {
    expect(lanes.laneOf(topicOf('a'))).toBe(lanes.laneOf(topicOf('a')))
    expect(lanes.laneOf(topicOf('a'))).not.toBe(lanes.laneOf(topicOf('b')))
  })

  it('T-06 numbers the publishes of a topic without history from 1, under one name', () => {
    const numbers = ['a', 'a', 'b'].map((name) => ({ ...lanes.nextOf(name) }))

    expect(numbers.map(({ sequence }) => sequence)).toEqual([1, 2, 1])
    expect(numbers[0]?.sender).toBe(numbers[1]?.sender)
    expect(numbers[0]?.sender).not.toBe(numbers[2]?.sender)
    expect(lanes.senderOf('a')).toBe(numbers[0]?.sender)
    expect(lanes.senderOf('c')).toBeNull()
  })

  it('forgets topics that were not used for a minute, and begins them again under another name', async () => {
    await publish('old')
    const { sender } = lanes.nextOf('old plain')
    await environment.clock.advance(60_000)
    for (const name of ['new', 'newer']) {
      await publish(name)
      lanes.nextOf(`${name} plain`)
    }

    expect(lanes.size).toBe(4)
    expect(lanes.nextOf('old plain')).toMatchObject({ sequence: 1 })
    expect(lanes.senderOf('old plain')).not.toBe(sender)
  })

  it('keeps a topic that was used within the minute', async () => {
    const lane = lanes.laneOf(topicOf('a'))
    await environment.clock.advance(59_000)
    lanes.laneOf(topicOf('a'))
    await environment.clock.advance(59_000)
    await publish('b')

    expect(lanes.laneOf(topicOf('a'))).toBe(lane)
  })

  it('forgets the topic that was used least lately, not the one that was made first', async () => {
    for (const name of ['a', 'b']) lanes.laneOf(topicOf(name))
    await environment.clock.advance(59_000)
    const lane = lanes.laneOf(topicOf('a'))
    await environment.clock.advance(1000)
    lanes.laneOf(topicOf('c'))

    expect(lanes.size).toBe(2)
    expect(lanes.laneOf(topicOf('a'))).toBe(lane)
  })

  it('keeps a topic whose publishes are not answered', async () => {
    broker.append = () => new Promise(() => {})
    const lane = lanes.laneOf(topicOf('a'))
    void publish('a')
    await environment.clock.advance(61_000)
    lanes.laneOf(topicOf('b'))
    const { size } = lanes
    await environment.clock.advance(0)

    expect([lanes.laneOf(topicOf('a')) === lane, size]).toEqual([true, 2])
  })
})
