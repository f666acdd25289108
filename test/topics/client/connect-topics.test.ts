import { describe, expect, it } from 'vitest'
import { type TestApplication, withTestApplication } from '../../../src/testing/index.ts'
import {
  memoryBroker,
  MemoryLog,
  PublishRefusedError,
  SubscriptionRefusedError,
} from '../../../src/topics/index.ts'
import { connectTopicsOn, type LiveTopics } from '../../../src/topics/portable.ts'
import { connecting, Inbox, Room, room, serving } from '../../support/topics-client.ts'
import { Listening } from '../../support/topics-world.ts'

const MIB = 1 << 20

describe('connectTopicsOn()', () => {
  it.each([[{ reconnect: {} }, 'expected one of "token", "outbox", "encoding", "connection"']])(
    'refuses %j at the call',
    async (options, message) => {
      await withTestApplication((t) => {
        // A mistake that JavaScript does not find.
        expect(() => connecting(t, options as never)).toThrow(message)
      })
    },
  )
})

describe.each(['json', 'binary'] as const)('connectTopicsOn() in %s', (encoding) => {
  it('publishes and receives, with types from the kind', async () => {
    await withTestApplication(async (t) => {
      serving(t)
      const live = connecting(t, { encoding })
      const listening = new Listening(live.topic(Room, room).events())
      await t.clock.advance(10)

      const published = await publish(t, live, 'hello')

      expect(published).toMatchObject({ offset: 1, duplicate: false })
      expect(listening.short).toBe('live 1')
      expect(listening.events).toEqual(['hello'])
      expect(live.topic(Room, room).position).toMatchObject({ offset: 1 })
      await live.close()
    })
  })

  it('T-07 T-11 goes on where it was after its connection is lost, in both directions', async () => {
    await withTestApplication(async (t) => {
      const log = new MemoryLog()
      const topics = serving(t, { broker: memoryBroker({ log }) })
      const live = connecting(t, { encoding })
      const staying = new Listening(topics.topic(Room, room).events())
      const listening = new Listening(live.topic(Room, room).events())
      await t.clock.advance(10)
      await publish(t, live, 1)

      const stored = await storeWithoutAnswer(t, log, () => live.topic(Room, room).publish(2))
      const unsent = live.topic(Room, room).publish(4)
      await topics.topic(Room, room).publish(3)
      await t.clock.advance(3000)

      expect(await stored()).toMatchObject({ offset: 2, duplicate: true })
      expect(await unsent).toMatchObject({ offset: 4, duplicate: false })
      for (const each of [staying, listening]) {
        expect(each.events).toEqual([1, 2, 3, 4])
        expect(each.short).not.toContain('gap')
      }
      await live.close()
    })
  })

  it('T-20 T-22 what was not answered is sent again first, and stored once', async () => {
    await withTestApplication(async (t) => {
      const log = new MemoryLog()
      const topics = serving(t, { broker: memoryBroker({ log }) })
      const live = connecting(t, { encoding })
      const listening = new Listening(topics.topic(Room, room).events())
      await t.clock.advance(10)
      const stored = await storeWithoutAnswer(t, log, () =>
        Promise.all([1, 2, 3].map((n) => live.topic(Room, room).publish(n))),
      )
      const later = live.topic(Room, room).publish(4)
      await t.clock.advance(3000)

      expect((await stored()).every(({ duplicate }) => duplicate)).toBe(true)
      expect(await later).toMatchObject({ offset: 4, duplicate: false })
      expect(listening.events).toEqual([1, 2, 3, 4])
      await live.close()
    })
  })

  it('T-28 keeps publishes while the broker is away, and stores them in order', async () => {
    await withTestApplication(async (t) => {
      const log = new MemoryLog()
      const topics = serving(t, { broker: memoryBroker({ log }) })
      const live = connecting(t, { encoding })
      await t.clock.advance(10)
      log.cut()
      await t.clock.advance(10)
      expect(live.broker).toBe('down')
      const all = [1, 2, 3].map((n) => live.topic(Room, room).publish(n))
      await t.clock.advance(2500)
      expect(live.unanswered).toBe(3)
      log.mend()
      await t.clock.advance(5000)

      expect((await Promise.all(all)).map(({ offset }) => offset)).toEqual([1, 2, 3])
      const listening = new Listening(topics.topic(Room, room).events({ from: 'start' }))
      await t.settle()
      expect(listening.events).toEqual([1, 2, 3])
      await live.close()
    })
  })

  it('publishes as fast as it may, and no event is lost or reordered by the limits', async () => {
    await withTestApplication(async (t) => {
      const topics = serving(t, { maxPublishesPerSecond: 10 })
      const live = connecting(t, { encoding })
      await t.clock.advance(10)
      const all = Array.from({ length: 60 }, (_, n) => live.topic(Room, room).publish(n))
      await t.clock.advance(20_000)

      expect((await Promise.all(all)).map(({ offset }) => offset)).toEqual(
        Array.from({ length: 60 }, (_, n) => n + 1),
      )
      expect((await topics.topic(Room, room).position()).offset).toBe(60)
      await live.close()
    })
  })

  it('refuses more than the outbox holds, and what does not fit the schema', async () => {
    await withTestApplication(async (t) => {
      serving(t)
      const live = connecting(t, { encoding, outbox: { messages: 2 } })
      const topic = live.topic(Room, room)
      const kept = [topic.publish(1), topic.publish(2)]

      await expect(topic.publish(3)).rejects.toMatchObject({ reason: 'busy' })
      // A page that is older than its server sends other shapes.
      await expect(topic.publish({} as never)).rejects.toMatchObject({ reason: 'schema' })
      await t.clock.advance(10)
      await Promise.all(kept)
      await live.close()
    })
  })

  it('T-58 refuses an event above the message limit of the server, and stays connected', async () => {
    await withTestApplication(async (t) => {
      serving(t, { maxEventBytes: 4 * MIB })
      const live = connecting(t, { encoding })
      const topic = live.topic(Room, room)
      // One is refused after the server has told its limit, the other one while it waits for it.
      const early = topic.publish('x'.repeat(MIB)).catch((error: unknown) => error)
      await t.clock.advance(10)
      const late = topic.publish('ü'.repeat(MIB / 2)).catch((error: unknown) => error)
      const small = topic.publish('small')
      await t.clock.advance(10)

      for (const refused of [await early, await late]) {
        expect(refused).toMatchObject({
          code: 'TOWPATH_PUBLISH_REFUSED',
          reason: 'size',
          message: expect.stringMatching(/it has \d{7} bytes, expected at most 1048576$/),
        })
      }
      expect(await small).toMatchObject({ offset: 1 })
      expect(live.connection.state.type).toBe('open')
      expect(live.unanswered).toBe(0)
      await live.close()
    })
  })

  it('ends its loops with the error when an event of the server is above its own limit', async () => {
    await withTestApplication(async (t) => {
      let connections = 0
      const topics = serving(t, { maxEventBytes: 4 * MIB }, { connected: () => void connections++ })
      const live = connecting(t, { encoding })
      const listening = new Listening(live.topic(Room, room).events())
      await t.clock.advance(10)
      await topics.topic(Room, room).publish('x'.repeat(2 * MIB))
      await t.clock.advance(60_000)

      expect(listening.error).toMatchObject({
        code: 'TOWPATH_CONNECTION_LOST',
        cause: { code: 'TOWPATH_FRAME_TOO_BIG', limit: MIB },
      })
      expect(connections).toBe(1)
      await live.close()
    })
  })

  it('tells refusals where they belong', async () => {
    await withTestApplication(async (t) => {
      serving(t)
      const live = connecting(t, { encoding })
      const topic = live.topic(Room, { room: 'forbidden' })
      const listening = new Listening(topic.events())
      const refused = topic.publish(1).catch((error: unknown) => error)
      await t.clock.advance(10)

      expect(listening.error).toBeInstanceOf(SubscriptionRefusedError)
      expect(await refused).toBeInstanceOf(PublishRefusedError)
      expect(await refused).toMatchObject({
        reason: 'forbidden',
        message: 'Cannot publish to "rooms/forbidden": it is not allowed',
      })
      await live.close()
    })
  })

  it('brings topics that the server has subscribed it to', async () => {
    await withTestApplication(async (t) => {
      const topics = serving(t)
      const live = connecting(t, { encoding })
      await t.clock.advance(10)
      await topics.topic(Inbox, { user: 'a' }).publish('early')
      await t.clock.advance(10)

      const listening = new Listening(live.topic('inboxes/a').events())
      await topics.topic(Inbox, { user: 'a' }).publish('late')
      await t.clock.advance(10)

      expect(listening.events).toEqual(['early', 'late'])
      await live.close()
    })
  })

  it('a reader that is slow leaves the rest on the server, and misses nothing', async () => {
    await withTestApplication(async (t) => {
      const topics = serving(t)
      const live = connecting(t, { encoding })
      const events = live.topic(Room, room).events()
      const first = events.next()
      await t.clock.advance(10)
      expect(await first).toMatchObject({ value: { type: 'live' } })
      for (let n = 1; n <= 600; n++) {
        await topics.topic(Room, room).publish(n)
        if (n % 50 === 0) await t.clock.advance(10)
      }

      const listening = new Listening(events)
      await t.clock.advance(1000)

      expect(listening.events).toEqual(Array.from({ length: 600 }, (_, n) => n + 1))
      expect(listening.short).not.toContain('gap')
      await live.close()
    })
  })

  it('one loop reads a topic at a time, and another may follow', async () => {
    await withTestApplication(async (t) => {
      const topics = serving(t)
      const live = connecting(t, { encoding })
      const topic = live.topic(Room, room)
      const first = new Listening(topic.events())
      expect(() => topic.events()).toThrow(TypeError)
      await t.clock.advance(10)
      await first.stop()
      await t.clock.advance(10)

      const second = new Listening(topic.events({ from: 'start' }))
      await topics.topic(Room, room).publish('x')
      await t.clock.advance(10)

      expect(second.events).toEqual(['x'])
      await live.close()
      await t.clock.advance(10)
      expect(second.error).toBeNull()
    })
  })

  it('asks for a token for each connection, and renews it', async () => {
    await withTestApplication(async (t) => {
      const topics = serving(t)
      const tokens: Array<string | null> = []
      t.application.routing((route) =>
        topics.serve(route, '/other', {
          authenticate: ({ token }) => tokens.push(token) > 0,
        }),
      )
      let asked = 0
      const live = connectTopicsOn(
        {
          connect: (protocols, opened) =>
            t.client.connect('ws://localhost/other', { protocols, opened }),
          clock: t.clock,
        },
        { encoding, token: () => `token ${++asked}` },
      )
      await t.clock.advance(10)
      await live.renewToken()
      await t.clock.advance(10)
      t.network.reset()
      await t.clock.advance(10_000)

      expect(tokens).toEqual(['token 1', 'token 2', 'token 3'])
      await live.close()
    })
  })
})

async function publish(
  t: TestApplication,
  live: LiveTopics,
  event: string | number,
): Promise<unknown> {
  const published = live.topic(Room, room).publish(event)
  await t.clock.advance(10)
  return published
}

/**
 * Publishes, and breaks the connection when the log has stored the events: the answers are lost.
 *
 * @returns the outcome, which comes after a reconnect.
 */
async function storeWithoutAnswer<T>(
  t: TestApplication,
  log: MemoryLog,
  publishing: () => Promise<T>,
): Promise<() => Promise<T>> {
  log.delay(10)
  const outcome = publishing()
  await t.clock.advance(15)
  t.network.reset()
  await t.clock.advance(10)
  log.delay(0)
  return () => outcome
}
