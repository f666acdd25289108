import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { withTestApplication } from '../../../src/testing/index.ts'
import { defineTopic, memoryBroker, MemoryLog } from '../../../src/topics/index.ts'
import { CLIENT_LAYOUTS } from '../../../src/topics/wire/binary-layouts.ts'
import { encodeBinary } from '../../../src/topics/wire/binary-messages.ts'
import { ENCODINGS, Room, serving, Speaking } from '../../support/topics-speaking.ts'

const HISTORY = { size: 100, age: 600_000 }

describe.each(ENCODINGS)('WirePublishing in %s', (encoding) => {
  it('T-20 T-23 a publish of the same client and number is stored once, over all connections', async () => {
    await withTestApplication(async (t) => {
      const topics = serving(t)
      const first = await Speaking.connect(t, encoding)
      const { client } = await first.hello()
      const second = await Speaking.begin(t, encoding, { client })
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

  it('T-23 what an old connection and a new one both deliver is stored once, in order', async () => {
    await withTestApplication(async (t) => {
      const topics = serving(t)
      const old = await Speaking.connect(t, encoding)
      const { client } = await old.hello()
      const publish = (seq: number) => ({
        type: 'publish',
        id: seq,
        topic: 'rooms/1',
        seq,
        key: null,
        data: seq,
      })
      for (const seq of [1, 2, 3]) await old.ask(publish(seq))
      const back = await Speaking.begin(t, encoding, { client })

      // The new connection repeats what was not answered, and the old one still delivers.
      const repeated: unknown[] = []
      for (const seq of [2, 3, 4]) repeated.push((await back.ask(publish(seq)))['duplicate'])
      for (const seq of [3, 4]) repeated.push((await old.ask(publish(seq)))['duplicate'])
      await back.ask(publish(5))

      expect(repeated).toEqual([true, true, false, true, true])
      const { events } = await topics.topic(Room, { room: '1' }).history()
      expect(events.map(({ event }) => event)).toEqual([1, 2, 3, 4, 5])
    })
  })

  it('T-25 the version of the server is validated too, before it is stored', async () => {
    await withTestApplication(async (t) => {
      const topics = serving(t)
      const Strict = defineTopic('strict', { event: z.string(), history: HISTORY })
      topics.allow(Strict, {
        // What a function without types returns has any shape.
        publish: ({ event }) => (event === 'wrong' ? { event: 1 as unknown as string } : true),
      })
      const client = await Speaking.begin(t, encoding)
      const publish = { type: 'publish', topic: 'strict', key: null }

      for (const [seq, data] of [
        [1, 'wrong'],
        [2, 2],
      ] as const) {
        expect(await client.ask({ ...publish, id: seq, seq, data })).toMatchObject({
          type: 'error',
          code: 'schema',
        })
      }
      await client.ask({ ...publish, id: 3, seq: 3, data: 'right' })

      const { events } = await topics.topic(Strict).history()
      expect(events.map(({ event }) => event)).toEqual(['right'])
    })
  })

  it('the version of the server is stored, and the publisher is told', async () => {
    await withTestApplication(async (t) => {
      serving(t)
      const client = await Speaking.begin(t, encoding)
      await client.ask({ type: 'subscribe', id: 1, from: 'now', topic: 'rooms/stamped' })
      await client.hear()

      await client.say({ type: 'publish', id: 2, topic: 'rooms/stamped', seq: 1, data: 'x' })
      const said = [await client.hear(), await client.hear()]
      const event = said.find(({ type }) => type === 'event')

      expect(event).toMatchObject({ data: { text: '"x"' } })
      const { publisher, data } = event as { publisher: string; data: { by: string } } // as above
      expect(data.by).toBe(publisher)
    })
  })

  it('T-27 T-32 the state of the broker is told, and no session is closed for it', async () => {
    await withTestApplication(async (t) => {
      const log = new MemoryLog()
      serving(t, { broker: memoryBroker({ log }) })
      const client = await Speaking.begin(t, encoding)

      log.cut()
      expect(await client.hear()).toEqual({ type: 'broker', state: 'down' })
      expect(
        await client.ask({ type: 'publish', id: 1, topic: 'rooms/1', seq: 1, data: 1 }),
      ).toMatchObject({ code: 'unavailable', retryAfter: 1000 })
      // A later number would otherwise be stored before the one that was refused.
      expect(
        await client.ask({ type: 'publish', id: 2, topic: 'rooms/1', seq: 2, data: 2 }),
      ).toMatchObject({ code: 'order', retryAfter: 0 })
      await t.clock.advance(60_000)
      log.mend()
      expect(await client.hear()).toEqual({ type: 'broker', state: 'up' })
      expect(
        await client.ask({ type: 'publish', id: 2, topic: 'rooms/1', seq: 1, data: 1 }),
      ).toMatchObject({ type: 'published', offset: 1 })
    })
  })

  it('T-27 clients learn within 10 seconds that the broker has fallen silent', async () => {
    await withTestApplication(async (t) => {
      const log = new MemoryLog()
      serving(t, { broker: memoryBroker({ log }) })
      const client = await Speaking.begin(t, encoding)
      const heard = client.session.incoming
      log.cut(undefined, { silent: true })
      await t.clock.advance(1000)
      expect(heard.tryReceive()).toMatchObject({ type: 'empty' })
      await t.clock.advance(9000)

      expect(heard.tryReceive()).toMatchObject({ type: 'value' })
    })
  })

  it('T-58 closes with 4429 a client whose publishes are refused in too many topics', async () => {
    await withTestApplication(async (t) => {
      const log = new MemoryLog()
      const limits: string[] = []
      const topics = serving(t, { broker: memoryBroker({ log }), maxPublishesPerSecond: 1_000_000 })
      topics.monitor.on('limitReached', ({ limit }) => limits.push(limit))
      const client = await Speaking.begin(t, encoding)
      const publish = { type: 'publish', key: null, data: 1 }
      let seq = 0
      for (const refused of [0, 1]) {
        // A success ends the row of refusals, which have a limit of their own.
        log.mend()
        await t.settle()
        await client.say({ ...publish, id: 1, topic: 'rooms/good', seq: ++seq })
        await t.settle()
        log.cut()
        for (let n = 0; n < 150; n++) {
          await client
            .say({ ...publish, id: 2, topic: `rooms/${refused}-${n}`, seq: 1 })
            .catch(() => {}) // closed below
          if (n % 20 === 0) await t.settle()
        }
        await t.settle()
      }

      expect(await client.code()).toBe(4429)
      expect(limits).toEqual(['maxRefusals'])
    })
  })

  it('closes with 4400 for an event that is nested too deeply for the application', async () => {
    await withTestApplication(async (t) => {
      serving(t)
      const client = await Speaking.begin(t, encoding)
      const depth = 30_000
      const deep = `${'['.repeat(depth)}${']'.repeat(depth)}`
      const head = { type: 'publish', id: 1, topic: 'rooms/1', seq: 1, key: null }
      if (encoding === 'json') {
        await client.session.send(
          JSON.stringify({ ...head, data: 0 }).replace('"data":0', `"data":${deep}`),
        )
      } else {
        const bytes = encodeBinary(CLIENT_LAYOUTS, { ...head, data: '' }) ?? new Uint8Array(0)
        const text = new TextEncoder().encode(deep)
        const message = new Uint8Array(bytes.length - 2 + text.length)
        message.set(bytes.subarray(0, -2))
        message.set(text, bytes.length - 2)
        await client.session.send(message)
      }

      expect(await client.code()).toBe(4400)
      expect(t.takeFailures()).toEqual([])
    })
  })
})
