import { describe, expect, it, vi } from 'vitest'
import { WebSockets } from '../../src/index.ts'
import { withTestApplication, withTestApplications } from '../../src/testing/index.ts'
import {
  type Broker,
  defineTopic,
  memoryBroker,
  MemoryLog,
  type Presence,
  Topics,
} from '../../src/topics/index.ts'
import { encodingOf } from '../../src/topics/wire/encodings.ts'
import { ENCODINGS, Room, serving, Speaking } from '../support/topics-speaking.ts'
import { TopicsWorld } from '../support/topics-world.ts'

const Hall = defineTopic('halls/:hall', { presence: { listed: 1000 } })
const Timed = defineTopic('timed/:name', { history: { size: 10, age: 60_000 } })

/** A broker in memory, and how often each of its methods was called. */
function counted(log = new MemoryLog()): { broker: Broker; calls: Map<string, number> } {
  const calls = new Map<string, number>()
  const broker = new Proxy(memoryBroker({ log }), {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      return (...args: unknown[]): unknown => {
        calls.set(String(name), (calls.get(String(name)) ?? 0) + 1)
        return Reflect.apply(value, target, args)
      }
    },
  })
  return { broker, calls }
}

/** Joins and leaves of many keys by one session, without a turn of the event loop between them. */
async function storm(presence: Presence, session: Parameters<Presence['join']>[0]): Promise<void> {
  const joining = Array.from({ length: 10_000 }, (_, n) => presence.join(session, `k${n}`, n))
  for (const [n, seat] of (await Promise.all(joining)).entries()) if (n >= 10) seat.leave()
}

