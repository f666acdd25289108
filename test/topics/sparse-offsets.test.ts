import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Broker, defineTopic } from '../../src/topics/index.ts'
import { sparseBroker } from '../support/sparse-broker.ts'
import { Listening, TopicsWorld } from '../support/topics-world.ts'

const Room = defineTopic('rooms/:room', { history: { size: 100, age: 600_000 } })
const Large = defineTopic('large/:room', { history: { size: 400, age: 600_000 } })
const room = { room: '1' }

/** Longer than the history of `Room` keeps its events. */
const LONG_MS = 700_000

let world: TopicsWorld
/** The brokers in memory behind those of the processes, in the order of `world.open()`. */
let brokers: Broker[]

beforeEach(() => {
  brokers = []
  begin(50)
})

function begin(maxEvents: number): void {
  world = new TopicsWorld(1, (broker) => {
    brokers.push(broker)
    return sparseBroker(broker, maxEvents)
  })
}

afterEach(() => world.end())

async function publish(kind: typeof Room | typeof Large, count: number): Promise<void> {
  const topics = await world.open()
  for (let n = 1; n <= count; n++) await topics.topic(kind, room).publish(n)
}

/** A subscriber in a new world. It waits for longer than the age, and its line is then cut. */
async function cutAfterLongWait(): Promise<Listening> {
  await world.end()
  begin(256)
  const listener = await world.open()
  const listening = new Listening(listener.topic(Room, room).events())
  await world.pass(1)
  await publish(Room, 1)
  await world.pass(LONG_MS)
  world.log.cut(brokers[0])
  return listening
}

describe('a broker with sparse offsets that cannot tell what was trimmed', () => {
  it('T-12 a trimmed history is a gap, also when it is longer than a page', async () => {
    const topics = await world.open()
    await topics.topic(Room, room).publish('known')
    const from = { ...(await topics.topic(Room, room).position()), away: 0 }
    await publish(Room, 150)
    const other = await world.open()

    const listening = new Listening(other.topic(Room, room).events({ from }))
    await world.pass(1000)

    expect(listening.items[0]).toMatchObject({ type: 'gap', after: from.offset, reason: 'trimmed' })
    expect(listening.events.at(0)).toBe(50)
    expect(listening.events.at(-1)).toBe(150)
  })

  it('T-11 as many missed events as the history keeps come without a gap', async () => {
    const topics = await world.open()
    await topics.topic(Room, room).publish('known')
    const from = { ...(await topics.topic(Room, room).position()), away: 0 }
    await publish(Room, 100)
    const other = await world.open()

    const listening = new Listening(other.topic(Room, room).events({ from }))
    await world.pass(1000)

    expect(listening.short).not.toContain('gap')
    expect(listening.events).toHaveLength(100)
  })

  it('T-11 a position between two offsets is resumed without a gap, over several pages', async () => {
    const topics = await world.open()
    await topics.topic(Room, room).publish('known')
    const { epoch, offset } = await topics.topic(Room, room).position()
    await publish(Room, 90)
    const other = await world.open()

    const from = { epoch, offset: offset - 1, away: 0 }
    const listening = new Listening(other.topic(Room, room).events({ from }))
    await world.pass(1000)

    expect(listening.short).not.toContain('gap')
    expect(listening.events).toHaveLength(91)
  })

  it('T-05 what was trimmed while the line was cut is a gap, also when it is longer than a page', async () => {
    const listener = await world.open()
    const listening = new Listening(listener.topic(Large, room).events())
    await world.pass(3000)
    world.log.cut()
    world.log.mend()
    world.log.drop(600)
    await publish(Large, 600)
    await world.pass(60_000)

    expect(listening.short).toContain('gap')
    expect(listening.events.at(-1)).toBe(600)
  })

  it('T-05 a subscriber that has waited for longer than the age gets all events of a short cut without a gap', async () => {
    const listening = await cutAfterLongWait()
    await publish(Room, 90)
    await world.pass(5000)
    world.log.mend(brokers[0])
    await world.pass(5000)

    expect(listening.short).not.toContain('gap')
    expect(listening.events).toHaveLength(91)
  })

  it('T-05 events that expired during a cut are a gap, for a subscriber that waited before it', async () => {
    const listening = await cutAfterLongWait()
    await publish(Room, 5)
    await world.pass(LONG_MS)
    await publish(Room, 90)
    world.log.mend(brokers[0])
    await world.pass(5000)

    expect(listening.short).toMatch(/^live 3 gap\(3→21 expired null\) 21 /)
    expect(listening.events).toHaveLength(91)
  })

  it('begins with the newest events when the history is longer than a page', async () => {
    await publish(Large, 300)
    const other = await world.open()

    const listening = new Listening(other.topic(Large, room).events({ from: { last: 3 } }))
    await world.pass(1000)

    expect(listening.events).toEqual([298, 299, 300])
  })

  it('subscribes from the newest events read the log once for all that ask meanwhile', async () => {
    await publish(Large, 300)
    const other = await world.open()
    const broker = brokers[1]
    if (broker === undefined) throw new Error('Cannot count: there is no broker')
    const reading = vi.spyOn(broker, 'read')
    const all = Array.from(
      { length: 100 },
      (_, n) => new Listening(other.topic(Large, room).events({ from: { last: 150 + n } })),
    )
    await world.pass(1000)

    expect(all.map(({ events }) => events.length)).toEqual(all.map((_, n) => 150 + n))
    // Only a read of the whole log begins at its start.
    expect(reading.mock.calls.filter(([, after]) => after === 0)).toHaveLength(1)
  })

  it('pages of the newest events of a followed topic read the log once for all that ask meanwhile', async () => {
    await publish(Large, 300)
    const other = await world.open()
    const topic = other.topic(Large, room)
    const listening = new Listening(topic.events())
    await world.pass(1000)
    const broker = brokers[1]
    if (broker === undefined) throw new Error('Cannot count: there is no broker')
    const reading = vi.spyOn(broker, 'read')
    const all = Array.from({ length: 50 }, (_, n) => topic.history({ from: { last: 50 + n } }))
    await world.pass(1000)

    const pages = await Promise.all(all)
    expect(pages.map(({ events }) => events.length)).toEqual(all.map((_, n) => 50 + n))
    expect(pages.map(({ events }) => events.at(-1)?.event)).toEqual(all.map(() => 300))
    expect(reading.mock.calls.filter(([, after]) => after === 0)).toHaveLength(1)
    await listening.stop()
  })
})
