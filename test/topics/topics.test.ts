import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  BrokerUnavailableError,
  defineTopic,
  PublishRefusedError,
  PublishUncertainError,
  TopicKindConflictError,
  TopicNameError,
} from '../../src/topics/index.ts'
import { Listening, TopicsWorld } from '../support/topics-world.ts'

const Room = defineTopic('rooms/:room', { history: { size: 100, age: 600_000 } })
const Small = defineTopic('small/:name', { history: { size: 3, age: 60_000 } })
const Plain = defineTopic('plain/:name')
const room = { room: '1' }

let world: TopicsWorld

beforeEach(() => {
  world = new TopicsWorld()
})

afterEach(() => world.end())

describe('order and delivery', () => {
  it('T-01 events reach every subscriber in the order of the log', async () => {
    const [a, b] = [await world.open(), await world.open()]
    const listening = [a, b, b].map((each) => new Listening(each.topic(Room, room).events()))
    await world.pass(1)

    for (let n = 1; n <= 20; n++) await (n % 3 === 0 ? a : b).topic(Room, room).publish(n)
    await world.pass(1)

    const expected = Array.from({ length: 20 }, (_, index) => index + 1)
    for (const each of listening) expect(each.events).toEqual(expected)
  })

  it('T-02 events of one process are stored in the order of the calls, however long they are validated', async () => {
    let delays = 5
    const slow = z.string().refine(async () => {
      for (let turns = (delays -= 1); turns > 0; turns--) await Promise.resolve()
      return true
    })
    const Checked = defineTopic('checked', {
      event: slow,
      history: { size: 10, age: 60_000 },
    })
    const topics = await world.open()

    const all = ['a', 'b', 'c', 'd'].map((event) => topics.topic(Checked).publish(event))
    const published = await Promise.all(all)

    expect(published.map(({ offset }) => offset)).toEqual([1, 2, 3, 4])
  })

  it('T-03 between topics there is no order, and each begins by itself', async () => {
    const topics = await world.open()

    const first = await topics.topic(Room, { room: '1' }).publish('a')
    const second = await topics.topic(Room, { room: '2' }).publish('b')

    expect([first.offset, second.offset]).toEqual([1, 1])
  })

  it('T-05 an event that was lost on the way is healed from the log, in order', async () => {
    const [a, b] = [await world.open(), await world.open()]
    const healed: unknown[] = []
    b.monitor.on('historyHealed', (facts) => healed.push(facts))
    const listening = new Listening(b.topic(Room, room).events())
    await world.pass(3000)

    world.log.drop(2)
    for (const event of ['lost', 'lost too', 'seen']) await a.topic(Room, room).publish(event)
    await world.pass(1)

    expect(listening.events).toEqual(['lost', 'lost too', 'seen'])
    expect(healed).toEqual([{ topic: 'rooms/1', from: 0, to: 3 }])
  })

  it('T-05 a last event that was lost is found by the checks', async () => {
    const [a, b] = [await world.open(), await world.open()]
    const listening = new Listening(b.topic(Room, room).events())
    await world.pass(3000)

    world.log.drop(1)
    await a.topic(Room, room).publish('lost')
    await world.pass(1)
    expect(listening.events).toEqual([])
    await world.pass(60_000)

    expect(listening.events).toEqual(['lost'])
  })

  it('T-31 a subscription begins when the head can be read, also if the broker was up all the time', async () => {
    let refusals = 4
    const refuse = async <T>(ask: () => Promise<T>): Promise<T> => {
      if (refusals-- > 0) throw new BrokerUnavailableError('ask a log without a leader', null)
      return ask()
    }
    const leaderless = new TopicsWorld(1, (broker) => {
      const follow = broker.follow.bind(broker)
      const heads = broker.heads.bind(broker)
      broker.follow = (topic) => refuse(() => follow(topic))
      broker.heads = (topics) => refuse(() => heads(topics))
      return broker
    })
    const topics = await leaderless.open()
    const listening = new Listening(topics.topic(Room, room).events({ from: 'start' }))

    await leaderless.pass(10_000)

    expect(listening.short).toBe('live')
    await leaderless.end()
  })

  it('T-06 without history, a hole in the numbers of a publisher is a gap with a count', async () => {
    const [a, b] = [await world.open(), await world.open()]
    const listening = new Listening(b.topic(Plain, { name: 'x' }).events())
    await world.pass(1)
    const topic = a.topic(Plain, { name: 'x' })

    await topic.publish('one')
    world.log.drop(2)
    for (const event of ['lost', 'lost', 'four']) await topic.publish(event)
    await world.pass(1)

    expect(listening.short).toBe('live one gap(null→null broker 2) four')
  })

  it('T-06 without history, losing the broker is a gap', async () => {
    const topics = await world.open()
    const listening = new Listening(topics.topic(Plain, { name: 'x' }).events())
    await world.pass(1)

    world.log.cut()
    await world.pass(1)
    expect(listening.short).toBe('live')
    world.log.mend()
    await world.pass(1)

    expect(listening.short).toBe('live gap(null→null broker null)')
  })

  it('T-09 a publisher receives its own event, at its offset, once', async () => {
    const topics = await world.open()
    const logged = new Listening(topics.topic(Room, room).events())
    const plain = new Listening(topics.topic(Plain, { name: 'x' }).events())
    await world.pass(1)

    const { offset } = await topics.topic(Room, room).publish('mine')
    await topics.topic(Plain, { name: 'x' }).publish('mine')
    await world.pass(3000)

    expect(logged.short).toBe(`live ${offset}`)
    expect(plain.short).toBe('live mine')
  })

  it('brings bytes as bytes, each reader its own place, with key, time and publisher', async () => {
    const topics = await world.open()
    const listening = new Listening(topics.topic(Room, room).events())
    await world.pass(1)

    await topics.topic(Room, room).publish(new Uint8Array([1, 2]), { key: 'k' })
    await world.pass(1)

    expect(listening.items[1]).toMatchObject({
      type: 'event',
      offset: 1,
      event: new Uint8Array([1, 2]),
      key: 'k',
      publisher: null,
    })
  })
})

