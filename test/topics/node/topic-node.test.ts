import { describe, expect, it } from 'vitest'
import { Deferred } from '../../../src/base/internal.ts'
import { createTestEnvironment, settled } from '../../../src/testing/test-environment.ts'
import {
  type Broker,
  BrokerUnavailableError,
  defineTopic,
  type Head,
} from '../../../src/topics/index.ts'
import { encodeData, encodeEnvelope } from '../../../src/topics/kind/envelope.ts'
import { TopicNode } from '../../../src/topics/node/topic-node.ts'

const Room = defineTopic('rooms/:room', { history: { size: 100, age: 600_000 } })
const Plain = defineTopic('plain/:name')
const LINGER_MS = 10_000
const receiver = { ready: () => {}, lagged: () => 'skips' as const }
const MESSAGE = encodeEnvelope({ at: 0, key: null, publisher: null, ...encodeData('x') })

/** A node over a log with sparse offsets and one event, at its head. */
async function createNode() {
  const log = {
    isAway: false,
    refuses: false,
    asked: 0,
    isSilent: false,
    isClosed: false,
    followed: 0,
    head: 100,
    answer: Promise.resolve(),
    expected: [] as Array<Head | undefined>,
  }
  const ask = <T>(value: T): Promise<T> => {
    log.asked++
    const error = new BrokerUnavailableError('ask', null)
    return log.refuses ? Promise.reject(error) : Promise.resolve(value)
  }
  const broker: Partial<Broker> = {
    appendsInFlight: 1,
    offsets: 'sparse',
    open: (sink) => Promise.resolve(sink.state({ state: 'up' })),
    flush: () => (log.isSilent ? new Promise(() => {}) : Promise.resolve()),
    close() {
      log.isClosed = true
      return Promise.resolve()
    },
    prepare: () => ask(undefined),
    follow() {
      log.followed++
      return ask({ epoch: 'e', offset: log.head })
    },
    unfollow: () => void log.followed--,
    heads: (topics) => ask(topics.map(() => ({ epoch: 'e', offset: log.head }))),
    append(_topic, _message, _identity, expected) {
      log.expected.push(expected)
      return ask({ epoch: 'e', offset: log.head + 1, duplicate: false })
    },
    read(_topic, after) {
      if (log.isAway) return Promise.reject(new BrokerUnavailableError('read', null))
      const { head, answer } = log
      const events = after < head ? [{ offset: head, message: MESSAGE }] : []
      return answer.then(() => ({ epoch: 'e', head, events, complete: true }))
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
  it.each([
    ['from now', 'now'],
    ['from a position above the head', { epoch: 'e', offset: 200 }],
  ] as const)(
    'a broker that is up and refuses at once is asked at most twice a second (%s)',
    async (_from, from) => {
      const { node, log, pass } = await createNode()
      if (from !== 'now') await node.subscribe('rooms/1', Room, receiver, 'now')
      log.refuses = true
      log.asked = 0

      const subscribed = node.subscribe('rooms/1', Room, receiver, from)
      await pass(60_000)

      expect(log.asked).toBeGreaterThan(5)
      expect(log.asked).toBeLessThan(120)
      log.refuses = false
      await pass(10_000)
      await expect(subscribed).resolves.toBeDefined()
      await node.close()
    },
  )

  it('a subscribe that waits for the broker ends with its signal, and leaves nothing', async () => {
    const { node, log, pass } = await createNode()
    const leaving = [new AbortController(), new AbortController()]
    log.refuses = true
    const logged = node.subscribe('rooms/1', Room, receiver, 'now', leaving[0]?.signal)
    await pass(100)
    log.refuses = false
    await pass(1000)
    await logged
    log.refuses = true
    const second = node.subscribe('rooms/2', Room, receiver, 'now', leaving[1]?.signal)
    await pass(100)

    for (const each of leaving) each.abort(new Error('left'))

    await expect(second).rejects.toThrow('left')
    await pass(LINGER_MS + 1)
    expect(node.followed.map(({ name }) => name)).toEqual(['rooms/1'])
    await node.close()
  })

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

  it('a subscription whose start is read when the node is closed is refused', async () => {
    const { node, log } = await createNode()
    const answer = new Deferred<void>()
    log.answer = answer.promise
    const subscribed = node.subscribe('rooms/1', Room, receiver, { last: 5 })
    await settled()
    await node.close()
    answer.resolve()

    await expect(subscribed).rejects.toThrow(BrokerUnavailableError)
    expect([node.followedCount, log.followed]).toEqual([0, 0])
  })

  it('a subscription is refused after the node was closed', async () => {
    const { node, log } = await createNode()
    await node.close()

    for (const kind of [Room, Plain]) {
      const subscribed = node.subscribe('rooms/1', kind, receiver, 'now')
      await expect(subscribed).rejects.toThrow('Cannot subscribe to "rooms/1"')
    }
    expect([node.followedCount, log.followed]).toEqual([0, 0])
  })

  it('close() waits for a broker that does not answer, but for 1 s at most', async () => {
    const { node, log, pass } = await createNode()
    log.isSilent = true

    const closing = node.close()
    await pass(900)
    expect([node.isUp, node.isClosed, log.isClosed]).toEqual([false, true, false])
    await pass(100)
    await closing

    expect(log.isClosed).toBe(true)
  })

  it('close() ends all subscriptions, and tells their receivers', async () => {
    const { node } = await createNode()
    const ended: string[] = []
    const receiverOf = (name: string) => ({ ...receiver, ended: () => void ended.push(name) })
    for (const name of ['rooms/1', 'rooms/2', 'rooms/2']) {
      await node.subscribe(name, Room, receiverOf(name), 'now')
    }
    const [topic] = node.followed
    await node.close()

    expect(ended).toEqual(['rooms/1', 'rooms/2', 'rooms/2'])
    expect(topic?.subscriptions.size).toBe(0)
  })

  it('T-10 T-24 positions of publishes name the epoch that subscribers know', async () => {
    const { node, log } = await createNode()
    await node.subscribe('rooms/1', Room, receiver, 'now')
    log.head = 50
    // A position above the head has the head read: the log has gone back in its epoch.
    await node.subscribe('rooms/1', Room, receiver, { epoch: 'e', offset: 200 })
    const position = await node.position('rooms/1', Room)
    expect(position).toEqual({ epoch: 'e~1', offset: 50 })
    const publish = (expect: Head | null) =>
      node.publish('rooms/1', Room, { envelope: MESSAGE, identity: null, expect, signal: null })

    const { epoch } = await publish(position)
    await publish({ epoch: 'e', offset: 50 })

    expect(epoch).toBe('e~1')
    expect(log.expected[0]).toEqual({ epoch: 'e', offset: 50 })
    // No epoch of a broker has this name.
    expect(log.expected[1]).toEqual({ epoch: 'e~', offset: 50 })
    await node.close()
  })

  it('a page of the history is read again if the log went back meanwhile', async () => {
    const { node, log } = await createNode()
    await node.subscribe('rooms/1', Room, receiver, 'now')
    const answer = new Deferred<void>()
    log.answer = answer.promise
    const reading = node.history('rooms/1', Room, { from: 'start', before: null, limit: 10 })
    await settled()
    log.head = 50
    // A position above the head has the head read.
    await node.subscribe('rooms/1', Room, receiver, { epoch: 'e', offset: 200 })
    answer.resolve()

    const { epoch, events, complete } = await reading
    expect([epoch, complete]).toEqual(['e~1', false])
    expect(events.map(({ offset }) => offset)).toEqual([50])
    await node.close()
  })
})
