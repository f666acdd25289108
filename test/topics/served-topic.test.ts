import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineTopic, type TopicsOfProcess } from '../../src/topics/index.ts'
import { ServedTopic } from '../../src/topics/served-topic.ts'
import { Listening, TopicsWorld } from '../support/topics-world.ts'

const history = { size: 200, age: 600_000 }
const Room = defineTopic('rooms/:room', { history })
const Keyed = defineTopic('keyed', {
  history,
  event: z.object({ id: z.string() }),
  key: ({ id }) => id,
})
const Plain = defineTopic('plain')
const room = { room: '1' }

let world: TopicsWorld
let topics: TopicsOfProcess

beforeEach(async () => {
  world = new TopicsWorld()
  topics = await world.open({ maxEventBytes: 20 })
})

afterEach(() => world.end())

describe('ServedTopic', () => {
  it('T-58 counts the bytes of the data of an event, and names the limit', async () => {
    const topic = topics.topic(Room, room)
    await topic.publish(new Uint8Array(20))
    await topic.publish('ä'.repeat(9))

    await expect(topic.publish('ä'.repeat(10))).rejects.toMatchObject({
      reason: 'size',
      message: 'Cannot publish to "rooms/1": it has 22 bytes, expected 20 at most',
    })
  })

  it('stores the key of the publish, else that of the kind, else none', async () => {
    const listening = new Listening(topics.topic(Keyed).events())
    const plain = new Listening(topics.topic(Room, room).events())
    await world.pass(1)
    await topics.topic(Keyed).publish({ id: 'a' })
    await topics.topic(Keyed).publish({ id: 'a' }, { key: 'b' })
    await topics.topic(Room, room).publish('x')
    await world.pass(1)

    expect(listening.items.slice(1)).toMatchObject([{ key: 'a' }, { key: 'b' }])
    expect(plain.items.slice(1)).toMatchObject([{ key: null }])
  })

  it('stores the publisher and the number of a client', async () => {
    const served = topics.parts.served('rooms/1', Room)
    expect(served).toBeInstanceOf(ServedTopic)
    const origin = { publisher: 'ada', identity: { lane: 'ada', sequence: 1 } }
    const first = await served.publishFrom(origin, 'x')
    const second = await served.publishFrom(origin, 'x')
    const { events } = await served.history()

    expect([first.duplicate, second.duplicate]).toEqual([false, true])
    expect(events).toMatchObject([{ event: 'x', publisher: 'ada' }])
  })

  it('T-25 names the place where an event does not fit its schema, and stores nothing', async () => {
    const invalid = { id: 1 as unknown as string } // as from a file

    await expect(topics.topic(Keyed).publish(invalid)).rejects.toThrow(/schema of the topic at id:/)
    expect(await topics.topic(Keyed).position()).toMatchObject({ offset: 0 })
  })

  it('a page of the history has 100 events at most, and by default the newest ones', async () => {
    const topic = topics.topic(Room, room)
    for (let n = 1; n <= 120; n++) await topic.publish(n)
    const [newest, all] = [
      await topic.history(),
      await topic.history({ from: 'start', limit: 500 }),
    ]

    expect(newest.events.map(({ offset }) => offset).slice(0, 1)).toEqual([21])
    expect([newest.events.length, all.events.length]).toEqual([100, 100])
    await expect(topic.history({ limit: 0 })).rejects.toThrow(RangeError)
    await expect(topic.history({ form: 'start' } as object)).rejects.toThrow(TypeError)
  })

  it('refuses a position and a history where the kind has none', async () => {
    const act = { position: 'ask for the position of', history: 'read the history of' } as const
    for (const [name, told] of Object.entries(act)) {
      const asked = topics.topic(Plain)[name as 'position']()
      await expect(asked).rejects.toThrow(`Cannot ${told} "plain": its kind has no history`)
    }
  })

  it('publishes nothing when its signal has aborted', async () => {
    const signal = AbortSignal.abort(new Error('enough'))

    await expect(topics.topic(Room, room).publish('x', { signal })).rejects.toThrow('enough')
    expect(await topics.topic(Room, room).position()).toMatchObject({ offset: 0 })
  })
})
