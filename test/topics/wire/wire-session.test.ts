import { describe, expect, it, vi } from 'vitest'
import fc from 'fast-check'
import { Deferred } from '../../../src/base/internal.ts'
import { WebSockets } from '../../../src/index.ts'
import { withTestApplication } from '../../../src/testing/index.ts'
import { type Broker, memoryBroker, Topics, type TopicsClient } from '../../../src/topics/index.ts'
import { CLIENT_LAYOUTS } from '../../../src/topics/wire/binary-layouts.ts'
import { encodeBinary } from '../../../src/topics/wire/binary-messages.ts'
import { BINARY_PROTOCOL, JSON_PROTOCOL } from '../../../src/topics/wire/messages.ts'
import { ENCODINGS, Room, serving, Speaking } from '../../support/topics-speaking.ts'

/** What the messages of the fuzzed clients may name at the broker. */
const OWN_NAMES = ['rooms/1', 'rooms/*', 'rooms/start', 'plain/x', 'e:plain/x']

/** The same, whatever the name within its kind. */
const OWN_KINDS = /^(?:rooms\/|(?:e:)?plain\/)[^/]+$/

const TYPES = [...CLIENT_LAYOUTS.map(([type]) => type), 'x']

/** A broker in memory that keeps all names of topics and channels that it is given. */
function naming(): { broker: Broker; named: Set<string> } {
  const named = new Set<string>()
  const broker = new Proxy(memoryBroker(), {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target)
      if (typeof value !== 'function') return value
      return (...args: unknown[]): unknown => {
        for (const each of args.flat()) {
          if (property !== 'open' && typeof each === 'string') named.add(each)
          else if (typeof each === 'object' && each !== null && 'name' in each) {
            named.add(String(each.name))
          }
        }
        return Reflect.apply(value, target, args)
      }
    },
  })
  return { broker, named }
}

