import { describe, expect, it } from 'vitest'
import { Deferred } from '../../../src/base/internal.ts'
import { WebSockets } from '../../../src/index.ts'
import { type TestApplication, withTestApplication } from '../../../src/testing/index.ts'
import {
  defineTopic,
  Denied,
  memoryBroker,
  MemoryLog,
  Topics,
  type TopicsOfProcess,
  type TopicsOptions,
} from '../../../src/topics/index.ts'
import { ENCODINGS, type Message, Speaking } from '../../support/topics-speaking.ts'

const Room = defineTopic('rooms/:room', { presence: { listed: 2 } })
const Unseen = defineTopic('unseen/:name', { presence: {} })
const Closed = defineTopic('closed/:name', { presence: {} })
const Hall = defineTopic('halls/:hall', { presence: {} })
const room = { room: '1' }

/**
 * Topics at `/live`. The meta of `join` is the key of the client, and what it says of itself. In
 * the room `reserved` the token is the holder of the key; `slow` waits for `permission`.
 */
function serving(
  t: TestApplication,
  options: TopicsOptions = {},
  permission: Promise<void> = Promise.resolve(),
): TopicsOfProcess {
  t.application.install(WebSockets)
  const topics = t.application.install(Topics, options)
  topics.allow(Room, {
    subscribe({ parameters, client }) {
      if (parameters.room === 'forbidden') return false
      if (parameters.room !== 'timed') return true
      return client.token === 'bad' ? false : { until: new Date(Date.now() + 3_600_000) }
    },
    async presence({ client, meta, parameters }) {
      if (parameters.room === 'slow') await permission
      if (parameters.room === 'forbidden') return false
      if (parameters.room === 'members') return new Denied('members-only', 'Join first')
      const [key = ''] = String(meta).split(' ')
      const holder = parameters.room === 'reserved' ? { holder: client.token ?? '' } : {}
      return { key, meta: String(meta), ...holder }
    },
  })
  topics.allow(Unseen, { subscribe: () => true })
  topics.allow(Hall, { subscribe: () => true, presence: () => ({ key: 'client', meta: null }) })
  topics.topic(Closed, { name: 'x' })
  t.application.routing((route) => topics.serve(route, '/live'))
  return topics
}

const watch = (id: number, topic: string, mode = 'full'): Message => ({
  type: 'presence',
  id,
  topic,
  mode,
})
const join = (id: number, topic: string, meta: string): Message => ({
  type: 'join',
  id,
  topic,
  meta,
})

/** The next messages, without their topic. */
async function hear(client: Speaking, count: number): Promise<Message[]> {
  const heard: Message[] = []
  while (heard.length < count) {
    const { topic: _topic, ...message } = await client.hear()
    heard.push(message)
  }
  return heard
}

