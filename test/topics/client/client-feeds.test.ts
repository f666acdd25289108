import { describe, expect, it } from 'vitest'
import { Deferred } from '../../../src/base/internal.ts'
import { withTestApplication } from '../../../src/testing/index.ts'
import {
  connecting,
  Inbox,
  type Message,
  Room,
  room,
  scripted,
  serving,
  WELCOME,
} from '../../support/topics-client.ts'
import { Listening } from '../../support/topics-world.ts'

const SUBSCRIBED = {
  type: 'subscribed',
  topic: 'rooms/1',
  number: 1,
  epoch: 'e',
  offset: 0,
  resumed: false,
}

function eventOf(offset: number): Message {
  return { type: 'event', topic: 'rooms/1', offset, at: 0, data: offset }
}

describe('ClientFeeds', () => {
  it('subscribes as fast as it may, and in the end to everything', async () => {
    await withTestApplication(async (t) => {
      const topics = serving(t, { maxSubscribesPerSecond: 5 })
      const live = connecting(t)
      await t.clock.advance(10)
      const names = Array.from({ length: 20 }, (_, n) => `${n}`)
      const all = names.map(
        (name) => new Listening(live.topic(Room, { room: name }).events({ from: 'start' })),
      )
      await t.clock.advance(20_000)
      for (const name of names) await topics.topic(Room, { room: name }).publish(name)
      await t.clock.advance(10)

      expect(all.flatMap(({ events }) => events)).toEqual(names)
      await live.close()
    })
  })

  it('does not try a refused subscribe again once nothing reads the topic', async () => {
    await withTestApplication(async (t) => {
      const topics = serving(t, { maxSubscribesPerSecond: 1 })
      const live = connecting(t)
      await t.clock.advance(10)
      const [first, second] = ['1', '2'].map(
        (name) => new Listening(live.topic(Room, { room: name }).events()),
      )
      await t.clock.advance(10)
      await second?.stop()
      await t.clock.advance(5000)

      expect(topics.topic(Room, { room: '1' }).here).toBe(1)
      expect(topics.topic(Room, { room: '2' }).here).toBe(0)
      expect(first?.short).toBe('live')
      await live.close()
    })
  })

  it('receives a topic whose loop began while hello was under way', async () => {
    await withTestApplication(async (t) => {
      const topics = serving(t)
      const live = connecting(t)
      // Longer than it takes to connect: the loop begins in each state of the connection.
      const listening: Listening[] = []
      for (let turn = 0; turn < 40; turn++) {
        const each = live.topic(Room, { room: `${turn}` })
        listening.push(new Listening(each.events()))
        await Promise.resolve()
      }
      await t.clock.advance(10)
      for (let turn = 0; turn < 40; turn++) {
        await topics.topic(Room, { room: `${turn}` }).publish(turn)
      }
      await t.clock.advance(10)

      expect(listening.flatMap(({ events }) => events)).toEqual(
        Array.from({ length: 40 }, (_, n) => n),
      )
      await live.close()
    })
  })

  it('does not receive a topic whose loop ended while hello was under way', async () => {
    await withTestApplication(async (t) => {
      const listening: Listening[] = []
      // The server has read hello, and has not answered it.
      const authenticate = async (): Promise<boolean> => {
        await listening[0]?.stop()
        return true
      }
      const topics = serving(t, {}, { authenticate })
      const live = connecting(t)
      listening.push(new Listening(live.topic(Room, { room: '1' }).events()))
      await t.clock.advance(10)

      expect(topics.topic(Room, { room: '1' }).here).toBe(0)
      await live.close()
    })
  })

  it('T-05 a slow reader misses nothing while events are under way when it subscribes again', async () => {
    await withTestApplication(async (t) => {
      const events = (topic: unknown, from: number, to: number): Message[] =>
        Array.from({ length: to - from + 1 }, (_, n) => ({
          type: 'event',
          topic,
          offset: from + n,
          at: 0,
          data: from + n,
        }))
      let subscribes = 0
      scripted(t, ({ type, id, topic, from }) => {
        if (type !== 'subscribe') return null
        const subscribed = { type: 'subscribed', id, topic, number: 1, epoch: 'e', resumed: true }
        if (subscribes++ === 0) return [{ ...subscribed, offset: 0 }, ...events(topic, 1, 300)]
        const { offset } = from as { offset: number } // of the client
        // The server has sent the first ones before it has read the subscribe.
        return [
          ...events(topic, 301, 310),
          { ...subscribed, offset },
          ...events(topic, offset + 1, 310),
        ]
      })
      const live = connecting(t)
      await t.clock.advance(10)
      const stream = live.topic(Room, room).events()
      const first = stream.next()
      await t.clock.advance(10)
      const rest = new Listening(stream)
      await t.clock.advance(10)

      expect(await first).toMatchObject({ value: { offset: 1 } })
      expect(rest.events).toEqual(Array.from({ length: 309 }, (_, n) => n + 2))
      await live.close()
    })
  })

  it('a topic whose loop ended before the server answered can be read again', async () => {
    await withTestApplication(async (t) => {
      // The server has answered before it reads the unsubscribe.
      scripted(t, ({ type, id, topic }) =>
        type === 'subscribe'
          ? [
              { type: 'subscribed', id, topic, number: 1, epoch: 'e', offset: 0, resumed: false },
              { type: 'event', topic, offset: 1, at: 0, data: id },
            ]
          : null,
      )
      const live = connecting(t)
      await t.clock.advance(10)
      const topic = live.topic(Room, room)
      await new Listening(topic.events()).stop()
      await t.clock.advance(10)
      expect(topic.position).toBeNull()
      const listening = new Listening(topic.events())
      await t.clock.advance(10)

      // The first subscribe had the id 1, and the unsubscribe 2.
      expect(listening.events).toEqual([3])
      await live.close()
    })
  })

  it('T-05 receives a resumed topic although its refused subscribe was due before welcome', async () => {
    await withTestApplication(async (t) => {
      const welcomed = new Deferred<void>()
      const said: unknown[] = []
      scripted(t, async ({ type, id, topic }) => {
        said.push(type)
        if (type === 'subscribe') {
          return [{ type: 'error', id, topic, code: 'rate', message: '', retryAfter: 4000 }]
        }
        if (said.length < 3) return null
        await welcomed.promise
        return [WELCOME, { ...SUBSCRIBED, id: null }, eventOf(1)]
      })
      const live = connecting(t)
      await t.clock.advance(10)
      const listening = new Listening(live.topic(Room, room).events())
      await t.clock.advance(10)
      t.network.reset()
      await t.clock.advance(4500)
      expect(said).toEqual(['hello', 'subscribe', 'hello'])
      welcomed.resolve()
      await t.clock.advance(10)

      expect(listening.events).toEqual([1])
      await live.close()
    })
  })

  it('a loop that ends while its topic is suspended leaves nothing for the next loop', async () => {
    await withTestApplication(async (t) => {
      let subscribes = 0
      scripted(t, ({ type, id }) => {
        if (type !== 'subscribe') return null
        const count = subscribes++ === 0 ? 300 : 1
        return [{ ...SUBSCRIBED, id }, ...Array.from({ length: count }, (_, n) => eventOf(n + 1))]
      })
      const live = connecting(t)
      await t.clock.advance(10)
      const topic = live.topic(Room, room)
      const slow = topic.events()
      await Promise.all([slow.next(), t.clock.advance(10)])
      await slow.return?.()
      expect(topic.position).toBeNull()
      const listening = new Listening(topic.events())
      await t.clock.advance(10)

      expect([subscribes, listening.events]).toEqual([2, [1]])
      await live.close()
    })
  })

  it('receives a topic that the server subscribes to after it has answered hello', async () => {
    await withTestApplication(async (t) => {
      const subscribed = { ...SUBSCRIBED, id: null }
      scripted(t, ({ type }) => {
        if (type === 'hello') return [WELCOME, subscribed]
        return type === 'unsubscribe' ? [subscribed, eventOf(1)] : null
      })
      const live = connecting(t)
      const topic = live.topic(Room, room)
      const first = new Listening(topic.events())
      await t.clock.advance(10)
      await first.stop()
      await t.clock.advance(10)
      const second = new Listening(topic.events())
      await t.clock.advance(10)

      expect(second.events).toEqual([1])
      await live.close()
    })
  })

  it('T-05 says how old a position is, unless the connection was lost before it was resumed', async () => {
    await withTestApplication(async (t) => {
      const resumed: unknown[] = []
      scripted(t, ({ type, id, topics }) => {
        if (type === 'subscribe') return [{ ...SUBSCRIBED, id }]
        if (type === 'hello') resumed.push(topics)
        return null
      })
      const live = connecting(t)
      await t.clock.advance(10)
      void live.topic(Room, room).events().next()
      await t.clock.advance(10)
      for (let count = 0; count < 2; count++) {
        t.network.reset()
        await t.clock.advance(2000)
      }

      const from = { epoch: 'e', offset: 0 }
      expect(resumed).toEqual([
        [],
        [{ topic: 'rooms/1', from: { ...from, away: expect.any(Number) as unknown } }],
        [{ topic: 'rooms/1', from }],
      ])
      await live.close()
    })
  })

  it('a loop that has ended with an error does not end the next loop of its topic', async () => {
    await withTestApplication(async (t) => {
      let subscribes = 0
      scripted(t, ({ type, id, topic }) => {
        if (type === 'unsubscribe') return [{ type: 'unsubscribed', id, topic }]
        if (type !== 'subscribe') return null
        return subscribes++ === 0
          ? [
              { ...SUBSCRIBED, id },
              { type: 'denied', topic, code: 'expired', message: '' },
            ]
          : [{ ...SUBSCRIBED, id }]
      })
      const live = connecting(t)
      await t.clock.advance(10)
      const topic = live.topic(Room, room)
      const denied = topic.events()
      await t.clock.advance(10)
      const next = new Listening(topic.events())
      await t.clock.advance(10)
      await expect(denied.next()).rejects.toMatchObject({ reason: 'forbidden' })

      expect(topic.position).toEqual({ epoch: 'e', offset: 0 })
      await next.stop()
      await live.close()
    })
  })

  it.each([
    ['may read', true, 'live 1 2 live 3'],
    ['may not read', false, 'live 1 gap(1→3 broker 1) live 3'],
  ])(
    'T-05 hides nothing of a topic that the server has subscribed to, and that the client %s',
    async (_title, mayRead, told) => {
      await withTestApplication(async (t) => {
        const topics = serving(t)
        topics.allow(Inbox, { subscribe: () => mayRead })
        const live = connecting(t)
        const listening = new Listening(live.topic(Inbox, { user: 'a' }).events())
        await t.clock.advance(10)
        await topics.topic(Inbox, { user: 'a' }).publish(1)
        await t.clock.advance(10)
        t.network.reset()
        await topics.topic(Inbox, { user: 'a' }).publish(2)
        await t.clock.advance(2000)
        await topics.topic(Inbox, { user: 'a' }).publish(3)
        await t.clock.advance(10)

        expect([listening.short, listening.error]).toEqual([told, null])
        await live.close()
      })
    },
  )
})