describe.each(ENCODINGS)('WireSession in %s', (encoding) => {
  it('a client that cannot prove its name gets another', async () => {
    await withTestApplication(async (t) => {
      serving(t)
      const first = await Speaking.connect(t, encoding)
      const { client } = await first.hello()
      const forged = `${String(client).split('.')[0]}.AAAA`
      const second = await Speaking.connect(t, encoding)

      const welcome = await second.hello({ client: forged })

      expect(String(welcome['client']).split('.')[0]).not.toBe(String(client).split('.')[0])
    })
  })

  it.each([
    ['the limit of messages', { maxMessageSize: 50_000 }, 50_000],
    [
      'the limit of frames if it is lower',
      { maxMessageSize: 50_000, maxFrameSize: 40_000 },
      40_000,
    ],
    ['no limit if there is none', { maxMessageSize: Infinity }, undefined],
  ])('welcome has %s', async (_name, options, messageBytes) => {
    await withTestApplication(async (t) => {
      serving(t, {}, {}, options)
      const client = await Speaking.connect(t, encoding)

      const { limits } = await client.hello()

      expect((limits as { messageBytes?: number }).messageBytes).toBe(messageBytes)
    })
  })

  it('answers a message that it does not know with an error, and goes on', async () => {
    await withTestApplication(async (t) => {
      serving(t)
      const client = await Speaking.begin(t, encoding)

      expect(await client.ask({ type: 'teleport', id: 7 })).toMatchObject({
        type: 'error',
        id: 7,
        code: 'unknown',
      })
      expect(
        await client.ask({ type: 'subscribe', id: 8, from: 'now', topic: 'rooms/1', more: true }),
      ).toMatchObject({ type: 'subscribed' })
    })
  })

  it('closes with 4401 who may not stay, and asks again for each token', async () => {
    await withTestApplication(async (t) => {
      serving(t, {}, { authenticate: ({ token }) => token === 'good' })
      const stranger = await Speaking.connect(t, encoding)
      await stranger.say({ type: 'hello', topics: [] })
      expect(await stranger.code()).toBe(4401)

      const client = await Speaking.begin(t, encoding, { token: 'good' })
      await client.say({ type: 'token', token: 'bad' })
      expect(await client.code()).toBe(4401)
    })
  })

  it('welcome is the first message, also if the broker changes while the client is asked for', async () => {
    await withTestApplication(async (t) => {
      const asked = new Deferred<boolean>()
      const { monitor } = serving(t, {}, { authenticate: () => asked.promise }).parts
      const client = await Speaking.connect(t, encoding)
      await client.say({ type: 'hello', client: null, topics: [] })
      await t.clock.advance(1)
      monitor.emit('brokerChanged', { state: { state: 'down', since: 0, cause: null } })
      asked.resolve(true)

      expect(await client.hear()).toMatchObject({ type: 'welcome' })
      monitor.emit('brokerChanged', { state: { state: 'up' } })
      expect(await client.hear()).toEqual({ type: 'broker', state: 'up' })
    })
  })

  it('a client that reads nothing has one state of the broker waiting, the newest', async () => {
    await withTestApplication(async (t) => {
      const served: TopicsClient[] = []
      const { monitor } = serving(t, {}, { connected: (each) => void served.push(each) }).parts
      const client = await Speaking.begin(t, encoding)
      await t.settle()
      const outgoing = served[0]?.session.outgoing
      if (outgoing === undefined) throw new Error('Cannot find the session of the server')
      const room = new Deferred<undefined>()
      const full = [
        vi.spyOn(outgoing, 'trySend').mockReturnValue('full'),
        vi.spyOn(outgoing, 'whenWritable').mockReturnValue(room.promise),
      ]
      for (let n = 0; n < 100; n++) {
        monitor.emit('brokerChanged', { state: { state: 'down', since: n, cause: null } })
        monitor.emit('brokerChanged', { state: { state: 'up' } })
      }
      for (const each of full) each.mockRestore()
      room.resolve(undefined)
      await t.settle()

      await client.say({ type: 'unsubscribe', id: 1, topic: 'rooms/1' })
      const states: unknown[] = []
      for (;;) {
        const { type, state } = await client.hear()
        if (type === 'unsubscribed') break
        states.push(state)
      }

      expect(states).toEqual(['down', 'up'])
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
      const client = await Speaking.begin(t, encoding)
      await client.say({ type: 'publish', id: 1, topic: 'rooms/1', seq: 1, data: 1 })
      await t.settle()
      client.session.terminate()
      await t.clock.advance(1000)

      fail(new Error('too late'))
      await t.settle()

      expect(t.takeFailures()).toEqual([])
    })
  })
})

