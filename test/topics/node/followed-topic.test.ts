import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { defineTopic } from '../../../src/topics/index.ts'
import { encodeData, encodeEnvelope } from '../../../src/topics/kind/envelope.ts'
import type { Receiver, Subscription } from '../../../src/topics/node/subscription.ts'
import { TopicEvent } from '../../../src/topics/node/topic-event.ts'
import type { TopicsOfProcess } from '../../../src/topics/topics.ts'
import { Listening, TopicsWorld } from '../../support/topics-world.ts'

const history = { size: 1000, age: 600_000 }
const Latest = defineTopic('latest', { history, lagging: 'latest' })
const Keyed = defineTopic('keyed', {
  history,
  lagging: 'latest',
  // Throws for `null`.
  key: (event) => (event as { id: string }).id,
})
const ALL = { events: 100, bytes: 1 << 20 }

let world: TopicsWorld
let topics: TopicsOfProcess

beforeEach(async () => {
  world = new TopicsWorld()
  topics = await world.open()
})

afterEach(() => world.end())

const { data } = encodeData(new Uint8Array([0x7b]))
const NO_JSON = encodeEnvelope({ at: 0, key: null, publisher: null, isBinary: false, data })
const NO_ENVELOPE = new Uint8Array([255])

/** Stores bytes that are no event, as another program could. */
async function publishUnreadable(
  kind: typeof Latest | typeof Keyed,
  envelope: Uint8Array = NO_JSON,
): Promise<void> {
  const request = { envelope, identity: null, expect: null, signal: null }
  await topics.parts.node.publish(kind.pattern, kind, request)
}

/** A subscription that takes nothing by itself. */
async function subscribeSlowly(kind: typeof Latest): Promise<Subscription> {
  const receiver: Receiver = { ready() {}, lagged: () => 'skips' }
  const { node } = topics.parts
  const subscription = await node.subscribe(kind.pattern, kind, receiver, 'now', null)
  await world.pass(1)
  return subscription
}

describe('FollowedTopic', () => {
  it('T-42 an event that the key function throws for is stored, and sent like any other', async () => {
    const listening = new Listening(topics.topic(Keyed).events())
    await world.pass(1)

    const published = topics.topic(Keyed).publish(null, { key: 'x' })
    await world.pass(1)
    await expect(published).resolves.toMatchObject({ offset: 1 })
    await topics.topic(Keyed).publish({ id: 'a' })
    await world.pass(1)

    expect(listening.events).toEqual([null, { id: 'a' }])
  })

  it('T-42 T-57 data that is no JSON is a gap in a topic with a key function, and what follows comes', async () => {
    const listening = new Listening(topics.topic(Keyed).events())
    await world.pass(1)

    await publishUnreadable(Keyed)
    await topics.topic(Keyed).publish({ id: 'a' })
    await world.pass(1)

    expect(listening.short).toBe('live gap(0→2 broker 1) 2')
  })

  it('T-42 an event that the key function throws for has the key of its publish', async () => {
    const subscription = await subscribeSlowly(Keyed)
    await topics.topic(Keyed).publish(null, { key: 'x' })
    await topics.topic(Keyed).publish(null, { key: 'y' })
    for (let n = 0; n < 300; n++) await topics.topic(Keyed).publish({ id: 'a', n })

    const taken = subscription.take(ALL)

    expect(taken.flatMap((each) => (each instanceof TopicEvent ? [each.offset] : []))).toEqual([
      1, 2, 302,
    ])
  })

  it.each([
    { named: 'data that is no JSON', stored: NO_JSON },
    { named: 'a message that is no envelope', stored: NO_ENVELOPE },
  ])(
    'T-05 T-42 $named is a gap for a slow subscriber: it may be the newest of its key',
    async ({ stored }) => {
      const subscription = await subscribeSlowly(Latest)
      await topics.topic(Latest).publish('first', { key: 'a' })
      await publishUnreadable(Latest, stored)
      for (let n = 0; n < 300; n++) await topics.topic(Latest).publish(n, { key: `${n % 3}` })

      const { epoch } = await topics.topic(Latest).position()
      const gap = { type: 'gap', after: 1, before: 300, missed: null, reason: 'broker', epoch }
      expect(
        subscription.take(ALL).map((each) => (each instanceof TopicEvent ? each.offset : each)),
      ).toEqual([{ type: 'skipped', count: 298 }, 1, gap, 300, 301, 302, { type: 'live' }])
      for (let n = 0; n < 300; n++) await topics.topic(Latest).publish(n, { key: `${n % 3}` })
      const later = subscription.take(ALL).filter((each) => !(each instanceof TopicEvent))
      expect(later).toEqual([{ type: 'skipped', count: 297 }])
    },
  )

  it('T-42 T-57 data that is no JSON is not the newest event of a key', async () => {
    const subscription = await subscribeSlowly(Latest)
    await publishUnreadable(Latest)
    for (let n = 0; n < 300; n++) await topics.topic(Latest).publish(n, { key: `${n % 3}` })

    const events = subscription.take(ALL).filter((each) => each instanceof TopicEvent)

    expect(events.map(({ offset, isReadable }) => ({ offset, isReadable }))).toEqual([
      { offset: 299, isReadable: true },
      { offset: 300, isReadable: true },
      { offset: 301, isReadable: true },
    ])
  })
})
