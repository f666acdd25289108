import { describe, expect, it } from 'vitest'
import { withTestApplication } from '../../../src/testing/index.ts'
import { memoryBroker, MemoryLog } from '../../../src/topics/index.ts'
import { CLIENT_LAYOUTS } from '../../../src/topics/wire/binary-layouts.ts'
import { encodeBinary } from '../../../src/topics/wire/binary-messages.ts'
import { ENCODINGS, Room, serving, Speaking } from '../../support/topics-speaking.ts'

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
      log.mend()
      expect(await client.hear()).toEqual({ type: 'broker', state: 'up' })
      expect(
        await client.ask({ type: 'publish', id: 2, topic: 'rooms/1', seq: 1, data: 1 }),
      ).toMatchObject({ type: 'published', offset: 1 })
    })
  })

  it('closes with 4429 a client whose publishes are refused in too many topics', async () => {
    await withTestApplication(async (t) => {
      const log = new MemoryLog()
      serving(t, { broker: memoryBroker({ log }), maxPublishesPerSecond: 1_000_000 })
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
