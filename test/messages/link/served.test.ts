/**
 * One request of the peer, its stream and its upload, over a pair of sessions in memory.
 */

import type { Frame } from 'towpath'
import { bytes, defineContract, type MessageStream } from 'towpath/messages'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { withPair, withServer } from '../../support/typed-pair.ts'

const contract = defineContract({
  name: 'c',
  client: {
    ping: { request: null },
    watch: { request: z.string(), stream: z.number(), response: z.string() },
    load: { request: null, upload: z.number(), response: z.number() },
    file: { request: null, stream: bytes },
    say: { event: z.string() },
  },
})

/** What a test reads of the handlers below. */
function setUp() {
  const seen = { made: 0, finallies: 0, pings: 0, running: 0 }
  const handlers = {
    ping: (): void => {
      seen.pings++
    },
    async *watch(mode: string, { signal }: { readonly signal: AbortSignal }) {
      try {
        for (let n = 0; n < 100; n++) {
          if (mode === 'fail' && n === 3) throw new RangeError('broken')
          if (mode === 'wait' && n === 3) await aborted(signal)
          seen.made++
          yield n
        }
        return mode
      } finally {
        seen.finallies++
      }
    },
    load: async (_: unknown, { upload }: { readonly upload: AsyncIterable<number> }) => {
      let sum = 0
      for await (const n of upload) sum += n
      return sum
    },
    async *file() {
      for (let n = 0; n < 3; n++) yield new Uint8Array([n])
    },
    say: () => {},
  }
  return { seen, handlers }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve()))
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

describe('a stream', () => {
  it('delivers its items in order, then its result', async () => {
    await withPair(contract, async ({ client, server }) => {
      void server.serve(setUp().handlers)
      const stream = client.stream('watch', 'all')

      expect(await collect(stream)).toEqual(Array.from({ length: 100 }, (_, n) => n))
      expect(await stream.result).toBe('all')
    })
  })

  it('M-21 has no more items made than are taken, and its credit', async () => {
    await withPair(contract, async ({ client, server, t }) => {
      const { seen, handlers } = setUp()
      void server.serve(handlers)
      const stream = client.stream('watch', 'all')
      await t.settle()
      expect(seen.made).toBe(16)

      const items = stream[Symbol.asyncIterator]()
      for (let n = 0; n < 7; n++) await items.next()
      await t.settle()
      expect(seen.made).toBe(16)
      await items.next()
      await t.settle()
      expect(seen.made).toBe(24)
      stream.cancel()
    })
  })

  it.each([
    ['break', (stream: MessageStream<number, string>) => firstOf(stream)],
    ['cancel()', (stream: MessageStream<number, string>) => stream.cancel()],
    ['await using', async (stream: MessageStream<number, string>) => stream[Symbol.asyncDispose]()],
    [
      'cancelling readable()',
      async (stream: MessageStream<number, string>) => stream.readable().cancel(),
    ],
  ])('M-23 is cancelled by %s, and the finally of its generator runs', async (_, leave) => {
    await withPair(contract, async ({ client, server, t }) => {
      const { seen, handlers } = setUp()
      void server.serve(handlers)
      const stream = client.stream('watch', 'all')
      await t.settle()

      await Promise.resolve(leave(stream))
      await t.settle()

      expect(seen.finallies).toBe(1)
      await expect(stream.result).rejects.toMatchObject({ failure: 'CANCELLED' })
      expect(t.takeFailures()).toEqual([])
    })
  })

  it('M-23 is cancelled by an abort, which the loop throws', async () => {
    await withPair(contract, async ({ client, server, t }) => {
      const { seen, handlers } = setUp()
      void server.serve(handlers)
      const controller = new AbortController()
      const loop = collect(client.stream('watch', 'wait', { signal: controller.signal }))
      loop.catch(() => {})
      await t.settle()
      controller.abort(new Error('given up'))

      await expect(loop).rejects.toThrow('given up')
      await t.settle()
      expect(seen.finallies).toBe(1)
    })
  })

  it('M-24 delivers the items that arrived before a failure', async () => {
    await withPair(contract, async ({ client, server, t }) => {
      void server.serve(setUp().handlers)
      const items = client.stream('watch', 'fail')[Symbol.asyncIterator]()
      await t.settle()

      for (let n = 0; n < 3; n++) expect(await items.next()).toMatchObject({ value: n })
      await expect(items.next()).rejects.toMatchObject({ failure: 'FAILED' })
      expect(t.takeFailures()).toEqual([new RangeError('broken')])
    })
  })

  it('M-24 delivers the items that arrived before the end of the session', async () => {
    await withPair(contract, async ({ client, server, session, t }) => {
      void server.serve(setUp().handlers)
      const items = client.stream('watch', 'wait')[Symbol.asyncIterator]()
      await t.settle()
      session.terminate()
      await t.settle()

      for (let n = 0; n < 3; n++) expect(await items.next()).toMatchObject({ value: n })
      await expect(items.next()).rejects.toMatchObject({ failure: 'DISCONNECTED' })
    })
  })

  it('M-17 lets its generator go when the session ends', async () => {
    await withPair(contract, async ({ client, server, session, t }) => {
      const { seen, handlers } = setUp()
      const served = server.serve(handlers)
      client.stream('watch', 'all')
      await t.settle()
      session.terminate()

      await served
      expect(seen.finallies).toBe(1)
    })
  })

  it('M-26 that stalls holds up no other stream, request or event', async () => {
    await withPair(contract, async ({ client, server, t }) => {
      const { handlers } = setUp()
      const said: string[] = []
      void server.serve({ ...handlers, say: (text) => said.push(text) })
      const stalled = client.stream('watch', 'all')
      await t.settle()

      expect(await collect(client.stream('watch', 'all'))).toHaveLength(100)
      await client.request('ping', undefined)
      await client.send('say', 'a')
      await t.settle()
      expect(said).toEqual(['a'])
      stalled.cancel()
    })
  })

  it('ends at its time on the side that answers too', async () => {
    await withPair(contract, async ({ client, server, t }) => {
      const { seen, handlers } = setUp()
      void server.serve(handlers)
      const stream = client.stream('watch', 'all', { timeout: 100 })
      await t.clock.advance(100)

      await expect(stream.result).rejects.toMatchObject({ failure: 'TIMEOUT' })
      expect(seen.finallies).toBe(1)
    })
  })

  it('M-15 is not sent if its time is up before its items are there', async () => {
    await withServer(contract, async (t, opened) => {
      const client = await t.connect('/', { protocols: contract.protocols })
      // A peer that does not cancel when its own time is up.
      await client.send(JSON.stringify({ type: 'watch', id: 1, data: 'all', timeout: 1000 }))
      const { incoming } = await opened
      const request = await incoming.receive()
      if (request.type !== 'watch') throw new Error('expected the request')
      const timedOut = aborted(request.signal)
      await t.clock.advance(1000)
      await timedOut
      const items = (async function* endless() {
        for (;;) yield 1
      })()
      await request.respond(items)

      expect(await items.next()).toEqual({ done: true, value: undefined })
      const answer = (await client.incoming.receive()) as Frame.Text
      expect(JSON.parse(answer.readText())).toEqual({ type: '.error', id: 1, code: 'TIMEOUT' })
    })
  })

  it('of bytes travels in frames of its own under json', async () => {
    await withPair(contract, async ({ client, server }) => {
      void server.serve(setUp().handlers)

      expect(await collect(client.stream('file', undefined))).toEqual([
        new Uint8Array([0]),
        new Uint8Array([1]),
        new Uint8Array([2]),
      ])
    })
  })
})

