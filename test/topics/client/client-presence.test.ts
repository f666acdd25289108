import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { WebSockets } from '../../../src/index.ts'
import { type TestApplication, withTestApplication } from '../../../src/testing/index.ts'
import {
  defineTopic,
  Denied,
  memoryBroker,
  MemoryLog,
  type PresenceChange,
  Topics,
  type TopicsOfProcess,
} from '../../../src/topics/index.ts'
import { Deferred } from '../../../src/base/internal.ts'
import { connectTopicsOn, type LiveTopics } from '../../../src/topics/portable.ts'
import { JSON_PROTOCOL } from '../../../src/topics/wire/messages.ts'

const Room = defineTopic('rooms/:room', {
  presence: { meta: z.object({ name: z.string() }), listed: 2 },
})
const Plain = defineTopic('plain/:name', { presence: {} })
/** Each client has a name of its own, which it chooses. */
const Named = defineTopic('named', { presence: {} })
const room = { room: '1' }
const DAY_MS = 86_400_000
/** Permissions of these rooms end. */
const LASTING_MS: Readonly<Record<string, number>> = { timed: 5000, monthly: 30 * DAY_MS }

/** The token says who the client is. */
function serving(t: TestApplication, maxTopics = 2): TopicsOfProcess {
  t.application.install(WebSockets)
  const topics = t.application.install(Topics, { maxTopics })
  topics.allow(Room, {
    subscribe({ parameters }) {
      const ms = LASTING_MS[parameters.room]
      return ms === undefined ? true : { until: new Date(Date.now() + ms) }
    },
    presence: ({ client, meta, parameters }) => {
      if (parameters.room === 'secret') return new Denied('members-only', 'Join first')
      return { key: client.token ?? '', meta: { name: String(meta) } }
    },
  })
  topics.allow(Named, {
    subscribe: () => true,
    presence: ({ client, meta }) => ({
      key: String(meta),
      meta: client.token,
      holder: client.token ?? '',
    }),
  })
  topics.allow(Plain, { subscribe: () => true })
  t.application.routing((route) => topics.serve(route, '/live'))
  return topics
}

function connecting(t: TestApplication, token: string, delayMs = 1000): LiveTopics {
  const connect = (
    protocols: readonly string[],
    opened: Parameters<Connect>[1],
  ): ReturnType<Connect> =>
    t.client.connect('ws://localhost/live', {
      protocols,
      opened,
      reconnect: { baseDelay: delayMs, maxDelay: delayMs, jitter: 0 },
    })
  return connectTopicsOn({ connect, clock: t.clock }, { token: () => token })
}

type Connect = Parameters<typeof connectTopicsOn>[0]['connect']

class Watching {
  readonly changes: PresenceChange[] = []
  error: unknown = null

  constructor(changes: AsyncIterable<PresenceChange>) {
    void this.#watch(changes)
  }

  get short(): string {
    return this.changes.map(shortOf).join(' ')
  }

  async #watch(changes: AsyncIterable<PresenceChange>): Promise<void> {
    try {
      for await (const change of changes) this.changes.push(change)
    } catch (error) {
      this.error = error
    }
  }
}

function shortOf(change: PresenceChange): string {
  if (change.type === 'members') {
    return `members(${change.members.map(({ key }) => key).join(',')} of ${change.count})`
  }
  return change.type === 'count' ? `count(${change.count})` : `${change.type}(${change.member.key})`
}