describe('positions', () => {
  it('T-10 a position brings everything after it, and nothing before', async () => {
    const topics = await world.open()
    const topic = topics.topic(Room, room)
    await topic.publish('known')
    const position = await topic.position()
    await topic.publish('new')

    const listening = new Listening(topic.events({ from: position }))
    await world.pass(1)

    expect(listening.short).toBe('2 live')
  })

  it('T-11 resuming brings all that was missed, then live, on any node', async () => {
    const [a, b] = [await world.open(), await world.open()]
    const topic = a.topic(Room, room)
    await topic.publish(0)
    const position = await topic.position()
    for (let n = 1; n <= 99; n++) await topic.publish(n)

    const listening = new Listening(b.topic(Room, room).events({ from: position }))
    await world.pass(1)

    expect(listening.events).toEqual(Array.from({ length: 99 }, (_, index) => index + 1))
    expect(listening.items.at(-1)).toEqual({ type: 'live' })
  })

  it.each([
    ['start', 0],
    ['start', 1],
    [{ last: 50 }, 0],
    [{ last: 50 }, 1],
  ] as const)(
    'T-05 T-41 a slow loop from %j of an empty topic misses nothing without a gap, after %i events',
    async (from, before) => {
      const topic = (await world.open()).topic(Small, { name: 'x' })
      const loop = topic.events({ from })
      const live = loop.next()
      await world.pass(1)
      expect(await live).toMatchObject({ value: { type: 'live' } })
      for (let n = 1; n <= before; n++) {
        await topic.publish(n)
        expect(await loop.next()).toMatchObject({ value: { event: n } })
      }

      // More than the ring of a node and the history hold.
      for (let n = before + 1; n <= 100; n++) await topic.publish(n)
      const next = loop.next()
      await world.pass(1)

      const gap = { type: 'gap', after: before, before: 98, missed: 97 - before }
      expect(await next).toMatchObject({ value: { ...gap, reason: 'trimmed' } })
      expect(await loop.next()).toMatchObject({ value: { event: 98 } })
    },
  )

  it('T-12 what the history no longer holds is a gap, before what it holds', async () => {
    const [a, b] = [await world.open(), await world.open()]
    const topic = a.topic(Small, { name: 'x' })
    await topic.publish('0')
    const position = await topic.position()
    for (let n = 1; n <= 5; n++) await topic.publish(n)

    const listening = new Listening(b.topic(Small, { name: 'x' }).events({ from: position }))
    await world.pass(1)

    expect(listening.short).toBe('gap(1→4 trimmed 2) 4 5 6 live')
  })

  it('T-13 a position of another epoch is a gap, and never a resume', async () => {
    const topics = await world.open()
    const topic = topics.topic(Room, room)
    await topic.publish('one')
    await topic.publish('two')

    const listening = new Listening(topic.events({ from: { epoch: 'other', offset: 1 } }))
    await world.pass(1)

    expect(listening.short).toBe('gap(1→1 epoch null) 1 2 live')
  })

  it('T-14 a position of the future is one of another epoch', async () => {
    const topics = await world.open()
    const topic = topics.topic(Room, room)
    await topic.publish('one')
    const { epoch } = await topic.position()

    const listening = new Listening(topic.events({ from: { epoch, offset: 7 } }))
    await world.pass(1)

    expect(listening.short).toBe('gap(7→1 epoch null) 1 live')
  })

  it('T-15 from now, what was there before does not come', async () => {
    const topics = await world.open()
    const topic = topics.topic(Room, room)
    await topic.publish('before')
    const listening = new Listening(topic.events())
    await world.pass(1)
    await topic.publish('after')
    await world.pass(1)

    expect(listening.short).toBe('live 2')
  })

  it('T-16 nothing falls between a position and the subscription that begins from it', async () => {
    const [a, b] = [await world.open(), await world.open()]
    const position = await a.topic(Room, room).position()
    await b.topic(Room, room).publish('between')

    const listening = new Listening(a.topic(Room, room).events({ from: position }))
    await world.pass(1)

    expect(listening.events).toEqual(['between'])
  })

  it('T-17 live comes once, after the replay', async () => {
    const topics = await world.open()
    const topic = topics.topic(Room, room)
    for (let n = 0; n < 80; n++) await topic.publish(n)
    const listening = new Listening(topic.events({ from: 'start' }))
    await world.pass(1)
    await topic.publish('later')
    await world.pass(1)

    const types = listening.items.map(({ type }) => type)
    expect(types.indexOf('live')).toBe(80)
    expect(types.filter((type) => type === 'live')).toHaveLength(1)
  })

  it('the newest events, and everything that is kept, come without a gap', async () => {
    const topics = await world.open()
    const topic = topics.topic(Small, { name: 'x' })
    for (let n = 1; n <= 5; n++) await topic.publish(n)

    const last = new Listening(topic.events({ from: { last: 2 } }))
    const many = new Listening(topic.events({ from: { last: 50 } }))
    const start = new Listening(topic.events({ from: 'start' }))
    await world.pass(1)

    expect(last.short).toBe('4 5 live')
    expect(many.short).toBe('3 4 5 live')
    expect(start.short).toBe('3 4 5 live')
  })

  it('position() is refused where there is no history', async () => {
    const topics = await world.open()

    await expect(topics.topic(Plain, { name: 'x' }).position()).rejects.toThrow(TypeError)
  })
})

