import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Frame, WebSockets } from '../../../src/index.ts'
import {
  type TestApplication,
  type TestSession,
  withTestApplication,
} from '../../../src/testing/index.ts'
import {
  defineTopic,
  Denied,
  Topics,
  type TopicsOfProcess,
  type TopicsOptions,
} from '../../../src/topics/index.ts'
import { JSON_PROTOCOL } from '../../../src/topics/wire/messages.ts'
import type { ServeOptions } from '../../../src/topics/wire/wire-session.ts'

const history = { size: 100, age: 600_000 }
const Room = defineTopic('rooms/:room', { history })
const Closed = defineTopic('closed/:name', { history })
const Inbox = defineTopic('inboxes/:user', { history })
const PROTOCOLS = { protocols: [JSON_PROTOCOL] }

type Message = Record<string, unknown>

function serving(
  t: TestApplication,
  options: TopicsOptions = {},
  serve: ServeOptions = {},
): TopicsOfProcess {
  t.application.install(WebSockets)
  const topics = t.application.install(Topics, options)
  topics.allow(Room, {
    subscribe: ({ parameters, client }) => {
      if (parameters.room === 'secret') return new Denied('members-only', 'Join first')
      if (parameters.room === 'timed') {
        return client.token === 'long' || { until: new Date(Date.now() + 5000) }
      }
      return parameters.room !== 'forbidden'
    },
    publish: ({ parameters, event, client }) =>
      parameters.room === 'stamped'
        ? { event: { by: client.id, text: JSON.stringify(event) } }
        : true,
  })
  t.application.routing((route) => topics.serve(route, '/live', serve))
  return topics
}

/** A client that speaks the protocol by hand. */
class Speaking {
  readonly session: TestSession
  readonly #t: TestApplication

  constructor(session: TestSession, t: TestApplication) {
    this.session = session
    this.#t = t
  }

  async say(message: Message): Promise<void> {
    await this.session.send(JSON.stringify(message))
  }

  async hear(): Promise<Message> {
    const received = this.session.incoming.receive()
    await this.#t.clock.advance(1)
    const frame = await received
    if (!(frame instanceof Frame.Text)) throw new Error('Cannot hear: no text')
    return JSON.parse(frame.readText()) as Message // of the server
  }

  async ask(message: Message): Promise<Message> {
    await this.say(message)
    return this.hear()
  }

  async code(): Promise<number> {
    await this.#t.clock.advance(1)
    return (await this.session.closeReason).code
  }
}

async function speaking(t: TestApplication, hello: Message = {}): Promise<Speaking> {
  const client = new Speaking(await t.connect('/live', PROTOCOLS), t)
  expect(await client.ask({ type: 'hello', ...hello })).toMatchObject(WELCOME)
  return client
}

const WELCOME = { type: 'welcome', features: ['presence'], limits: { unanswered: 32 } }