describe('WireSession', () => {
  it.each(['', 'x', '[]', '{}', '{"type":1}', '{"type":"subscribe","id":"x","topic":"rooms/1"}'])(
    'closes with 4400 for %j',
    async (text) => {
      await withTestApplication(async (t) => {
        serving(t)
        const client = await Speaking.begin(t, 'json')

        await client.session.send(text)

        expect(await client.code()).toBe(4400)
      })
    },
  )

  it('T-57 whatever clients send, nothing of the server fails, and the broker sees no name but theirs', async () => {
    const topic = fc.constantFrom('rooms/1', 'rooms/*', 'closed/x', '', '../x', 'rooms/\u0000', 7)
    const id = fc.constantFrom(0, 1, 2, -1, 1.5, 'x', null)
    const position = fc.record({ epoch: fc.string(), offset: id, away: id })
    const message = fc.oneof(
      fc.string(),
      fc
        .record(
          {
            type: fc.constantFrom(...TYPES),
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
          const { broker, named } = naming()
          serving(t, { broker })
          const client = await Speaking.begin(t, 'json')
          for (const each of messages) await client.session.send(each).catch(() => {})
          await t.clock.advance(10)

          expect(t.takeFailures()).toEqual([])
          for (const name of named) expect(OWN_NAMES).toContain(name)
        })
      }),
      { numRuns: 30 },
    )
  })

  it('refuses an upgrade that does not ask for the protocol', async () => {
    await withTestApplication(async (t) => {
      serving(t)

      await expect(t.connect('/live')).rejects.toMatchObject({ status: 400 })
    })
  })

  it('T-57 whatever bytes clients send, nothing of the server fails, and the broker sees no name but theirs', async () => {
    const text = fc.constantFrom('rooms/1', 'closed/x', '', '../x', 'rooms/\u0000', 'start')
    const number = fc.constantFrom(0, 1, 2, 127, 128, 2 ** 31, Number.MAX_SAFE_INTEGER)
    const message = fc
      .record({
        type: fc.constantFrom(...CLIENT_LAYOUTS.map(([type]) => type)),
        id: number,
        topic: text,
        seq: number,
        from: fc.oneof(
          fc.constantFrom('now', 'start'),
          fc.record({ last: number }),
          fc.record({ epoch: text, offset: number, away: number }),
        ),
        topics: fc.array(fc.record({ topic: text, epoch: text, offset: number })),
        data: fc.jsonValue(),
        mode: text,
        before: fc.constantFrom(null, 0, 5),
        limit: number,
      })
      .map((each) => encodeBinary(CLIENT_LAYOUTS, each) ?? new Uint8Array(0))
    const mutated = fc
      .tuple(message, fc.nat(), fc.nat(255), fc.nat(40))
      .map(([bytes, place, byte, cut]) => {
        const copy = bytes.slice(0, Math.max(1, bytes.length - (cut < 20 ? 0 : cut - 20)))
        copy[place % copy.length] = byte
        return copy
      })
    const sent = fc.oneof(message, mutated, fc.uint8Array({ maxLength: 40 }))
    const subscribe = { type: 'subscribe', id: 1, topic: 'rooms/2', from: 'now' }
    const anotherRoom = encodeBinary(CLIENT_LAYOUTS, subscribe) ?? new Uint8Array(0)
    await fc.assert(
      fc.asyncProperty(fc.array(sent, { maxLength: 20 }), async (messages) => {
        await withTestApplication(async (t) => {
          const { broker, named } = naming()
          serving(t, { broker })
          const client = await Speaking.begin(t, 'binary')
          for (const each of messages) await client.session.send(each).catch(() => {})
          await t.clock.advance(10)

          expect(t.takeFailures()).toEqual([])
          // A changed byte may name another room.
          for (const name of named) expect(name).toMatch(OWN_KINDS)
        })
      }),
      { numRuns: 30, examples: [[[anotherRoom]]] },
    )
  })

  it('prefers the binary encoding where the client offers both', async () => {
    await withTestApplication(async (t) => {
      serving(t)

      const session = await t.connect('/live', { protocols: [JSON_PROTOCOL, BINARY_PROTOCOL] })

      expect(session.protocol).toBe(BINARY_PROTOCOL)
    })
  })

  it.each([
    ['json', new Uint8Array([5, 0])],
    ['binary', '{"type":"token"}'],
    ['binary', new Uint8Array(0)],
    ['binary', new Uint8Array([4, 1])],
    ['binary', new Uint8Array([3, ...Array<number>(300).fill(0x80), 0, 1, 97])],
  ] as const)(
    'closes with 4400 for a message in the wrong encoding, or cut off: %s %j',
    async (encoding, sent) => {
      await withTestApplication(async (t) => {
        serving(t)
        const client = await Speaking.begin(t, encoding)

        await client.session.send(sent)

        expect(await client.code()).toBe(4400)
      })
    },
  )

  it('a client that leaves while the application greets it fails nothing', async () => {
    await withTestApplication(async (t) => {
      let greet = (): void => {}
      serving(t, {}, { connected: () => new Promise<void>((resolve) => (greet = resolve)) })
      const client = await Speaking.connect(t, 'json')
      await client.hello({ topics: [{ topic: 'rooms/1', from: 'now' }] })
      client.session.terminate()
      await t.clock.advance(1000)

      greet()
      await t.settle()

      expect(t.takeFailures()).toEqual([])
    })
  })
})