describe('publishing', () => {
  it('T-20 the same id is stored once, and the second publish learns the first offset', async () => {
    const [a, b] = [await world.open(), await world.open()]

    const first = await a.topic(Room, room).publish('once', { id: 'order' })
    const second = await b.topic(Room, room).publish('once', { id: 'order' })

    expect(first).toMatchObject({ offset: 1, duplicate: false })
    expect(second).toMatchObject({ offset: 1, duplicate: true })
  })

  it('T-24 an expectation refuses when something was stored after it', async () => {
    const topics = await world.open()
    const topic = topics.topic(Room, room)
    await topic.publish('one')
    const expected = await topic.position()
    await topic.publish('two', { expect: expected })

    const refused = await topic
      .publish('three', { expect: expected })
      .catch((error: unknown) => error)

    expect(refused).toBeInstanceOf(PublishRefusedError)
    expect(refused).toMatchObject({ reason: 'expectation', topic: 'rooms/1' })
  })

  it('T-25 an event that does not fit the schema is refused, without its content', async () => {
    const Checked = defineTopic('checked', { event: z.object({ text: z.string() }) })
    const topics = await world.open()
    const invalid: unknown = { text: 42 }

    // What a job reads from a file has any shape.
    const publish = topics.topic(Checked).publish(invalid as { text: string })
    const refused = await publish.catch((error: unknown) => error)

    expect(refused).toMatchObject({ reason: 'schema' })
    expect(String(refused)).toContain('at text')
    expect(String(refused)).not.toContain('42')
  })

  it('T-25 what the schema returns is what is stored', async () => {
    const Trimmed = defineTopic('trimmed', {
      event: z.object({ text: z.string().trim() }),
      history: { size: 10, age: 60_000 },
    })
    const topics = await world.open()
    const listening = new Listening(topics.topic(Trimmed).events())
    await world.pass(1)

    const event = { text: ' a ', more: true }
    await topics.topic(Trimmed).publish(event)
    await world.pass(1)

    expect(listening.events).toEqual([{ text: 'a' }])
  })

  it('T-26 here counts the subscriptions of this process', async () => {
    const [a, b] = [await world.open(), await world.open()]
    new Listening(a.topic(Room, room).events())
    new Listening(a.topic(Room, room).events())
    new Listening(b.topic(Room, room).events())
    await world.pass(1)

    expect(await a.topic(Room, room).publish('x')).toMatchObject({ here: 2 })
    expect(a.topic(Room, room).here).toBe(2)
  })

  it('T-58 an event that is too large is refused', async () => {
    const topics = await world.open({ maxEventBytes: 10 })

    await expect(topics.topic(Room, room).publish('x'.repeat(9))).rejects.toMatchObject({
      reason: 'size',
    })
    await expect(topics.topic(Room, room).publish('x'.repeat(8))).resolves.toBeDefined()
  })

  it('refuses what is no event, and ids and keys that are no text', async () => {
    const topic = (await world.open()).topic(Room, room)

    // @ts-expect-error neither JSON nor bytes
    await expect(topic.publish(undefined)).rejects.toThrow(TypeError)
    await expect(topic.publish('x', { id: '' })).rejects.toThrow(TypeError)
    await expect(topic.publish('x', { key: 'x'.repeat(256) })).rejects.toThrow(TypeError)
    await expect(topic.publish('x', { id: '\ud800' })).rejects.toThrow(TypeError)
  })
})

