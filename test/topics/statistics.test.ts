import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSockets } from '../../src/index.ts'
import { withTestApplication } from '../../src/testing/index.ts'
import {
  BrokerUnavailableError,
  defineTopic,
  PublishRefusedError,
  type TopicKindStatistics,
  Topics,
  type TopicsOfProcess,
} from '../../src/topics/index.ts'
import { Listening, TopicsWorld } from '../support/topics-world.ts'

const history = { size: 10_000, age: 600_000 }
const Room = defineTopic('rooms/:room', { history })
const Plain = defineTopic('plain/:name')
const Skipping = defineTopic('skipping/:name', { history, lagging: 'skip' })
const Members = defineTopic('members/:room', { presence: {} })

let world: TopicsWorld

beforeEach(() => {
  world = new TopicsWorld()
})

afterEach(() => world.end())

function of(topics: TopicsOfProcess, kind: string): TopicKindStatistics | undefined {
  return topics.statistics().kinds.find((each) => each.kind === kind)
}

describe('statistics()', () => {
  it('counts events and subscriptions by the kinds of topics, never by their names', async () => {
    const topics = await world.open()
    const rooms = ['1', '2'].map((room) => topics.topic(Room, { room }))
    const listening = [rooms[0], rooms[0], rooms[1]].map((room) => new Listening(room!.events()))
    await world.pass(1)
    for (const room of rooms) for (let n = 0; n < 3; n++) await room.publish(n)
    await topics.topic(Plain, { name: 'x' }).publish('to nobody')
    await world.pass(1)

    const { kinds } = topics.statistics()
    await listening[0]?.stop()
    await world.pass(0)

    expect(kinds).toEqual([
      {
        kind: 'rooms/:room',
        topics: 2,
        subscriptions: 3,
        behind: 0,
        lag: 0,
        members: 0,
        published: 6,
        publishFailures: 0,
        delivered: 9,
        dropped: 0,
        gaps: { trimmed: 0, expired: 0, epoch: 0, lagging: 0, broker: 0 },
      },
      expect.objectContaining({ kind: 'plain/:name', topics: 0, published: 1, delivered: 0 }),
    ])
    expect(of(topics, 'rooms/:room')).toMatchObject({ subscriptions: 2, delivered: 9 })
  })

  it('has the lag of the slowest subscription, and how many are behind', async () => {
    const topics = await world.open()
    const room = topics.topic(Room, { room: '1' })
    const quick = new Listening(room.events())
    const slow = room.events({ from: 'start' })
    await world.pass(1)
    await room.publish('first')
    await slow.next()
    for (let n = 0; n < 5; n++) await room.publish(n)
    await world.pass(1)

    expect(quick.events).toHaveLength(6)
    expect(of(topics, 'rooms/:room')).toMatchObject({ subscriptions: 2, behind: 1, lag: 5 })
    await slow.return?.()
  })

  it('counts the events that a slow subscription did not get, and its gaps by reason', async () => {
    const topics = await world.open()
    const topic = topics.topic(Skipping, { name: 'x' })
    const slow = topic.events()
    const live = slow.next()
    await world.pass(1)
    await live
    for (let n = 0; n < 200; n++) await topic.publish(n)
    await world.pass(1)
    const { value: gap } = await slow.next()

    expect(gap).toMatchObject({ type: 'gap', reason: 'lagging', missed: 200 })
    const { dropped, gaps } = of(topics, 'skipping/:name')!
    expect(dropped).toBe(200)
    expect(gaps).toEqual({ trimmed: 0, expired: 0, epoch: 0, lagging: 1, broker: 0 })
    await slow.return?.()
  })

  it('counts outages of the broker, returns, and publishes that failed meanwhile', async () => {
    const topics = await world.open()
    const room = topics.topic(Room, { room: '1' })
    await room.publish('up')
    world.log.cut()
    await world.pass(0)
    const down = topics.statistics().broker
    await expect(room.publish('down')).rejects.toThrow(BrokerUnavailableError)
    world.log.mend()
    await world.pass(0)
    const position = { epoch: 'another', offset: 7 }
    await expect(room.publish('late', { expect: position })).rejects.toThrow(PublishRefusedError)

    expect(down).toEqual({ state: 'down', outages: 1, reconnects: 0 })
    expect(topics.statistics().broker).toEqual({ state: 'up', outages: 1, reconnects: 1 })
    expect(of(topics, 'rooms/:room')).toMatchObject({ published: 1, publishFailures: 1 })
  })

  it('counts the members that have a connection to this process', async () => {
    await withTestApplication(async (t) => {
      t.application.install(WebSockets)
      const topics = t.application.install(Topics)
      const { presence } = topics.topic(Members, { room: '1' })
      t.application.routing((route) => {
        route.webSocket('/:key', async (session) => {
          await presence.join(session, session.call.parameters.key, null)
          for await (const _ of session.incoming);
        })
      })
      const [a] = [await t.connect('/a'), await t.connect('/b'), await t.connect('/b')]
      await t.settle()
      const both = of(topics, 'members/:room')
      await a?.close()
      await t.settle()

      expect(both).toMatchObject({ members: 2, topics: 0 })
      expect(of(topics, 'members/:room')).toMatchObject({ members: 1 })
    })
  })

  it('counts the limits that clients reach', async () => {
    await withTestApplication(async (t) => {
      t.application.install(WebSockets)
      const topics = t.application.install(Topics)
      t.application.routing((route) => route.webSocket('/', () => {}))
      const session = await t.connect('/')
      const { monitor } = topics.parts
      monitor.emit('limitReached', { limit: 'maxTopics', session, topic: 'x' })
      monitor.emit('limitReached', { limit: 'maxTopics', session, topic: 'y' })

      expect(topics.statistics().limitsReached).toEqual({ maxTopics: 2 })
    })
  })
})