describe.each(ENCODINGS)('WirePresence in %s', (encoding) => {
  it('T-48 answers a watch, then brings the members and every change', async () => {
    await withTestApplication(async (t) => {
      serving(t)
      const [ada, bob] = [await Speaking.begin(t, encoding), await Speaking.begin(t, encoding)]
      expect(await ada.ask(join(1, 'rooms/1', 'ada'))).toMatchObject({ type: 'done', key: 'ada' })

      await ada.say(watch(2, 'rooms/1'))
      expect(await hear(ada, 2)).toMatchObject([
        { type: 'done', id: 2 },
        { type: 'members', members: [{ key: 'ada', meta: 'ada' }], count: 1 },
      ])
      await bob.ask(join(1, 'rooms/1', 'bob'))
      await bob.ask(join(2, 'rooms/1', 'bob again'))
      await bob.ask({ type: 'leave', id: 3, topic: 'rooms/1' })

      expect(await hear(ada, 3)).toMatchObject([
        { type: 'joined', member: { key: 'bob', meta: 'bob' } },
        { type: 'updated', member: { key: 'bob', meta: 'bob again' } },
        { type: 'left', member: { key: 'bob' } },
      ])
    })
  })

  it('brings counts alone in the mode count, and nothing after off', async () => {
    await withTestApplication(async (t) => {
      serving(t)
      const [ada, bob] = [await Speaking.begin(t, encoding), await Speaking.begin(t, encoding)]
      await ada.say(watch(1, 'rooms/1', 'count'))
      expect(await hear(ada, 2)).toMatchObject([{ type: 'done' }, { type: 'count', count: 0 }])
      await bob.ask(join(1, 'rooms/1', 'bob'))
      await t.clock.advance(1000)
      expect(await hear(ada, 1)).toMatchObject([{ type: 'count', count: 1 }])

      expect(await ada.ask(watch(2, 'rooms/1', 'off'))).toMatchObject({ type: 'done', id: 2 })
      await bob.ask({ type: 'leave', id: 2, topic: 'rooms/1' })
      await t.clock.advance(5000)

      expect(await ada.ask(watch(3, 'rooms/1', 'off'))).toMatchObject({ type: 'done', id: 3 })
    })
  })

  it('a member that changes its key has left under the old one', async () => {
    await withTestApplication(async (t) => {
      const { presence } = serving(t).topic(Room, room)
      const client = await Speaking.begin(t, encoding)
      await client.ask(join(1, 'rooms/1', 'ada'))
      await client.ask(join(2, 'rooms/1', 'eve'))

      expect((await presence.list()).members.map(({ key }) => key)).toEqual(['eve'])
    })
  })

  it('joins and leaves happen in the order in which they came', async () => {
    await withTestApplication(async (t) => {
      const permission = new Deferred<void>()
      const { presence } = serving(t, {}, permission.promise).topic(Room, { room: 'slow' })
      const client = await Speaking.begin(t, encoding)
      await client.say(join(1, 'rooms/slow', 'ada'))
      await client.say({ type: 'leave', id: 2, topic: 'rooms/slow' })
      await t.settle()
      permission.resolve()

      expect((await hear(client, 2)).map(({ id }) => id)).toEqual([1, 2])
      expect(await presence.count()).toBe(0)
    })
  })

  it('T-53 T-54 a kind without presence, a forbidden topic and an unknown one are refused alike', async () => {
    await withTestApplication(async (t) => {
      serving(t)
      const client = await Speaking.begin(t, encoding)
      for (const request of [watch(1, ''), join(1, '', 'ada')]) {
        const refused: string[] = []
        for (const topic of ['rooms/forbidden', 'unseen/x', 'closed/x', 'nothing/x']) {
          const answer = await client.ask({ ...request, topic })
          expect(answer).toMatchObject({ type: 'error', id: 1, topic, code: 'forbidden' })
          refused.push(JSON.stringify({ ...answer, topic: null }))
        }
        expect(new Set(refused).size).toBe(1)
      }
      expect(await client.ask(join(1, 'rooms/members', 'ada'))).toMatchObject({
        code: 'forbidden',
        denied: { code: 'members-only', message: 'Join first' },
      })
    })
  })

  it('T-55 a renewed token that is refused ends the watch and the seat at once', async () => {
    await withTestApplication(async (t) => {
      const { presence } = serving(t).topic(Room, { room: 'timed' })
      const client = await Speaking.begin(t, encoding, { token: 'good' })
      await client.say(watch(1, 'rooms/timed'))
      await hear(client, 2)
      await client.ask(join(2, 'rooms/timed', 'ada'))
      await hear(client, 1)
      await client.say({ type: 'token', token: 'other' })
      await t.settle()
      expect(await presence.count()).toBe(1)

      await client.say({ type: 'token', token: 'bad' })

      expect(await client.hear()).toMatchObject({ type: 'denied', topic: 'rooms/timed' })
      expect(await presence.count()).toBe(0)
    })
  })

  it('T-58 refuses more watches and seats than are allowed, and a meta that is too large', async () => {
    await withTestApplication(async (t) => {
      const limits: string[] = []
      const topics = serving(t, { maxTopics: 1, maxMetaBytes: 20 })
      topics.monitor.on('limitReached', ({ limit }) => limits.push(limit))
      const client = await Speaking.begin(t, encoding)
      await client.say(watch(1, 'rooms/1'))
      await hear(client, 2)
      expect(await client.ask(watch(2, 'rooms/2'))).toMatchObject({ id: 2, code: 'limit' })
      await client.ask(join(3, 'rooms/3', 'ada'))
      expect(await client.ask(join(4, 'rooms/4', 'ada'))).toMatchObject({ id: 4, code: 'limit' })
      const long = join(5, 'rooms/3', `ada ${'x'.repeat(20)}`)
      expect(await client.ask(long)).toMatchObject({ id: 5, code: 'size' })

      expect(limits).toEqual(['maxTopics', 'maxTopics', 'maxMetaBytes'])
    })
  })

  it('T-58 a large list of members counts against the rate of requests', async () => {
    await withTestApplication(async (t) => {
      const limits: string[] = []
      const topics = serving(t, { maxMetaBytes: 1 << 20, maxSubscribesPerSecond: 5 })
      topics.monitor.on('limitReached', ({ limit }) => limits.push(limit))
      const client = await Speaking.begin(t, encoding)
      await client.ask(join(1, 'rooms/1', `ada ${'x'.repeat(200_000)}`))
      await client.say(watch(2, 'rooms/1'))
      await hear(client, 2)

      // A join, a watch, and three times 64 KiB of the list.
      expect(await client.ask(watch(3, 'rooms/1', 'off'))).toMatchObject({ id: 3, code: 'rate' })
      expect(limits).toEqual(['maxSubscribesPerSecond'])
    })
  })

  it('T-51 T-58 1000 members with metas of 1 KiB are a sample that a client receives, and counts', async () => {
    await withTestApplication(async (t) => {
      const { presence } = serving(t).topic(Hall, { hall: '1' })
      const joined = new Deferred<void>()
      t.application.routing((route) => {
        route.webSocket('/crowd', async (session) => {
          const keys = Array.from({ length: 1000 }, (_, n) => `${n}`.padStart(255, 'k'))
          await Promise.all(keys.map((key) => presence.join(session, key, 'x'.repeat(1022))))
          joined.resolve()
          await session.closed
        })
      })
      await t.connect('/crowd')
      await joined.promise
      const client = await Speaking.begin(t, encoding)

      await client.say(watch(1, 'halls/1'))
      const [, list] = await hear(client, 2)
      expect(list).toMatchObject({ type: 'members', count: 1000 })
      const size = Buffer.byteLength(JSON.stringify(list))
      expect(size).toBeGreaterThan(500 * 1024)
      expect(size).toBeLessThan(513 * 1024)
      await client.ask(join(2, 'halls/1', ''))
      await t.clock.advance(1000)

      expect(await hear(client, 1)).toMatchObject([{ type: 'count', count: 1001 }])
    })
  })

  it('T-59 T-61 refuses a key that is taken, and for now while the broker is down', async () => {
    await withTestApplication(async (t) => {
      const log = new MemoryLog()
      serving(t, { broker: memoryBroker({ log }) })
      const ada = await Speaking.begin(t, encoding, { token: 'ada' })
      const eve = await Speaking.begin(t, encoding, { token: 'eve' })
      await ada.ask(join(1, 'rooms/reserved', 'name'))
      expect(await eve.ask(join(1, 'rooms/reserved', 'name'))).toMatchObject({
        id: 1,
        code: 'taken',
      })
      log.cut()
      expect(await eve.hear()).toMatchObject({ type: 'broker', state: 'down' })

      expect(await eve.ask(join(2, 'rooms/reserved', 'other'))).toMatchObject({
        id: 2,
        code: 'unavailable',
        retryAfter: 1000,
      })
    })
  })

  it('T-46 the seats of a connection that breaks count for the grace', async () => {
    await withTestApplication(async (t) => {
      const { presence } = serving(t).topic(Room, room)
      const client = await Speaking.begin(t, encoding)
      await client.ask(join(1, 'rooms/1', 'ada'))
      client.session.terminate()
      await t.clock.advance(9900)
      expect(await presence.count()).toBe(1)
      await t.clock.advance(200)

      expect(await presence.count()).toBe(0)
    })
  })
})