describe('WireSession', () => {
  it('says where a subscription begins, and brings events with their offsets', async () => {
    await withTestApplication(async (t) => {
      const topics = serving(t)
      const client = await speaking(t)
      const topic = topics.topic(Room, { room: '1' })
      await topic.publish('before')

      const subscribed = await client.ask({ type: 'subscribe', id: 1, topic: 'rooms/1' })
      expect(subscribed).toMatchObject({
        type: 'subscribed',
        id: 1,
        topic: 'rooms/1',
        offset: 1,
        resumed: false,
      })
      expect(await client.hear()).toEqual({ type: 'live', topic: 'rooms/1' })
      await topic.publish({ text: 'ä' }, { key: 'k' })
      await topic.publish(new Uint8Array([1, 2, 3]))

      expect(await client.hear()).toMatchObject({
        type: 'event',
        topic: 'rooms/1',
        offset: 2,
        key: 'k',
        data: { text: 'ä' },
      })
      expect(await client.hear()).toMatchObject({ offset: 3, bytes: 'AQID' })
    })
  })

  it('T-11 resumes all topics of hello at once, and says whether nothing is missing', async () => {
    await withTestApplication(async (t) => {
      const topics = serving(t)
      const topic = topics.topic(Room, { room: '1' })
      for (const event of ['one', 'two']) await topic.publish(event)
      const { epoch } = await topic.position()
      const client = new Speaking(await t.connect('/live', PROTOCOLS), t)

      await client.say({
        type: 'hello',
        topics: [
          { topic: 'rooms/1', epoch, offset: 1, away: 10 },
          { topic: 'rooms/2', epoch: 'another', offset: 7 },
        ],
      })

      const said = []
      for (let count = 0; count < 7; count++) said.push(await client.hear())
      expect(said[0]).toMatchObject(WELCOME)
      expect(said.filter((each) => each['topic'] === 'rooms/1')).toMatchObject([
        { type: 'subscribed', id: null, epoch, offset: 1, resumed: true },
        { type: 'event', offset: 2 },
        { type: 'live' },
      ])
      expect(said.filter((each) => each['topic'] === 'rooms/2')).toMatchObject([
        { type: 'subscribed', resumed: false },
        { type: 'gap', reason: 'epoch', after: 7 },
        { type: 'live' },
      ])
    })
  })

  it('T-20 T-23 a publish of the same client and number is stored once, over all connections', async () => {
    await withTestApplication(async (t) => {
      const topics = serving(t)
      const first = new Speaking(await t.connect('/live', PROTOCOLS), t)
      const { client } = await first.ask({ type: 'hello' })
      const second = await speaking(t, { client })
      const publish = { type: 'publish', topic: 'rooms/1', seq: 1, data: 'once' }

      expect(await first.ask({ ...publish, id: 5 })).toMatchObject({
        type: 'published',
        id: 5,
        offset: 1,
        duplicate: false,
      })
      expect(await second.ask({ ...publish, id: 9 })).toMatchObject({
        type: 'published',
        id: 9,
        offset: 1,
        duplicate: true,
      })
      expect((await topics.topic(Room, { room: '1' }).position()).offset).toBe(1)
    })
  })

  it('a client that cannot prove its name gets another', async () => {
    await withTestApplication(async (t) => {
      serving(t)
      const first = new Speaking(await t.connect('/live', PROTOCOLS), t)
      const { client } = await first.ask({ type: 'hello' })
      const forged = `${String(client).split('.')[0]}.AAAA`
      const second = new Speaking(await t.connect('/live', PROTOCOLS), t)

      const welcome = await second.ask({ type: 'hello', client: forged })

      expect(String(welcome['client']).split('.')[0]).not.toBe(String(client).split('.')[0])
    })
  })

  it('the version of the server is stored, and the publisher is told', async () => {
    await withTestApplication(async (t) => {
      serving(t)
      const client = await speaking(t)
      await client.ask({ type: 'subscribe', id: 1, topic: 'rooms/stamped' })
      await client.hear()

      await client.say({ type: 'publish', id: 2, topic: 'rooms/stamped', seq: 1, data: 'x' })
      const said = [await client.hear(), await client.hear()]
      const event = said.find(({ type }) => type === 'event')

      expect(event).toMatchObject({ data: { text: '"x"' } })
      const { publisher, data } = event as { publisher: string; data: { by: string } } // as above
      expect(data.by).toBe(publisher)
    })
  })

  it('T-53 T-54 what is not allowed, not there, or without a kind is refused alike', async () => {
    await withTestApplication(async (t) => {
      const topics = serving(t)
      topics.topic(Closed, { name: 'x' })
      const client = await speaking(t)

      const refusals = []
      for (const topic of ['rooms/forbidden', 'closed/x', 'nothing/x']) {
        const subscribe = await client.ask({ type: 'subscribe', id: 1, topic })
        refusals.push({ ...subscribe, topic: null })
      }
      const publishes = []
      for (const topic of ['closed/x', 'nothing/x']) {
        const publish = await client.ask({ type: 'publish', id: 1, topic, seq: 1, data: 1 })
        publishes.push({ ...publish, topic: null, message: null })
      }

      const refused = { type: 'error', id: 1, topic: null, code: 'forbidden' }
      expect(new Set(refusals.map((each) => JSON.stringify(each))).size).toBe(1)
      expect(refusals[0]).toMatchObject(refused)
      expect(new Set(publishes.map((each) => JSON.stringify(each))).size).toBe(1)
    })
  })

  it('tells what the application says beside a refusal', async () => {
    await withTestApplication(async (t) => {
      serving(t)
      const client = await speaking(t)

      expect(await client.ask({ type: 'subscribe', id: 1, topic: 'rooms/secret' })).toMatchObject({
        code: 'forbidden',
        denied: { code: 'members-only', message: 'Join first' },
      })
    })
  })

  it('T-55 a permission ends at its moment, and a renewed token is asked again', async () => {
    await withTestApplication(async (t) => {
      serving(t)
      const client = await speaking(t)
      await client.ask({ type: 'subscribe', id: 1, topic: 'rooms/timed' })
      await client.hear()

      await t.clock.advance(5001)
      expect(await client.hear()).toMatchObject({ type: 'denied', topic: 'rooms/timed' })

      await client.ask({ type: 'subscribe', id: 2, topic: 'rooms/timed' })
      await client.hear()
      await client.say({ type: 'token', token: 'long' })
      await t.clock.advance(60_000)
      expect(await client.ask({ type: 'unsubscribe', id: 3, topic: 'rooms/timed' })).toMatchObject({
        type: 'unsubscribed',
      })
    })
  })

  it('T-27 T-32 the state of the broker is told, and no session is closed for it', async () => {
    await withTestApplication(async (t) => {
      const { memoryBroker, MemoryLog } = await import('../../../src/topics/index.ts')
      const log = new MemoryLog()
      serving(t, { broker: memoryBroker({ log }) })
      const client = await speaking(t)

      log.cut()
      expect(await client.hear()).toEqual({ type: 'broker', state: 'down' })
      expect(
        await client.ask({ type: 'publish', id: 1, topic: 'rooms/1', seq: 1, data: 1 }),
      ).toMatchObject({ code: 'unavailable', retryAfter: 1000 })
      // A later number would otherwise be stored before the one that was refused.
      expect(
        await client.ask({ type: 'publish', id: 2, topic: 'rooms/1', seq: 2, data: 2 }),
      ).toMatchObject({ code: 'order', retryAfter: 0 })
      log.mend()
      expect(await client.hear()).toEqual({ type: 'broker', state: 'up' })
      expect(
        await client.ask({ type: 'publish', id: 2, topic: 'rooms/1', seq: 1, data: 1 }),
      ).toMatchObject({ type: 'published', offset: 1 })
    })
  })

  it('T-58 every limit has its error and its event', async () => {
    await withTestApplication(async (t) => {
      const topics = serving(t, {
        maxTopics: 2,
        maxSubscribesPerSecond: 4,
        maxEventBytes: 10,
        maxPublishesPerSecond: 2,
      })
      const limits: string[] = []
      topics.monitor.on('limitReached', ({ limit }) => limits.push(limit))
      const client = await speaking(t)

      for (const topic of ['rooms/a', 'rooms/b']) {
        await client.ask({ type: 'subscribe', id: 1, topic })
        await client.hear()
      }
      expect(await client.ask({ type: 'subscribe', id: 1, topic: 'rooms/c' })).toMatchObject({
        code: 'limit',
      })
      await client.ask({ type: 'subscribe', id: 1, topic: 'rooms/c' })
      expect(await client.ask({ type: 'subscribe', id: 1, topic: 'rooms/c' })).toMatchObject({
        code: 'rate',
      })
      const publish = { type: 'publish', id: 1, topic: 'rooms/z' }
      expect(await client.ask({ ...publish, seq: 1, data: 'x'.repeat(20) })).toMatchObject({
        code: 'size',
      })
      for (let seq = 2; seq < 5; seq++) await client.ask({ ...publish, seq, data: 1 })
      const refused = await client.ask({ ...publish, seq: 5, data: 1 })
      expect(refused).toMatchObject({ code: 'rate' })
      expect(refused['retryAfter']).toBeGreaterThan(0)

      const silent = new Speaking(await t.connect('/live', PROTOCOLS), t)
      await t.clock.advance(5000)
      expect(await silent.code()).toBe(4408)
      expect(new Set(limits)).toEqual(
        new Set([
          'maxTopics',
          'maxSubscribesPerSecond',
          'maxEventBytes',
          'maxPublishesPerSecond',
          'helloTimeout',
        ]),
      )
    })
  })

  it.each(['', 'x', '[]', '{}', '{"type":1}', '{"type":"subscribe","id":"x","topic":"rooms/1"}'])(
    'closes with 4400 for %j',
    async (text) => {
      await withTestApplication(async (t) => {
        serving(t)
        const client = await speaking(t)

        await client.session.send(text)

        expect(await client.code()).toBe(4400)
      })
    },
  )

  it('answers a message that it does not know with an error, and goes on', async () => {
    await withTestApplication(async (t) => {
      serving(t)
      const client = await speaking(t)

      expect(await client.ask({ type: 'teleport', id: 7 })).toMatchObject({
        type: 'error',
        id: 7,
        code: 'unknown',
      })
      expect(
        await client.ask({ type: 'subscribe', id: 8, topic: 'rooms/1', more: true }),
      ).toMatchObject({ type: 'subscribed' })
    })
  })

  it('closes with 4401 who may not stay, and asks again for each token', async () => {
    await withTestApplication(async (t) => {
      serving(t, {}, { authenticate: ({ token }) => token === 'good' })
      const stranger = new Speaking(await t.connect('/live', PROTOCOLS), t)
      await stranger.say({ type: 'hello' })
      expect(await stranger.code()).toBe(4401)

      const client = await speaking(t, { token: 'good' })
      await client.say({ type: 'token', token: 'bad' })
      expect(await client.code()).toBe(4401)
    })
  })

  it('lets the application subscribe a client to topics of its own', async () => {
    await withTestApplication(async (t) => {
      const topics = serving(
        t,
        {},
        { connected: (client) => client.subscribe(Inbox, { user: 'ada' }) },
      )
      const client = await speaking(t)

      expect(await client.hear()).toMatchObject({
        type: 'subscribed',
        topic: 'inboxes/ada',
        id: null,
      })
      await client.hear()
      await topics.topic(Inbox, { user: 'ada' }).publish('hello')
      expect(await client.hear()).toMatchObject({ type: 'event', data: 'hello' })
    })
  })

  it('a permission that fails after the session is over fails nothing else', async () => {
    await withTestApplication(async (t) => {
      t.application.install(WebSockets)
      const topics = t.application.install(Topics)
      let fail: (error: Error) => void = () => {}
      topics.allow(Room, {
        publish: () =>
          new Promise<boolean>((_, reject) => {
            fail = reject
          }),
      })
      t.application.routing((route) => topics.serve(route, '/live'))
      const client = await speaking(t)
      await client.say({ type: 'publish', id: 1, topic: 'rooms/1', seq: 1, data: 1 })
      await t.settle()
      client.session.terminate()
      await t.clock.advance(1000)

      fail(new Error('too late'))
      await t.settle()

      expect(t.takeFailures()).toEqual([])
    })
  })

  it('T-57 whatever clients send, nothing of the server fails', async () => {
    const topic = fc.constantFrom('rooms/1', 'rooms/*', 'closed/x', '', '../x', 'rooms/\u0000', 7)
    const id = fc.constantFrom(0, 1, 2, -1, 1.5, 'x', null)
    const position = fc.record({ epoch: fc.string(), offset: id, away: id })
    const message = fc.oneof(
      fc.string(),
      fc
        .record(
          {
            type: fc.constantFrom('hello', 'subscribe', 'unsubscribe', 'publish', 'token', 'x'),
            id,
            topic,
            seq: id,
            from: fc.oneof(fc.constantFrom('now', 'start', 'x'), fc.record({ last: id }), position),
            topics: fc.array(fc.record({ topic, epoch: fc.string(), offset: id })),
            data: fc.jsonValue(),
            key: fc.oneof(fc.string(), fc.constant(null)),
            bytes: fc.constantFrom('AAAA', '!', null),
          },
          { requiredKeys: ['type'] },
        )
        .map((each) => JSON.stringify(each)),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(message, { maxLength: 20 }), async (messages) => {
        await withTestApplication(async (t) => {
          serving(t)
          const client = await speaking(t)
          for (const each of messages) await client.session.send(each).catch(() => {})
          await t.clock.advance(10)

          expect(t.takeFailures()).toEqual([])
        })
      }),
    )
  })

  it('refuses an upgrade that does not ask for the protocol', async () => {
    await withTestApplication(async (t) => {
      serving(t)

      await expect(t.connect('/live')).rejects.toMatchObject({ status: 400 })
    })
  })
})
