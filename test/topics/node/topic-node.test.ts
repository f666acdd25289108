import { describe, expect, it } from 'vitest'
import { createTestEnvironment } from '../../../src/testing/test-environment.ts'
import { type Broker, BrokerUnavailableError, defineTopic } from '../../../src/topics/index.ts'
import { encodeData, encodeEnvelope } from '../../../src/topics/kind/envelope.ts'
import { TopicNode } from '../../../src/topics/node/topic-node.ts'

const Room = defineTopic('rooms/:room', { history: { size: 100, age: 600_000 } })
const LINGER_MS = 10_000
const receiver = { ready: () => {}, tooSlow: () => 'skips' as const }
const MESSAGE = encodeEnvelope({ at: 0, key: null, publisher: null, ...encodeData('x') })

/** A node over a log with sparse offsets, whose newest is 100. */
async function createNode() {
  const log = { isAway: false, followed: 0 }
  const broker: Partial<Broker> = {
    appendsInFlight: 1,
    offsets: 'sparse',
    open: (sink) => Promise.resolve(sink.state({ state: 'up' })),
    close: () => Promise.resolve(),
    prepare: () => Promise.resolve(),
    follow() {
      log.followed++
      return Promise.resolve({ epoch: 'e', offset: 100 })
    },
    unfollow: () => void log.followed--,
    heads: (topics) => Promise.resolve(topics.map(() => ({ epoch: 'e', offset: 100 }))),
    read(_topic, after) {
      if (log.isAway) return Promise.reject(new BrokerUnavailableError('read', null))
      const events = after < 100 ? [{ offset: 100, message: MESSAGE }] : []
      return Promise.resolve({ epoch: 'e', head: 100, events, complete: true })
    },
  }
  const environment = createTestEnvironment(1)
  const node = new TopicNode(
    broker as Broker, // nothing else is used
    environment,
    {
      namespace: 'a',
      nodeId: 'a',
      dedupeMs: 120_000,
      publishTimeoutMs: 10_000,
      lingerMs: LINGER_MS,
      checkEveryMs: 25_000,
      whileDown: 'local',
    },
    { brokerChanged() {}, told() {}, message() {} },
  )
  await node.open()
  return { node, log, pass: (ms: number) => environment.clock.advance(ms) }
}

describe('TopicNode', () => {
  it('a topic whose start cannot be read is given up after the linger time', async () => {
    const { node, log, pass } = await createNode()
    log.isAway = true

    for (const name of ['rooms/1', 'rooms/2']) {
      const subscribed = node.subscribe(name, Room, receiver, { last: 5 })
      await expect(subscribed).rejects.toThrow(BrokerUnavailableError)
    }

    expect(node.followedCount).toBe(2)
    await pass(LINGER_MS + 1)
    expect([node.followedCount, log.followed]).toEqual([0, 0])
  })

  it('a start that cannot be read leaves the topic to its other subscriptions', async () => {
    const { node, log, pass } = await createNode()
    await node.subscribe('rooms/1', Room, receiver, 'now')
    log.isAway = true
    const subscribed = node.subscribe('rooms/1', Room, receiver, { last: 5 })
    await expect(subscribed).rejects.toThrow(BrokerUnavailableError)

    await pass(LINGER_MS + 1)

    expect([node.followedCount, log.followed]).toEqual([1, 1])
    await node.close()
  })
})
