import { afterEach, describe, expect, it, vi } from 'vitest'
import { Deferred, TimerWheel } from '../../../src/base/internal.ts'
import { withTestApplication } from '../../../src/testing/index.ts'
import { defineTopic, Denied, memoryBroker, MemoryLog } from '../../../src/topics/index.ts'
import { WireFeed } from '../../../src/topics/wire/wire-feed.ts'
import {
  Closed,
  ENCODINGS,
  Inbox,
  Plain,
  Room,
  serving,
  Speaking,
} from '../../support/topics-speaking.ts'
import { sparseBroker } from '../../support/sparse-broker.ts'

const Slow = defineTopic('slow/:name')
const Silent = defineTopic('silent/:name')
const Renewed = defineTopic('renewed/:name')

describe.each(ENCODINGS)('WireSubscriptions in %s', (encoding) => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  it('says where a subscription begins, and brings events with their offsets', async () => {
    await withTestApplication(async (t) => {
      const topics = serving(t)
      const client = await Speaking.begin(t, encoding)
      const topic = topics.topic(Room, { room: '1' })
      await topic.publish('before')

      const subscribed = await client.ask({
        type: 'subscribe',
        id: 1,
        from: 'now',
        topic: 'rooms/1',
      })
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
      expect(await client.hear()).toMatchObject({
        offset: 3,
        bytes: encoding === 'json' ? 'AQID' : new Uint8Array([1, 2, 3]),
      })
    })
  })

  it('T-11 resumes all topics of hello at once, and says whether nothing is missing', async () => {
    await withTestApplication(async (t) => {
      const topics = serving(t)
      const topic = topics.topic(Room, { room: '1' })
      for (const event of ['one', 'two']) await topic.publish(event)
      const { epoch } = await topic.position()
      const client = await Speaking.connect(t, encoding)

      await client.say({
        type: 'hello',
        topics: [
          { topic: 'rooms/1', epoch, offset: 1, away: 10 },
          { topic: 'rooms/2', epoch: 'another', offset: 7 },
        ],
      })

      const said = []
      for (let count = 0; count < 7; count++) said.push(await client.hear())
      expect(said[0]).toMatchObject({ type: 'welcome', limits: { unanswered: 32 } })
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

  it('T-53 T-54 what is not allowed, not there, or without a kind is refused alike', async () => {
    await withTestApplication(async (t) => {
      const topics = serving(t)
      topics.allow(Silent, { subscribe: () => true, publish: () => false })
      topics.topic(Closed, { name: 'x' })
      const client = await Speaking.begin(t, encoding)

      const refusals = []
      for (const topic of ['rooms/forbidden', 'closed/x', 'nothing/x']) {
        const subscribe = await client.ask({ type: 'subscribe', id: 1, from: 'now', topic })
        refusals.push({ ...subscribe, topic: null })
      }
      const publishes = []
      for (const topic of ['silent/x', 'closed/x', 'nothing/x']) {
        const publish = await client.ask({ type: 'publish', id: 1, topic, seq: 1, data: 1 })
        // The name is the client's own.
        publishes.push({
          ...publish,
          topic: null,
          message: String(publish['message']).replace(topic, ''),
        })
      }

      const refused = { type: 'error', id: 1, topic: null, code: 'forbidden' }
      expect(new Set(refusals.map((each) => JSON.stringify(each))).size).toBe(1)
      expect(refusals[0]).toMatchObject(refused)
      expect(new Set(publishes.map((each) => JSON.stringify(each))).size).toBe(1)
      expect(publishes[0]).toMatchObject(refused)
    })
  })

  it('tells what the application says beside a refusal', async () => {
    await withTestApplication(async (t) => {
      serving(t)
      const client = await Speaking.begin(t, encoding)

      expect(
        await client.ask({ type: 'subscribe', id: 1, from: 'now', topic: 'rooms/secret' }),
      ).toMatchObject({
        code: 'forbidden',
        denied: { code: 'members-only', message: 'Join first' },
      })
    })
  })

  it('T-55 a permission ends at its moment, and a renewed token is asked again', async () => {
    await withTestApplication(async (t) => {
      serving(t)
      const client = await Speaking.begin(t, encoding)
      await client.ask({ type: 'subscribe', id: 1, from: 'now', topic: 'rooms/timed' })
      await client.hear()

      await t.clock.advance(4500)
      expect(client.session.incoming.tryReceive()).toMatchObject({ type: 'empty' })
      await t.clock.advance(501)
      expect(await client.hear()).toMatchObject({ type: 'denied', topic: 'rooms/timed' })

      await client.ask({ type: 'subscribe', id: 2, from: 'now', topic: 'rooms/timed' })
      await client.hear()
      await client.say({ type: 'token', token: 'long' })
      await t.clock.advance(60_000)
      expect(await client.ask({ type: 'unsubscribe', id: 3, topic: 'rooms/timed' })).toMatchObject({
        type: 'unsubscribed',
      })
    })
  })

  it('T-55 a renewed token that is refused ends the subscription at once', async () => {
    await withTestApplication(async (t) => {
      const topics = serving(t)
      const refused = new Denied('expired', 'Log in again')
      topics.allow(Renewed, {
        subscribe: ({ client }) =>
          client.token === 'bad' ? refused : { until: new Date(Date.now() + 3_600_000) },
      })
      const topic = topics.topic(Renewed, { name: 'x' })
      const client = await Speaking.begin(t, encoding, { token: 'good' })
      await client.ask({ type: 'subscribe', id: 1, from: 'now', topic: 'renewed/x' })
      await client.hear()
      await client.say({ type: 'token', token: 'other' })
      await topic.publish('seen')
      expect(await client.hear()).toMatchObject({ type: 'event', data: 'seen' })

      await client.say({ type: 'token', token: 'bad' })

      expect(await client.hear()).toEqual({
        type: 'denied',
        topic: 'renewed/x',
        code: 'expired',
        message: 'Log in again',
      })
      expect(topic.here).toBe(0)
    })
  })

  it('a permission that comes after the end of the session keeps no timer', async () => {
    await withTestApplication(async (t) => {
      const permission = new Deferred<{ until: Date }>()
      serving(t).allow(Slow, { subscribe: () => permission.promise })
      const client = await Speaking.begin(t, encoding)
      await client.say({ type: 'subscribe', id: 1, from: 'now', topic: 'slow/1' })
      await t.settle()
      client.session.terminate()
      await t.settle()
      const timers = vi.spyOn(TimerWheel.prototype, 'schedule')

      permission.resolve({ until: new Date(Date.now() + 3_600_000) })
      await t.settle()

      expect(timers).not.toHaveBeenCalled()
      timers.mockRestore()
    })
  })

  it('holds nothing of subscriptions that end before their first item', async () => {
    await withTestApplication(async (t) => {
      const log = new MemoryLog()
      const topics = serving(t, { broker: memoryBroker({ log }) })
      const begun = vi.spyOn(WireFeed.prototype, 'begin')
      const forgotten = vi.spyOn(WireFeed.prototype, 'forget')
      const topic = topics.topic(Room, { room: '1' })
      for (let n = 1; n <= 3; n++) await topic.publish(n)
      const client = await Speaking.begin(t, encoding)
      // The topic is followed before the broker falls silent: only the page of the log is missing.
      void topic.events().next()
      await t.settle()
      log.pause()
      const request = { type: 'subscribe', topic: 'rooms/1', from: 'start' }
      for (let id = 1; id <= 3; id++) {
        await client.say({ ...request, id })
        await t.settle()
        await client.say({ type: 'unsubscribe', id: 9, topic: 'rooms/1' })
        await t.settle()
      }

      expect(new Set(begun.mock.calls.map(([each]) => each)).size).toBe(3)
      const [ended, started] = [forgotten, begun].map(({ mock }) =>
        mock.calls.map(([each]) => each),
      )
      expect(ended).toEqual(started)
    })
  })

  it('lets the application subscribe a client to topics of its own', async () => {
    await withTestApplication(async (t) => {
      const topics = serving(
        t,
        {},
        { connected: (client) => client.subscribe(Inbox, { user: 'ada' }) },
      )
      const client = await Speaking.begin(t, encoding)

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

  it('T-05 a client may leave a topic of the application, and subscribe to it again', async () => {
    await withTestApplication(async (t) => {
      serving(t, {}, { connected: (client) => client.subscribe(Inbox, { user: 'ada' }) })
      const client = await Speaking.begin(t, encoding)
      const topic = 'inboxes/ada'
      await client.hear() // subscribed
      await client.hear() // live
      for (const id of [1, 3]) {
        const subscribed = await client.ask({ type: 'subscribe', id, topic, from: 'now' })
        expect(subscribed).toMatchObject({ type: 'subscribed', id, topic })
        await client.hear() // live
        await client.ask({ type: 'unsubscribe', id: id + 1, topic })
      }
    })
  })

  it('T-55 the end of a permission ends the subscription of the application too', async () => {
    await withTestApplication(async (t) => {
      const topics = serving(
        t,
        {},
        { connected: (client) => client.subscribe(Renewed, { name: 'x' }) },
      )
      topics.allow(Renewed, {
        subscribe: ({ client }) =>
          client.token === 'good' && { until: new Date(Date.now() + 5000) },
      })
      const client = await Speaking.begin(t, encoding, { token: 'good' })
      const topic = 'renewed/x'
      await client.hear() // subscribed
      await client.hear() // live
      await client.ask({ type: 'subscribe', id: 1, topic, from: 'now' })
      await client.hear() // live
      expect(await client.ask({ type: 'token', token: 'bad' })).toMatchObject({ type: 'denied' })

      expect(await client.ask({ type: 'subscribe', id: 2, topic, from: 'now' })).toMatchObject({
        id: 2,
        code: 'forbidden',
      })
    })
  })

  it('T-06 a topic without history has events without an offset', async () => {
    await withTestApplication(async (t) => {
      const topics = serving(t)
      const client = await Speaking.begin(t, encoding)
      expect(
        await client.ask({ type: 'subscribe', id: 1, topic: 'plain/x', from: 'now' }),
      ).toMatchObject({ type: 'subscribed', epoch: null, offset: null })
      await client.hear()

      await topics.topic(Plain, { name: 'x' }).publish('hello')

      expect(await client.hear()).toMatchObject({ topic: 'plain/x', offset: null, data: 'hello' })
    })
  })

  it('reads pages of the history, forward and backward, without a subscription', async () => {
    await withTestApplication(async (t) => {
      const topics = serving(t)
      const topic = topics.topic(Room, { room: '1' })
      for (let n = 1; n <= 9; n++) await topic.publish(n)
      const { epoch } = await topic.position()
      const client = await Speaking.begin(t, encoding)
      const page = async (
        from: unknown,
        before: number | null,
        limit: number,
      ): Promise<unknown> => {
        const request = { type: 'history', id: 1, topic: 'rooms/1', from, before, limit }
        const answer = await client.ask(request)
        expect(answer).toMatchObject({ type: 'history', id: 1, topic: 'rooms/1', epoch, head: 9 })
        const { events, complete } = answer as {
          events: Array<{ offset: number }>
          complete: boolean
        }
        return [events.map(({ offset }) => offset).join(' '), complete]
      }

      expect(await page('start', null, 3)).toEqual(['1 2 3', true])
      expect(await page({ epoch, offset: 3 }, null, 3)).toEqual(['4 5 6', true])
      expect(await page({ last: 2 }, null, 100)).toEqual(['8 9', true])
      expect(await page({ last: 2 }, 8, 100)).toEqual(['6 7', true])
      expect(await page({ epoch: 'another', offset: 3 }, null, 2)).toEqual(['1 2', false])
      expect(await page({ epoch, offset: 99 }, null, 2)).toEqual(['1 2', false])
    })
  })

  it('T-58 each read of the log for a page of the newest events counts against the rate', async () => {
    await withTestApplication(async (t) => {
      const broker = sparseBroker(memoryBroker(), 20)
      const topics = serving(t, { broker, maxSubscribesPerSecond: 5 })
      for (let n = 1; n <= 100; n++) await topics.topic(Room, { room: '1' }).publish(n)
      const client = await Speaking.begin(t, encoding)
      const page = { type: 'history', topic: 'rooms/1', from: { last: 1 }, before: null, limit: 1 }

      // Five reads of 20 events.
      expect(await client.ask({ ...page, id: 1 })).toMatchObject({ type: 'history', id: 1 })
      expect(await client.ask({ ...page, id: 2 })).toMatchObject({ id: 2, code: 'rate' })
    })
  })

  it('T-54 the history of a forbidden topic and of one that does not exist are refused alike', async () => {
    await withTestApplication(async (t) => {
      serving(t)
      const client = await Speaking.begin(t, encoding)
      const refused = []
      for (const topic of ['rooms/forbidden', 'closed/x', 'nothing/x', 'plain/x']) {
        const request = { type: 'history', id: 1, topic, from: 'start', before: null, limit: 1 }
        refused.push(JSON.stringify({ ...(await client.ask(request)), topic: null }))
      }

      expect(new Set(refused).size).toBe(1)
      expect(refused[0]).toContain('forbidden')
    })
  })

  it('refuses a history for now while the broker is down', async () => {
    await withTestApplication(async (t) => {
      const log = new MemoryLog()
      serving(t, { broker: memoryBroker({ log }) })
      const client = await Speaking.begin(t, encoding)
      log.cut()
      expect(await client.hear()).toMatchObject({ type: 'broker' })

      expect(
        await client.ask({
          type: 'history',
          id: 1,
          topic: 'rooms/1',
          from: 'start',
          before: null,
          limit: 1,
        }),
      ).toMatchObject({ type: 'error', id: 1, code: 'unavailable', retryAfter: 1000 })
    })
  })
})