describe('an upload', () => {
  it('M-21 M-22 is asked for items as the handler takes them', async () => {
    await withPair(contract, async ({ client, server }) => {
      void server.serve(setUp().handlers)
      const upload = Array.from({ length: 100 }, (_, n) => n)

      expect(await client.request('load', undefined, { upload })).toBe(4950)
    })
  })

  it('M-09 with an invalid item fails with INVALID', async () => {
    await withPair(contract, async ({ client, server, t }) => {
      void server.serve(setUp().handlers)
      const outcome = client.request('load', undefined, { upload: [1, 'x' as never] })

      await expect(outcome).rejects.toMatchObject({ failure: 'INVALID' })
      await t.settle()
      expect(t.takeFailures()).toEqual([])
    })
  })

  it('M-16 fails for its handler when the request is given up', async () => {
    await withPair(contract, async ({ client, server, t }) => {
      const errors: unknown[] = []
      const { handlers } = setUp()
      void server.serve({
        ...handlers,
        load: (_, asked) =>
          handlers.load(_, asked).catch((error: Error) => errors.push(error.name)),
      })
      const controller = new AbortController()
      const upload = {
        [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }),
      }
      const outcome = client.request('load', undefined, { upload, signal: controller.signal })
      await t.settle()
      controller.abort(new Error('given up'))

      await expect(outcome).rejects.toThrow('given up')
      await t.settle()
      expect(errors).toEqual(['AbortError'])
    })
  })
})

describe('a request of the peer', () => {
  it('can be taken from incoming, and answered or refused there', async () => {
    await withPair(contract, async ({ client, server }) => {
      const [answer, refusal] = [
        client.requestCatching('load', undefined, { upload: [1, 2] }),
        client.requestCatching('ping', undefined),
      ]
      for (let n = 0; n < 2; n++) {
        const message = await server.incoming.receive()
        if (message.type === 'load') await message.respond((await collect(message.upload)).length)
        if (message.type === 'ping') await message.respond()
      }

      expect(await answer).toEqual({ type: 'value', value: 2 })
      expect(await refusal).toEqual({ type: 'value', value: undefined })
    })
  })
})

async function firstOf(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream) break
}