describe('ClientPresences', () => {
  it('T-45 T-48 sees the members first, and then who joins, changes and leaves', async () => {
    await withTestApplication(async (t) => {
      serving(t)
      const [ada, bob] = [connecting(t, 'ada'), connecting(t, 'bob')]
      const seat = await settled(t, ada.topic(Room, room).presence.join('Ada'))
      const watching = new Watching(ada.topic(Room, room).presence.changes())
      await t.clock.advance(10)
      const other = await settled(t, bob.topic(Room, room).presence.join('Bob'))
      await settled(t, other.update('Robert'))
      other.leave()
      await t.clock.advance(10)

      expect(seat.key).toBe('ada')
      expect(watching.short).toBe('members(ada of 1) joined(bob) updated(bob) left(bob)')
      expect(watching.changes[2]).toMatchObject({ member: { meta: { name: 'Robert' } } })
    })
  })

  it('T-46 T-47 a client that comes back within the grace is there all the time', async () => {
    await withTestApplication(async (t) => {
      serving(t)
      const [ada, bob] = [connecting(t, 'ada'), connecting(t, 'bob')]
      const watching = new Watching(ada.topic(Room, room).presence.changes())
      const seat = await settled(t, bob.topic(Room, room).presence.join('Bob'))
      t.network.reset()
      await t.clock.advance(30_000)
      expect(watching.short).toBe('members( of 0) joined(bob) members(bob of 1)')

      seat.leave()
      await t.clock.advance(10)

      expect(watching.short).toContain('left(bob)')
    })
  })

  it('T-51 counts above the listed members, and whenever only the count is wanted', async () => {
    await withTestApplication(async (t) => {
      serving(t)
      const watcher = connecting(t, 'watcher')
      const { presence } = watcher.topic(Room, room)
      const counting = new Watching(presence.changes({ mode: 'count' }))
      await t.clock.advance(10)
      for (const key of ['a', 'b', 'c']) {
        await settled(t, connecting(t, key).topic(Room, room).presence.join(key))
      }
      await t.clock.advance(1000)
      expect(counting.short).toBe('count(0) count(3)')

      const listing = new Watching(presence.changes())
      await t.clock.advance(10)

      expect(listing.short).toBe('members(a,b of 3)')
    })
  })

  it('T-53 nobody is seen, and nobody joins, where presence is not allowed', async () => {
    await withTestApplication(async (t) => {
      serving(t)
      const live = connecting(t, 'ada')
      const { presence } = live.topic(Plain, { name: 'x' })
      const watching = new Watching(presence.changes())
      const refused = presence.join().catch((error: unknown) => error)
      const denied = live
        .topic(Room, { room: 'secret' })
        .presence.join()
        .catch((error: unknown) => error)
      await t.clock.advance(10)

      expect(watching.error).toMatchObject({ reason: 'forbidden', denied: null })
      expect(await refused).toMatchObject({ reason: 'forbidden', denied: null })
      expect(await denied).toMatchObject({ denied: { code: 'members-only' } })
    })
  })

  it('T-55 a permission that ends takes the seat and the sight of the others', async () => {
    await withTestApplication(async (t) => {
      serving(t)
      const live = connecting(t, 'ada')
      const timed = { room: 'timed' }
      const watching = new Watching(live.topic(Room, timed).presence.changes())
      await settled(t, live.topic(Room, timed).presence.join('Ada'))
      const { presence } = t.application.plugin(Topics).topic(Room, timed)
      expect(await presence.count()).toBe(1)

      await t.clock.advance(6000)

      expect(watching.error).toMatchObject({ reason: 'forbidden' })
      expect(await presence.count()).toBe(0)
    })
  })

  it.each(['application', 'broker'])(
    'T-55 a permission that ends while the %s decides on a join takes the seat',
    async (slow) => {
      await withTestApplication(async (t) => {
        const log = new MemoryLog()
        t.application.install(WebSockets)
        const topics = t.application.install(Topics, { broker: memoryBroker({ log }) })
        const asked = new Deferred<void>()
        topics.allow(Named, {
          subscribe: () => ({ until: new Date(Date.now() + 5000) }),
          presence: async () => {
            if (slow === 'application') await asked.promise
            else log.delay(500)
            return { key: 'ada', meta: null, holder: 'one' }
          },
        })
        t.application.routing((route) => topics.serve(route, '/live'))
        const { presence } = connecting(t, 'ada').topic(Named)
        const watching = new Watching(presence.changes())
        await t.clock.advance(4500)
        const refused = presence.join().catch((error: unknown) => error)
        await t.clock.advance(1000)
        expect(watching.error).toMatchObject({ reason: 'forbidden' })

        asked.resolve()
        await t.clock.advance(5000)

        expect(await refused).toMatchObject({ reason: 'forbidden' })
        expect(await topics.topic(Named).presence.count()).toBe(0)
      })
    },
  )

  it('T-55 a permission may last longer than a timer of Node', async () => {
    await withTestApplication(async (t) => {
      serving(t)
      const live = connecting(t, 'ada')
      const monthly = { room: 'monthly' }
      const watching = new Watching(live.topic(Room, monthly).presence.changes())
      await settled(t, live.topic(Room, monthly).presence.join('Ada'))

      await t.clock.advance(28 * DAY_MS)

      expect(watching.error).toBeNull()
      expect(await t.application.plugin(Topics).topic(Room, monthly).presence.count()).toBe(1)
    })
  })

  it('T-58 refuses a meta that is too large, and more topics than are allowed', async () => {
    await withTestApplication(async (t) => {
      const limits: string[] = []
      serving(t).monitor.on('limitReached', ({ limit }) => limits.push(limit))
      const live = connecting(t, 'ada')
      const join = (name: string, meta: string): Promise<unknown> =>
        settled(t, live.topic(Room, { room: name }).presence.join(meta))

      await expect(join('1', 'x'.repeat(2000))).rejects.toMatchObject({ reason: 'meta' })
      await join('1', 'Ada')
      await join('2', 'Ada')
      await expect(join('3', 'Ada')).rejects.toMatchObject({ reason: 'limit' })
      expect(limits).toEqual(['maxMetaBytes', 'maxTopics'])
    })
  })

  it('joins many topics in a moment, as fast as the server allows', async () => {
    await withTestApplication(async (t) => {
      t.application.install(WebSockets)
      const topics = t.application.install(Topics, { maxSubscribesPerSecond: 5 })
      topics.allow(Plain, { subscribe: () => true, presence: () => ({ key: 'a', meta: null }) })
      t.application.routing((route) => topics.serve(route, '/live'))
      const live = connecting(t, 'ada')
      await t.clock.advance(10)
      const joins = Array.from({ length: 12 }, (_, n) =>
        live.topic(Plain, { name: `${n}` }).presence.join(),
      )
      await t.clock.advance(20_000)

      expect((await Promise.all(joins)).map(({ key }) => key)).toEqual(Array(12).fill('a'))
    })
  })

  it('a loop that has ended and a client that is closed leave nothing behind', async () => {
    await withTestApplication(async (t) => {
      serving(t)
      const live = connecting(t, 'ada')
      const changes = live.topic(Room, room).presence.changes()
      const first = changes.next()
      await t.clock.advance(10)
      expect(await first).toMatchObject({ value: { type: 'members' } })
      await changes.return?.()
      const closing = live.close()
      await t.clock.advance(10)
      await closing

      await expect(live.topic(Room, room).presence.join()).rejects.toMatchObject({
        reason: 'closed',
      })
      expect(await live.topic(Room, room).presence.changes().next()).toMatchObject({ done: true })
    })
  })

  it('does not accept what is no request of presence', async () => {
    await withTestApplication(async (t) => {
      serving(t)
      const session = await t.connect('/live', { protocols: [JSON_PROTOCOL] })
      await session.send(JSON.stringify({ type: 'hello' }))
      await session.send(JSON.stringify({ type: 'presence', id: 1, topic: 'rooms/1', mode: 'x' }))
      await t.clock.advance(10)

      expect((await session.closeReason).code).toBe(4400)
    })
  })

  it('T-59 a client whose key is taken learns it, and may take another', async () => {
    await withTestApplication(async (t) => {
      serving(t)
      const [ada, bob] = [connecting(t, 'ada'), connecting(t, 'bob')]
      const seat = await settled(t, ada.topic(Named).presence.join('name'))
      const { presence } = bob.topic(Named)

      const refused = settled(t, presence.join('name'))
      await expect(refused).rejects.toMatchObject({
        code: 'TOWPATH_SUBSCRIPTION_REFUSED',
        reason: 'taken',
      })
      seat.leave()
      await t.clock.advance(10)

      expect((await settled(t, presence.join('name'))).key).toBe('name')
    })
  })

  it('a refused update leaves the seat as it was', async () => {
    await withTestApplication(async (t) => {
      serving(t)
      const [ada, bob] = [connecting(t, 'ada'), connecting(t, 'bob')]
      await settled(t, ada.topic(Named).presence.join('first'))
      const seat = await settled(t, bob.topic(Named).presence.join('second'))
      const watching = new Watching(ada.topic(Named).presence.changes())
      await t.clock.advance(10)

      const refused = settled(t, seat.update('first'))
      await expect(refused).rejects.toMatchObject({ reason: 'taken' })
      seat.leave()
      await t.clock.advance(10)

      expect(await seat.ended).toBeNull()
      expect(watching.short).toBe('members(first,second of 2) left(second)')
    })
  })

  it('T-58 a client with 128 watches and 128 seats keeps its connection, and gets all of them again', async () => {
    await withTestApplication(async (t) => {
      const limits = new Set<string>()
      const topics = serving(t, 128)
      topics.monitor.on('limitReached', ({ limit }) => limits.add(limit))
      const live = connecting(t, 'ada')
      const rooms = Array.from({ length: 128 }, (_, n) => live.topic(Room, { room: `${n}` }))
      const watchings = rooms.map(({ presence }) => new Watching(presence.changes()))
      const joining = Promise.all(rooms.map(({ presence }) => presence.join('Ada')))
      await t.clock.advance(10_000)
      await joining
      const lists = (): number[] =>
        watchings.map(({ changes }) => changes.filter(({ type }) => type === 'members').length)
      expect(lists()).toEqual(Array(128).fill(1))

      t.network.reset()
      await t.clock.advance(20_000)

      expect(lists()).toEqual(Array(128).fill(2))
      const counts = rooms.map((_, n) => topics.topic(Room, { room: `${n}` }).presence.count())
      expect(await Promise.all(counts)).toEqual(Array(128).fill(1))
      expect(limits).toEqual(new Set(['maxSubscribesPerSecond']))
    })
  })

  it('T-60 a client that comes back too late learns that its seat has ended', async () => {
    await withTestApplication(async (t) => {
      serving(t)
      const ada = connecting(t, 'ada', 30_000)
      const seat = await settled(t, ada.topic(Named).presence.join('name'))

      t.network.reset()
      await t.clock.advance(12_000)
      await settled(t, connecting(t, 'bob').topic(Named).presence.join('name'))
      await t.clock.advance(20_000)

      expect(await settled(t, seat.ended)).toMatchObject({ reason: 'taken' })
    })
  })
})

async function settled<T>(t: TestApplication, promise: Promise<T>): Promise<T> {
  promise.catch(() => {
    // Returned below.
  })
  await t.clock.advance(20)
  return promise
}