describe('topics under hostile load', () => {
  it('A9 100 clients that resume 100 events at once cost the broker two reads at most', async () => {
    await withTestApplication(async (t) => {
      const { broker, calls } = counted()
      const topics = serving(t, { broker })
      const room = topics.topic(Room, { room: '1' })
      await room.publish('before')
      const { epoch, offset } = await room.position()
      for (let n = 0; n < 100; n++) await room.publish(n)
      calls.clear()

      const topic = { topic: 'rooms/1', epoch, offset, away: 1000 }
      const clients = await Promise.all(
        Array.from({ length: 100 }, () => Speaking.connect(t, 'json')),
      )
      for (const client of clients) await client.say({ type: 'hello', topics: [topic] })
      await t.clock.advance(100)

      for (const client of clients) {
        const heard: unknown[] = []
        while (heard.at(-1) !== 'live') heard.push((await client.hear())['type'])
        expect(heard).toEqual(['welcome', 'subscribed', ...Array(100).fill('event'), 'live'])
      }
      expect(calls.get('read')).toBeLessThanOrEqual(2)
      expect(calls.get('follow')).toBe(1)
    })
  })

  it('T-49 10 000 joins and leaves in one turn cost other processes few messages', async () => {
    const log = new MemoryLog()
    const brokers: Array<ReturnType<typeof counted>> = []
    await withTestApplications(
      2,
      (app) => {
        const one = counted(log)
        brokers.push(one)
        app.install(WebSockets)
        const topics = app.install(Topics, { broker: one.broker })
        const { presence } = topics.topic(Hall, { hall: '1' })
        app.routing((route) => {
          route.webSocket('/storm', async (session) => {
            await storm(presence, session)
            await session.closed
          })
        })
      },
      async ([a, b]) => {
        if (a === undefined || b === undefined) throw new Error('No process')
        await a.clock.advance(7000)
        const changes: string[] = []
        const { presence } = b.application.plugin(Topics).topic(Hall, { hall: '1' })
        void (async () => {
          for await (const { type } of presence.changes()) changes.push(type)
        })()
        await a.clock.advance(1000)
        brokers[0]?.calls.clear()

        await a.connect('/storm')
        await a.clock.advance(2000)

        const listing = presence.list()
        await a.clock.advance(1000)
        expect((await listing).members.map(({ key }) => key)).toHaveLength(10)
        expect(brokers[0]?.calls.get('send')).toBeLessThan(60)
        expect(changes.length).toBeLessThan(1100)
      },
    )
  })

  it('T-58 a client that asks for 100 000 names is stopped, and the broker sees at most its limit', async () => {
    await withTestApplication(async (t) => {
      const { broker, calls } = counted()
      serving(t, { broker })
      const topics = Array.from({ length: 10_000 }, (_, n) => ({
        topic: `rooms/${n}`,
        from: 'now',
      }))
      const flooding = await Speaking.connect(t, 'json')
      await flooding.say({ type: 'hello', topics })
      expect(await flooding.code()).toBe(4429)
      expect(calls.get('follow')).toBeLessThanOrEqual(128)

      calls.clear()
      const patient = await Speaking.begin(t, 'json')
      // It reads its answers. Otherwise the server would not read its requests either.
      void patient.session.incoming.consumeEach(() => {})
      for (let n = 0; n < 1000; n++) {
        const sent = patient.say({ type: 'subscribe', id: n, topic: `rooms/x${n}`, from: 'now' })
        await sent.catch(() => {})
      }
      expect(await patient.code()).toBe(4429)
      expect(calls.get('follow')).toBeLessThanOrEqual(128)
    })
  })

  it('T-58 a node follows at most 10 000 topics without subscriptions, the newest ones', async () => {
    const world = new TopicsWorld()
    const topics = await world.open()
    for (let n = 0; n <= 10_000; n++) {
      const stream = topics.topic(Room, { room: `${n}` }).events()
      await stream.next()
      await stream.return?.()
    }

    const { node } = topics.parts
    expect(node.followedCount).toBe(10_000)
    await topics.topic(Room, { room: '10000' }).events().next()
    expect(node.followedCount).toBe(10_000)
    await topics.topic(Room, { room: '0' }).events().next()
    expect(node.followedCount).toBe(10_001)
    await world.end()
  })

  it.each(ENCODINGS)(
    'T-58 a hello that names one topic 10 000 times asks the application once, in %s',
    async (encoding) => {
      await withTestApplication(async (t) => {
        const subscribe = vi.fn(() => true)
        serving(t).allow(Timed, { subscribe })
        const client = await Speaking.connect(t, encoding)
        const topics = Array.from({ length: 10_000 }, () => ({ topic: 'timed/1', from: 'now' }))

        await client.say({ type: 'hello', client: null, token: null, topics })
        await t.clock.advance(10)

        expect(await client.hear()).toMatchObject({ type: 'welcome' })
        expect(await client.hear()).toMatchObject({ type: 'subscribed', topic: 'timed/1' })
        expect(subscribe).toHaveBeenCalledOnce()
      })
    },
  )

  it.each(ENCODINGS)(
    'T-58 a client that asks for many pages and reads none gets no more than it can take, in %s',
    async (encoding) => {
      await withTestApplication(async (t) => {
        const topics = serving(t, { maxSubscribesPerSecond: 1000 })
        const topic = topics.topic(Room, { room: '1' })
        for (let n = 0; n < 100; n++) await topic.publish('x'.repeat(2500))
        const client = await Speaking.begin(t, encoding)
        const read = vi.spyOn(topics.parts.node, 'history')
        const request = { type: 'history', topic: 'rooms/1', from: 'start', before: null }

        for (let id = 0; id < 60; id++) await client.say({ ...request, id, limit: 100 })
        await t.clock.advance(100)
        const before = read.mock.calls.length
        expect(before).toBeGreaterThan(0)
        expect(before).toBeLessThan(30)

        const answered: unknown[] = []
        while (answered.length < 60) answered.push((await client.hear())['id'])
        expect(answered).toEqual(Array.from({ length: 60 }, (_, id) => id))
      })
    },
  )

  it('T-58 lists of members are made as a client takes them, however many it watches', async () => {
    await withTestApplication(async (t) => {
      const topics = serving(t, { maxSubscribesPerSecond: 1000 })
      topics.allow(Hall, {
        subscribe: () => true,
        presence: ({ client }) => ({ key: client.id, meta: null }),
      })
      t.application.routing((route) => {
        route.webSocket('/many', async (session) => {
          for (let hall = 0; hall < 40; hall++) {
            const { presence } = topics.topic(Hall, { hall: `${hall}` })
            for (let n = 0; n < 200; n++) await presence.join(session, `${n}`, 'x'.repeat(1000))
          }
          await session.closed
        })
      })
      await t.connect('/many')
      await t.settle()
      const client = await Speaking.begin(t, 'json')
      const encode = vi.spyOn(encodingOf(client.session.protocol), 'encode')
      const lists = (): number =>
        encode.mock.calls.filter(([{ type }]) => type === 'members').length

      for (let id = 0; id < 40; id++) {
        await client.say({ type: 'presence', id, topic: `halls/${id}`, mode: 'full' })
      }
      await t.clock.advance(100)
      expect(lists()).toBeGreaterThan(0)
      expect(lists()).toBeLessThan(25)

      const heard = new Set<unknown>()
      while (heard.size < 40) {
        const { type, topic } = await client.hear()
        if (type === 'members') heard.add(topic)
      }
      encode.mockRestore()
    })
  })

  it('T-58 a new token costs a request for each permission that is asked again', async () => {
    await withTestApplication(async (t) => {
      const subscribe = vi.fn(() => ({ until: new Date(Date.now() + 3_600_000) }))
      serving(t, { maxSubscribesPerSecond: 20 }).allow(Timed, { subscribe })
      const client = await Speaking.begin(t, 'json')
      for (let id = 0; id < 15; id++) {
        await client.say({ type: 'subscribe', id, topic: `timed/${id}`, from: 'now' })
      }
      await t.clock.advance(10_000)
      subscribe.mockClear()

      for (let n = 0; n < 100; n++) await client.say({ type: 'token', token: `${n}` })
      await t.clock.advance(100)
      expect(subscribe.mock.calls.length).toBeLessThanOrEqual(45)

      await t.clock.advance(10_000)
      const request = { type: 'history', id: 99, topic: 'timed/1', from: 'start' }
      await client.say(request)
      while ((await client.hear())['type'] !== 'history');
    })
  })
})
