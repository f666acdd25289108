/**
 * What a link makes of what a peer sends. The peer is a session that sends texts of its own.
 */

import { type CloseReason, Frame } from 'towpath'
import { type Contract, defineContract, type InvalidFact } from 'towpath/messages'
import type { TestSession } from 'towpath/testing'
import { describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { chatContract, LIBRARIES } from '../../suites/messages/schemas.ts'
import { type PairOptions, withServer } from '../../support/typed-pair.ts'

const { zod } = LIBRARIES
if (zod === undefined) throw new Error('Cannot find zod')
const chat = chatContract(zod)

/** What a server answers to messages, up to the end of `block`. */
async function withPeer(
  block: (
    peer: TestSession & { readonly ask: (...messages: unknown[]) => Promise<unknown[]> },
    server: Awaited<Parameters<Parameters<typeof withServer<typeof chat.shape>>[1]>[1]>,
    t: Parameters<Parameters<typeof withServer>[1]>[0],
  ) => Promise<void>,
  options: PairOptions = {},
): Promise<void> {
  await withServer(
    chat,
    async (t, server) => {
      const session = await t.connect('/', { protocols: chat.protocols })
      const ask = async (...messages: unknown[]): Promise<unknown[]> => {
        for (const message of messages) await session.send(textOf(message))
        await t.settle()
        return received(session)
      }
      await block(Object.assign(session, { ask }), await server, t)
    },
    options,
  )
}

function textOf(message: unknown): string {
  return typeof message === 'string' ? message : JSON.stringify(message)
}

function received({ incoming }: TestSession): unknown[] {
  const messages: unknown[] = []
  for (let next = incoming.tryReceive(); next.type === 'value'; next = incoming.tryReceive()) {
    if (next.value instanceof Frame.Text) messages.push(JSON.parse(next.value.readText()))
  }
  return messages
}

const HANDLERS = {
  say: () => {},
  history: ({ room }: { room: string }) => ({ lines: [room] }),
  ping: () => {},
  async *watch() {
    yield { n: 1 }
    return { n: 2 }
  },
  load: () => ({ n: 0 }),
  async *file() {
    yield new Uint8Array([7])
  },
  store: () => ({ n: 0 }),
}

describe('what is no message of the contract', () => {
  it.each([
    ['no JSON', '{'],
    ['an empty text', ''],
    ['a number', 1],
    ['null', null],
    ['a list', []],
    ['an object without a type', {}],
    ['a type that is no string', { type: 1 }],
    ['a request without an id', { type: 'history', data: { room: 'a' } }],
    ['an id of 0', { type: 'history', id: 0 }],
    ['an id that is no whole number', { type: 'history', id: 1.5 }],
    ['an id that takes more than 4 bytes', { type: 'history', id: 2 ** 32 + 1 }],
    ['an id past what JSON can say', '{"type":"history","id":9007199254740993}'],
    ['a timeout that is a text', { type: 'history', id: 1, timeout: 'soon' }],
    ['a negative credit', { type: 'watch', id: 1, credit: -1 }],
    ['credit for no items', { type: '.credit', id: 1, items: 0 }],
    ['credit without items', { type: '.credit', id: 1 }],
    ['an error without a code', { type: '.error', id: 2 }],
    ['an error with a code of 65 characters', { type: '.error', id: 2, code: 'A'.repeat(65) }],
    ['an answer without an id', { type: '.response' }],
    ['100 000 brackets', '['.repeat(100_000)],
  ])('M-06 ends the session with 1007: %s', async (_, message) => {
    await withPeer(async (peer) => {
      await peer.send(textOf(message))

      expect(await peer.closeReason).toMatchObject({ code: 1007 })
    })
  })

  it.each([
    ['no bytes', []],
    ['the bytes of no item', [0, 0, 0, 1]],
    ['the bytes of a message', [...new TextEncoder().encode('{"type":"say"}')]],
  ])('M-06 ends the session with 1003 for a binary frame under json: %s', async (_, payload) => {
    await withPeer(async (peer) => {
      await peer.send(new Uint8Array(payload))

      expect(await peer.closeReason).toMatchObject({ code: 1003 })
    })
  })

  it('M-06 ends the session with 1003 for bytes as the item of another schema', async () => {
    await withPeer(async (peer, server) => {
      void server.serve({
        ...HANDLERS,
        load: async (_, { upload }) => ({ n: await count(upload) }),
      })
      await peer.ask({ type: 'load', id: 1 })
      await peer.send(new Uint8Array([0, 0, 0, 1, 9]))

      expect(await peer.closeReason).toMatchObject({ code: 1003 })
    })
  })
})

describe('an invalid event', () => {
  it('M-07 ends the session of a server with 1008, and names the event', async () => {
    const onInvalid = vi.fn<(fact: InvalidFact) => void>()
    await withPeer(
      async (peer, server) => {
        const served = server.serve(HANDLERS)
        await peer.send('{"type":"say","data":{"text":1}}')

        const reason: CloseReason = await peer.closeReason
        expect(reason).toMatchObject({ code: 1008, message: 'Invalid message: say' })
        await served
      },
      { server: { onInvalid } },
    )
    expect(onInvalid.mock.calls).toMatchObject([[{ type: 'say', issues: [{ path: ['text'] }] }]])
  })

  it('M-07 is dropped and reported where that is asked for', async () => {
    const onInvalid = vi.fn<(fact: InvalidFact) => void>()
    await withPeer(
      async (peer, server) => {
        await peer.ask({ type: 'say' }, { type: 'say', data: { text: 'a' } })

        expect(server.incoming.tryReceive()).toMatchObject({ value: { data: { text: 'a' } } })
      },
      { server: { onInvalid, invalidEvents: 'ignore' } },
    )
    expect(onInvalid).toHaveBeenCalledTimes(1)
  })
})

describe('an unknown name', () => {
  it.each(['shout', 'constructor', '__proto__', 'toString', '.typing', ''])(
    'M-08 is skipped and counted as an event: %j',
    async (type) => {
      await withPeer(async (peer, server) => {
        await peer.ask(`{"type":${JSON.stringify(type)},"data":1}`)

        expect(server.unknownEvents).toBe(1)
        expect(server.incoming.tryReceive()).toEqual({ type: 'empty' })
      })
    },
  )

  it.each(['shout', 'constructor', '__proto__', 'hasOwnProperty'])(
    'M-09 M-11 is answered with UNKNOWN as a request: %j',
    async (type) => {
      await withPeer(async (peer) => {
        expect(await peer.ask(`{"type":"${type}","id":1}`)).toEqual([
          { type: '.error', id: 1, code: 'UNKNOWN' },
        ])
      })
    },
  )
})

describe('an invalid request', () => {
  it('M-09 is answered with INVALID and its issues, and the session goes on', async () => {
    await withPeer(async (peer, server) => {
      void server.serve(HANDLERS)

      const answers = await peer.ask(
        { type: 'history', id: 1, data: { room: 4711 } },
        { type: 'history', id: 3, data: { room: 'a' } },
      )

      expect(answers).toMatchObject([
        { type: '.error', id: 1, code: 'INVALID', issues: [{ path: ['room'] }] },
        { type: '.response', id: 3, data: { lines: ['a'] } },
      ])
      expect(JSON.stringify(answers)).not.toContain('4711')
    })
  })

  it('M-09 has at most 10 issues', async () => {
    const contract = defineContract({
      name: 'c',
      client: { sum: { request: z.array(z.number()) } },
    })
    await withServer(contract, async (t) => {
      const peer = await t.connect('/', { protocols: contract.protocols })
      await peer.send(JSON.stringify({ type: 'sum', id: 1, data: Array(11).fill('') }))
      await t.settle()

      expect(received(peer)).toMatchObject([{ issues: { length: 10 } }])
    })
  })
})

describe('what our own schema rejects', () => {
  it('M-10 is FAILED for the peer, and one line in the log', async () => {
    await withPeer(async (peer, server, t) => {
      void server.serve({ ...HANDLERS, history: () => ({ lines: 'none' }) as never })

      expect(await peer.ask({ type: 'history', id: 1, data: { room: 'a' } })).toEqual([
        { type: '.error', id: 1, code: 'FAILED' },
      ])
      expect(t.takeFailures()).toMatchObject([
        {
          message: expect.stringContaining(
            'Cannot answer "history": its value does not match its schema',
          ),
        },
      ])
    })
  })

  it('M-10 counts for the items and the end of a stream, and the data of a failure', async () => {
    await withPeer(async (peer, server, t) => {
      void server.serve({
        ...HANDLERS,
        async *watch({ room }) {
          if (room === 'item') yield { n: 'x' } as never
          return { n: 'x' } as never
        },
        history: (_, { error }) => {
          throw error('NO_SUCH_ROOM', { room: 1 } as never)
        },
        ping: (_, asked) => {
          throw (asked.error as (failure: string) => Error)('NOT_DECLARED')
        },
      })

      const answers = await peer.ask(
        { type: 'watch', id: 1, data: { room: 'item' } },
        { type: 'watch', id: 3, data: { room: 'end' } },
        { type: 'history', id: 5, data: { room: '' } },
        { type: 'ping', id: 7 },
      )

      expect(answers).toHaveLength(4)
      for (const answer of answers) expect(answer).toMatchObject({ type: '.error', code: 'FAILED' })
      expect(t.takeFailures()).toHaveLength(4)
    })
  })

  it('M-31 is FAILED where the answer has no form in the codec', async () => {
    const contract = defineContract({
      name: 'c',
      client: { now: { request: null, response: z.any() } },
    })
    await withServer(contract, async (t, server) => {
      const peer = await t.connect('/', { protocols: contract.protocols })
      void (await server).serve({ now: () => new globalThis.Date(0) })
      await peer.send('{"type":"now","id":1}')
      await t.settle()

      expect(received(peer)).toEqual([{ type: '.error', id: 1, code: 'FAILED' }])
      expect(t.takeFailures()).toMatchObject([
        { message: expect.stringContaining('a Date as JSON') },
      ])
    })
  })
})

describe('keys of objects', () => {
  it('M-11 do not reach a prototype, also where nothing is validated', async () => {
    await withPeer(
      async (peer, server) => {
        await peer.ask('{"type":"say","data":{"__proto__":{"admin":true},"constructor":{}}}')

        const next = server.incoming.tryReceive()
        const data = next.type === 'value' ? next.value.data : null
        expect(Object.assign({}, data)).not.toHaveProperty('admin')
        expect({}).not.toHaveProperty('admin')
      },
      { server: { validate: 'none' } },
    )
  })
})

describe('ids', () => {
  it.each([
    ['a response', { type: '.response', id: 2 }],
    ['an error', { type: '.error', id: 2, code: 'FAILED' }],
    ['an item', { type: '.item', id: 2 }],
    ['an end', { type: '.end', id: 2 }],
    ['credit', { type: '.credit', id: 2, items: 1 }],
    ['an item of an upload', { type: '.item', id: 1 }],
    ['the end of an upload', { type: '.end', id: 1 }],
    ['credit of a stream', { type: '.credit', id: 1, items: 1 }],
    ['the cancelling of a request', { type: '.cancel', id: 1 }],
    ['a response to a request of its own', { type: '.response', id: 1 }],
  ])('M-18 end the session with 1008 for what was never asked: %s', async (_, message) => {
    await withPeer(async (peer) => {
      await peer.send(JSON.stringify(message))

      expect(await peer.closeReason).toMatchObject({ code: 1008 })
    })
  })

  it.each([
    ['twice', [1, 1]],
    ['falling', [3, 1]],
    ['of the other side', [2]],
  ])('M-18 end the session with 1008 when they are used %s', async (_, ids) => {
    await withPeer(async (peer) => {
      for (const id of ids) await peer.send(JSON.stringify({ type: 'ping', id }))

      expect(await peer.closeReason).toMatchObject({ code: 1008 })
    })
  })

  it('M-18 also count for requests of unknown names', async () => {
    await withPeer(async (peer) => {
      await peer.send('{"type":"shout","id":1}')
      await peer.send('{"type":"shout","id":1}')

      expect(await peer.closeReason).toMatchObject({ code: 1008 })
    })
  })

  it('M-16 M-18 of settled requests are ignored', async () => {
    await withPeer(async (peer, server) => {
      void server.serve(HANDLERS)

      expect(await peer.ask({ type: 'ping', id: 1 })).toEqual([{ type: '.response', id: 1 }])
      const answers = await peer.ask(
        { type: '.cancel', id: 1 },
        { type: '.item', id: 1 },
        { type: '.end', id: 1 },
        { type: '.credit', id: 1, items: 1 },
        { type: 'ping', id: 3 },
      )

      expect(answers).toEqual([{ type: '.response', id: 3 }])
    })
  })
})

describe('credit', () => {
  it('M-21 ends the session with 1008 for an item past it', async () => {
    await withPeer(
      async (peer, server) => {
        void server.serve({ ...HANDLERS, load: (_, asked) => untilAborted(asked) })
        const answers = await peer.ask({ type: 'load', id: 1 })
        expect(answers).toEqual([{ type: '.credit', id: 1, items: 2 }])
        for (let n = 0; n < 3; n++)
          await peer.send(JSON.stringify({ type: '.item', id: 1, data: { n } }))

        expect(await peer.closeReason).toMatchObject({ code: 1008 })
      },
      { server: { credit: 2 } },
    )
  })

  it('M-21 of 0 lets no item through until there is more', async () => {
    await withPeer(async (peer, server) => {
      void server.serve(HANDLERS)
      const watch = { type: 'watch', id: 1, data: { room: 'a' }, credit: 0 }

      expect(await peer.ask(watch)).toEqual([])
      expect(await peer.ask({ type: '.credit', id: 1, items: 9 })).toEqual([
        { type: '.item', id: 1, data: { n: 1 } },
        { type: '.end', id: 1, data: { n: 2 } },
      ])
    })
  })
})

describe('a peer that sends and does not read', () => {
  it('is not read any more when 1024 answers wait, and is when it reads', async () => {
    await withPeer(
      async (peer, server, t) => {
        void server.serve(HANDLERS)
        peer.network.slowReader()
        const count = 20_000
        for (let n = 0; n < count; n++) void peer.send(`{"type":"shout","id":${2 * n + 1}}`)
        await t.settle()
        expect(peer.bufferedAmount).toBeGreaterThan(0)

        peer.network.slowReader(false)
        let answers = 0
        while (answers < count) {
          await peer.incoming.receive()
          answers++
        }
        expect(answers).toBe(count)
      },
      { route: { channels: { outgoing: { capacity: 16 } } } },
    )
  })
})

describe('schemas', () => {
  it('M-03 that validate asynchronously, out of order, keep the order of events and requests', async () => {
    const releases = new Map<string, () => void>()
    const contract = defineContract({
      name: 'c',
      client: {
        say: {
          event: z
            .string()
            .refine(
              (text) => new Promise<boolean>((resolve) => releases.set(text, () => resolve(true))),
            ),
        },
        ping: { request: null },
      },
    })
    await withServer(contract, async (t, promised) => {
      const peer = await t.connect('/', { protocols: contract.protocols })
      const server = await promised
      for (const data of ['a', 'b']) await peer.send(JSON.stringify({ type: 'say', data }))
      await peer.send('{"type":"ping","id":1}')
      await t.settle()
      expect(server.incoming.tryReceive()).toEqual({ type: 'empty' })

      releases.get('b')?.()
      await t.settle()
      expect(server.incoming.tryReceive()).toEqual({ type: 'empty' })
      releases.get('a')?.()

      expect(await server.incoming.receive()).toEqual({ type: 'say', data: 'a' })
      expect(await server.incoming.receive()).toEqual({ type: 'say', data: 'b' })
      expect(await server.incoming.receive()).toMatchObject({ type: 'ping' })
    })
  })

  it('that throw fail the request, or end the session with 1011, with one line in the log', async () => {
    const broken = z.string().transform(() => {
      throw new RangeError('broken')
    })
    const contract: Contract<{
      readonly name: string
      readonly client: {
        readonly say: { readonly event: typeof broken }
        readonly ask: { readonly request: typeof broken }
      }
    }> = defineContract({ name: 'c', client: { say: { event: broken }, ask: { request: broken } } })
    await withServer(contract, async (t) => {
      const peer = await t.connect('/', { protocols: contract.protocols })
      await peer.send('{"type":"ask","id":1,"data":"a"}')
      await t.settle()
      expect(received(peer)).toEqual([{ type: '.error', id: 1, code: 'FAILED' }])
      expect(t.takeFailures()).toEqual([new RangeError('broken')])

      await peer.send('{"type":"say","data":"a"}')
      expect(await peer.closeReason).toMatchObject({ code: 1011, message: '' })
      expect(t.takeFailures()).toEqual([new RangeError('broken')])
    })
  })

  it('that hang hold up what comes behind, and no longer than a second after the session', async () => {
    const contract = defineContract({
      name: 'c',
      client: { say: { event: z.string().refine(() => new Promise(() => {})) } },
    })
    await withServer(contract, async (t, promised) => {
      const peer = await t.connect('/', { protocols: contract.protocols })
      const { serve } = await promised
      const served = serve({ say: () => {} })
      await peer.send('{"type":"say","data":"a"}')
      await t.settle()
      await peer.close()
      await t.clock.advance(1000)

      await served
    })
  })
})

async function count(items: AsyncIterable<unknown>): Promise<number> {
  let n = 0
  for await (const _ of items) n++
  return n
}

/** Wants an upload, and takes nothing of it. */
function untilAborted({ upload, signal }: Asking): Promise<{ n: number }> {
  upload[Symbol.asyncIterator]()
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve({ n: 0 }))
  })
}

interface Asking {
  readonly upload: AsyncIterable<unknown>
  readonly signal: AbortSignal
}
