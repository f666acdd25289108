import { describe, expect, it } from 'vitest'
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
import { Room, serving, Speaking } from '../support/topics-speaking.ts'
import { TopicsWorld } from '../support/topics-world.ts'

const Hall = defineTopic('halls/:hall', { presence: { listed: 1000 } })

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
})