describe('the broker is away', () => {
  it('T-28 a new publish is rejected at once, one under way after publishTimeout', async () => {
    const topics = await world.open({ publishTimeout: 5000 })
    const topic = topics.topic(Room, room)
    const outcome = (publish: Promise<unknown>): Promise<unknown> =>
      publish.catch((error: unknown) => error)

    world.log.cut(undefined, { silent: true })
    const underWay = outcome(topic.publish('under way'))
    await world.pass(4999)
    let settled = false
    void underWay.then(() => (settled = true))
    await world.pass(0)
    expect(settled).toBe(false)
    await world.pass(1)
    expect(await underWay).toBeInstanceOf(PublishUncertainError)

    await world.pass(5000)
    expect(topics.broker.state).toBe('down')
    expect(await outcome(topic.publish('new'))).toBeInstanceOf(BrokerUnavailableError)
  })

  it('T-28 a publish under way is stored once when the broker is back in time', async () => {
    const topics = await world.open({ publishTimeout: 20_000 })
    const topic = topics.topic(Room, room)
    const listening = new Listening(topic.events())
    await world.pass(1)

    world.log.cut(undefined, { silent: true })
    const underWay = ['a', 'b', 'c'].map((event) => topic.publish(event))
    await world.pass(9000)
    world.log.mend()
    await world.pass(1000)

    expect((await Promise.all(underWay)).map(({ offset }) => offset)).toEqual([1, 2, 3])
    expect(listening.short).toBe('live 1 2 3')
  })

  it('T-29 topics without history go on locally', async () => {
    const topics = await world.open()
    const strict = await world.open({ whileDown: 'reject' })
    const listening = new Listening(topics.topic(Plain, { name: 'x' }).events())
    await world.pass(1)
    world.log.cut()

    const published = await topics.topic(Plain, { name: 'x' }).publish('local')
    await world.pass(1)

    expect(published.here).toBe(1)
    expect(listening.events).toEqual(['local'])
    await expect(strict.topic(Plain, { name: 'x' }).publish('x')).rejects.toThrow(
      BrokerUnavailableError,
    )
  })

  it('T-30 T-31 while the broker is away nothing is told, and then everything comes in order', async () => {
    const [a, b] = [await world.open(), await world.open()]
    const listening = new Listening(a.topic(Room, room).events())
    await world.pass(3000)
    await b.topic(Room, room).publish('before')
    await world.pass(1)

    world.log.cut(a.broker.engine)
    for (const event of ['one', 'two']) await b.topic(Room, room).publish(event)
    await world.pass(30_000)
    expect(listening.short).toBe('live 1')
    world.log.mend()
    await world.pass(1)

    expect(listening.short).toBe('live 1 2 3')
  })

  it('T-33 an engine that lacks the tail is told to all subscribers as another epoch', async () => {
    const [a, b] = [await world.open(), await world.open()]
    const changed: unknown[] = []
    a.monitor.on('epochChanged', (facts) => changed.push(facts))
    const listening = new Listening(a.topic(Room, room).events())
    await world.pass(1)
    for (let n = 1; n <= 4; n++) await b.topic(Room, room).publish(n)
    await world.pass(1)

    world.log.restart({ lose: 2 })
    await world.pass(1)
    await b.topic(Room, room).publish('new')
    await world.pass(1)

    expect(listening.short).toBe('live 1 2 3 4 gap(4→1 epoch null) 1 2 3')
    expect(changed).toEqual([{ topic: 'rooms/1' }])
  })

  it('T-33 every topic begins a new epoch, for the subscribers of all nodes', async () => {
    const nodes = [await world.open(), await world.open()]
    const rooms = [room, { room: '2' }]
    const listening = nodes.flatMap((node) =>
      rooms.map((each) => new Listening(node.topic(Room, each).events())),
    )
    await world.pass(1)
    for (const each of rooms) {
      for (let n = 1; n <= 3; n++) await nodes[0]?.topic(Room, each).publish(n)
    }
    await world.pass(1)

    world.log.restart({ lose: 1 })
    await world.pass(1)

    for (const each of listening) {
      expect(each.short).toBe('live 1 2 3 gap(3→1 epoch null) 1 2')
    }
  })

  it('T-27 the states of the broker are told', async () => {
    const topics = await world.open()
    const states: string[] = []
    topics.monitor.on('brokerChanged', ({ state }) => states.push(state.state))

    world.log.pause()
    await world.pass(10_000)
    world.log.resume()
    await world.pass(1)
    await topics.close()

    expect(states).toEqual(['down', 'up', 'closed'])
  })

  it('a subscription that is made while the broker is away begins when it is back', async () => {
    const [a, b] = [await world.open(), await world.open()]
    world.log.cut(a.broker.engine)
    const listening = new Listening(a.topic(Room, room).events({ from: 'start' }))
    await world.pass(1000)
    await b.topic(Room, room).publish('x')

    world.log.mend()
    await world.pass(1)

    expect(listening.short).toBe('1 live')
  })
})

