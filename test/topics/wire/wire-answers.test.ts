import { describe, expect, it } from 'vitest'
import { withTestApplication } from '../../../src/testing/index.ts'
import { memoryBroker, MemoryLog } from '../../../src/topics/index.ts'
import { ENCODINGS, serving, Speaking } from '../../support/topics-speaking.ts'

describe.each(ENCODINGS)('WireAnswers in %s', (encoding) => {
  it('T-58 every limit that a client can reach has its error and its event', async () => {
    await withTestApplication(async (t) => {
      const topics = serving(t, {
        maxTopics: 2,
        maxSubscribesPerSecond: 4,
        maxEventBytes: 10,
        maxPublishesPerSecond: 2,
      })
      const limits: string[] = []
      topics.monitor.on('limitReached', ({ limit }) => limits.push(limit))
      const client = await Speaking.begin(t, encoding)

      for (const topic of ['rooms/a', 'rooms/b']) {
        await client.ask({ type: 'subscribe', id: 1, from: 'now', topic })
        await client.hear()
      }
      expect(
        await client.ask({ type: 'subscribe', id: 1, from: 'now', topic: 'rooms/c' }),
      ).toMatchObject({
        code: 'limit',
      })
      await client.ask({ type: 'subscribe', id: 1, from: 'now', topic: 'rooms/c' })
      expect(
        await client.ask({ type: 'subscribe', id: 1, from: 'now', topic: 'rooms/c' }),
      ).toMatchObject({
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

      const silent = await Speaking.connect(t, encoding)
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

  it('T-58 more publishes without an answer than are allowed end the session with 4429', async () => {
    await withTestApplication(async (t) => {
      const log = new MemoryLog()
      const topics = serving(t, { broker: memoryBroker({ log }), maxPublishesPerSecond: 1000 })
      const limits: string[] = []
      topics.monitor.on('limitReached', ({ limit }) => limits.push(limit))
      const client = await Speaking.begin(t, encoding)
      log.cut(undefined, { silent: true })

      for (let seq = 1; seq <= 32; seq++) {
        await client.say({ type: 'publish', id: seq, topic: 'rooms/z', seq, data: 1 })
      }
      await t.clock.advance(10)
      expect(limits).toEqual([])
      await client.say({ type: 'publish', id: 33, topic: 'rooms/z', seq: 33, data: 1 })

      expect(await client.code()).toBe(4429)
      expect(limits).toEqual(['maxUnanswered'])
    })
  })

  it('a client that reads no answer is not read itself, and fills no memory', async () => {
    await withTestApplication(async (t) => {
      serving(t, { maxTopics: 1000 })
      const client = await Speaking.begin(t, encoding)
      let sent = 0
      // The client reads nothing: its own queue is full once the server does not read either.
      const sending = (async (): Promise<void> => {
        for (; sent < 20_000; sent++) {
          await client.say({ type: 'unsubscribe', id: 1, topic: `rooms/${'x'.repeat(200)}` })
        }
      })()
      sending.catch(() => {
        // The session ends below.
      })
      await t.clock.advance(100)

      expect(sent).toBeLessThan(20_000)
      client.session.terminate()
    })
  })

  it('T-58 closes with 4429 a client that does not stop after refusals', async () => {
    await withTestApplication(async (t) => {
      const limits: string[] = []
      serving(t).monitor.on('limitReached', ({ limit }) => limits.push(limit))
      const client = await Speaking.begin(t, encoding)

      for (let n = 0; n <= 200; n++) {
        await client.say({ type: 'publish', id: n, topic: 'closed/x', seq: 1, key: null, data: n })
        if (n < 200) await client.hear()
      }

      expect(await client.code()).toBe(4429)
      expect(limits.filter((limit) => limit === 'maxRefusals')).toHaveLength(1)
    })
  })

  it('does not keep or repeat a name that no topic can have', async () => {
    await withTestApplication(async (t) => {
      serving(t)
      const client = await Speaking.begin(t, encoding)
      const topic = 'x'.repeat(10_000)

      for (const message of [
        { type: 'subscribe', id: 1, topic, from: 'now' },
        { type: 'unsubscribe', id: 1, topic },
        { type: 'publish', id: 1, topic, seq: 1, key: null, data: 1 },
        { type: 'history', id: 1, topic, from: 'start', before: null, limit: 1 },
        { type: 'presence', id: 1, topic, mode: 'full' },
        { type: 'join', id: 1, topic, meta: 1 },
        { type: 'leave', id: 1, topic },
      ]) {
        const answer = await client.ask(message)
        expect(answer).toMatchObject({ type: 'error', id: 1, code: 'name' })
        expect(JSON.stringify(answer).length).toBeLessThan(200)
      }
    })
  })
})