describe('topics()', () => {
  it('T-56 two namespaces on one broker never meet', async () => {
    const [a, b] = [await world.open({ namespace: 'a' }), await world.open({ namespace: 'b' })]
    const listening = new Listening(b.topic(Room, room).events({ from: 'start' }))
    await a.topic(Room, room).publish('x')
    await world.pass(3000)

    expect(listening.short).toBe('live')
  })

  it('refuses a second kind whose topics may have the same name', async () => {
    const topics = await world.open()
    topics.topic(Room, room)

    expect(() => topics.topic(defineTopic('rooms/:id'), { id: '1' })).toThrow(
      TopicKindConflictError,
    )
    expect(() => topics.topic(Room, { room: 'a/b' })).toThrow(TopicNameError)
  })

  it('a topic is given up some time after its last subscriber, and not before', async () => {
    const topics = await world.open({ linger: 5000 })
    const listening = new Listening(topics.topic(Room, room).events())
    await world.pass(1)
    await listening.stop()
    await world.pass(4000)
    expect(topics.parts.node.followedCount).toBe(1)
    await world.pass(2000)

    expect(topics.parts.node.followedCount).toBe(0)
  })

  it('events() ends with the reason of its signal, and by break', async () => {
    const topics = await world.open()
    const controller = new AbortController()
    const listening = new Listening(topics.topic(Room, room).events({ signal: controller.signal }))
    await world.pass(1)

    controller.abort(new Error('enough'))
    await world.pass(1)

    expect(listening.error).toMatchObject({ message: 'enough' })
    expect(topics.topic(Room, room).here).toBe(0)
  })

  it('events() ends when the topics are closed, and is refused after that', async () => {
    const topics = await world.open()
    const all = [topics.topic(Room, room), topics.topic(Plain, { name: 'a' })]
    const received = all.map(async (each) => {
      const types: string[] = []
      for await (const { type } of each.events()) types.push(type)
      return types
    })
    await world.pass(1)
    await topics.topic(Room, room).publish('x')
    await world.pass(1)
    await topics.close()

    expect(await Promise.all(received)).toEqual([['live', 'event'], ['live']])
    for (const each of all) {
      await expect(each.events().next()).rejects.toThrow(BrokerUnavailableError)
    }
  })
})
