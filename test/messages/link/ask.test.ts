/**
 * One request of this side, over a pair of sessions in memory.
 */

import { CloseReason } from 'towpath'
import { defineContract, InvalidMessageError, RequestFailedError } from 'towpath/messages'
import { describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { withPair, withServer } from '../../support/typed-pair.ts'

const contract = defineContract({
  name: 'c',
  errors: { CLOSED: null },
  client: {
    ping: { request: null },
    echo: { request: z.string(), response: z.string() },
    load: { request: null, upload: z.number(), response: z.number() },
    watch: { request: null, stream: z.number(), response: z.string() },
  },
  server: { ask: { request: z.string(), response: z.string() } },
})

const HANDLERS = {
  ping: () => {},
  echo: (text: string) => text,
  load: () => 0,
  async *watch() {
    yield 1
    return 'end'
  },
}

/** A handler that runs until its request is not wanted any more, and tells of it. */
function waiting() {
  const reasons: unknown[] = []
  const handler = (_: unknown, { signal }: { readonly signal: AbortSignal }): Promise<void> =>
    new Promise((resolve) => {
      signal.addEventListener('abort', () => {
        reasons.push((signal.reason as Error).name)
        resolve()
      })
    })
  return { handler, reasons }
}

describe('a request', () => {
  it('M-12 resolves with the response', async () => {
    await withPair(contract, async ({ client, server }) => {
      void server.serve(HANDLERS)

      expect(await client.request('echo', 'a')).toBe('a')
      expect(await client.requestCatching('echo', 'b')).toEqual({ type: 'value', value: 'b' })
    })
  })

  it('M-12 leaves neither a listener nor a timer behind, in any outcome', async () => {
    await withPair(contract, async ({ client, server, t }) => {
      const { handler } = waiting()
      void server.serve({
        ...HANDLERS,
        ping: handler,
        echo: (text) => {
          if (text === 'fail') throw new Error('no')
          return text
        },
      })
      await t.settle()
      const timers = t.clock.pendingTimers
      const controller = new AbortController()
      const { signal } = controller
      const added = vi.spyOn(signal, 'addEventListener')
      const removed = vi.spyOn(signal, 'removeEventListener')

      await client.request('echo', 'a', { signal })
      await client.requestCatching('echo', 'fail', { signal })
      await client.requestCatching('echo', 1 as never, { signal })
      const timedOut = client.requestCatching('ping', undefined, { signal, timeout: 10 })
      await t.clock.advance(10)
      expect(await timedOut).toMatchObject({ failure: 'TIMEOUT' })
      const aborted = client.request('ping', undefined, { signal })
      await t.settle()
      controller.abort(new Error('given up'))
      await expect(aborted).rejects.toThrow('given up')
      await t.settle()

      expect(removed.mock.calls.length).toBe(added.mock.calls.length)
      expect(t.clock.pendingTimers).toBe(timers)
      t.takeFailures()
    })
  })

  it('M-12 does not begin with a signal that has fired', async () => {
    await withPair(contract, async ({ client, server, t }) => {
      const signal = AbortSignal.abort(new Error('before'))

      await expect(client.request('ping', undefined, { signal })).rejects.toThrow('before')
      await t.settle()
      expect(server.incoming.tryReceive()).toEqual({ type: 'empty' })
    })
  })

  it('M-13 fails with the failure and the data that the handler has thrown', async () => {
    await withPair(contract, async ({ client, server }) => {
      void server.serve({
        ...HANDLERS,
        ping: (_, { error }) => {
          throw error('CLOSED')
        },
      })
      const outcome = client.request('ping', undefined)

      await expect(outcome).rejects.toThrow(RequestFailedError)
      await expect(outcome).rejects.toMatchObject({ failure: 'CLOSED', data: undefined })
    })
  })

  it('M-13 fails with FAILED for any other throw, which is logged once and ends nothing else', async () => {
    await withPair(contract, async ({ client, server, t }) => {
      void server.serve({
        ...HANDLERS,
        ping: () => {
          throw new RangeError('secret')
        },
      })

      const error: unknown = await client.request('ping', undefined).catch((e: unknown) => e)

      expect(error).toMatchObject({ failure: 'FAILED', data: undefined })
      expect(String(error)).not.toContain('secret')
      expect(t.takeFailures()).toEqual([new RangeError('secret')])
      expect(await client.request('echo', 'a')).toBe('a')
    })
  })

  it('M-13 fails with FAILED where the failure of another request is passed on', async () => {
    await withPair(contract, async ({ client, server, t }) => {
      void server.serve({
        ...HANDLERS,
        ping: async () => void (await server.request('ask', 'a')),
      })
      void client.serve({
        ask: (_, { error }) => {
          throw error('CLOSED')
        },
      })

      expect(await client.requestCatching('ping', undefined)).toMatchObject({ failure: 'FAILED' })
      expect(t.takeFailures()).toHaveLength(1)
    })
  })

  it('M-14 is over after its time on the clock of the session, and tells the peer', async () => {
    await withPair(contract, async ({ client, server, t }) => {
      const { handler, reasons } = waiting()
      void server.serve({ ...HANDLERS, ping: handler })
      const outcome = client.request('ping', undefined)
      outcome.catch(() => {})
      await t.clock.advance(29_999)
      expect(reasons).toEqual([])
      await t.clock.advance(1)

      await expect(outcome).rejects.toMatchObject({
        failure: 'TIMEOUT',
        message:
          'Cannot get an answer to "ping": no answer in 30000 ms, with 0 messages unread on this side (TIMEOUT)',
      })
      expect(reasons).toHaveLength(1)
    })
  })

  it('M-14 says how many messages wait unread on this side', async () => {
    await withPair(contract, async ({ client, server, t }) => {
      void server.serve({ ...HANDLERS, ping: waiting().handler })
      for (const text of ['a', 'b']) void server.requestCatching('ask', text, { timeout: null })
      await t.settle()
      const outcome = client.request('ping', undefined, { timeout: { seconds: 1 } })
      outcome.catch(() => {})
      await t.clock.advance(1000)

      await expect(outcome).rejects.toThrow('with 2 messages unread on this side')
    })
  })

  it('M-15 fires the signal of the handler by the clock of its own side', async () => {
    await withPair(contract, async ({ client, server, session, t }) => {
      const { handler, reasons } = waiting()
      void server.serve({ ...HANDLERS, ping: handler })
      const outcome = client.requestCatching('ping', undefined, { timeout: 500 })
      await t.settle()
      session.network.halfOpen()
      await t.clock.advance(500)

      expect(reasons).toEqual(['TimeoutError'])
      expect(await outcome).toMatchObject({ failure: 'TIMEOUT' })
      session.network.restore()
    })
  })

  it('M-16 is over at once when its signal fires, and the signal of the handler fires', async () => {
    await withPair(contract, async ({ client, server, t }) => {
      const { handler, reasons } = waiting()
      void server.serve({ ...HANDLERS, ping: handler })
      const controller = new AbortController()
      const outcome = client.request('ping', undefined, { signal: controller.signal })
      await t.settle()
      const reason = new Error('given up')
      controller.abort(reason)

      await expect(outcome).rejects.toBe(reason)
      await t.settle()
      expect(reasons).toEqual(['AbortError'])
      expect(t.takeFailures()).toEqual([])
    })
  })

  it('M-17 fails with DISCONNECTED when the session ends, and the signal of the handler fires', async () => {
    await withPair(contract, async ({ client, server, session, t }) => {
      const { handler, reasons } = waiting()
      void server.serve({ ...HANDLERS, ping: handler })
      const outcome = client.requestCatching('ping', undefined)
      await t.settle()
      session.terminate()

      expect(await outcome).toEqual({ type: 'failed', failure: 'DISCONNECTED', data: undefined })
      await t.settle()
      expect(reasons).toEqual(['AbortError'])
      expect(await client.requestCatching('ping', undefined)).toMatchObject({
        failure: 'DISCONNECTED',
      })
    })
  })

  it('M-17 has the code and the reason of the close as the cause of DISCONNECTED', async () => {
    await withPair(contract, async ({ client, server, served, t }) => {
      void server.serve({ ...HANDLERS, ping: waiting().handler })
      const outcome = client.request('ping', undefined)
      await t.settle()
      void served.close(new CloseReason(1008, 'No entry'))

      await expect(outcome).rejects.toMatchObject({
        failure: 'DISCONNECTED',
        cause: { code: 'TOWPATH_SESSION_CLOSED', reason: { code: 1008, message: 'No entry' } },
      })
    })
  })

  it('M-17 that is not awaited makes nothing unhandled of the end of the session', async () => {
    await withPair(contract, async ({ client, session, t }) => {
      void client.request('ping', undefined)
      void client.stream('watch', undefined)
      await t.settle()
      session.terminate()
      await t.settle()
    })
  })

  it('M-25 lets an upload end when the answer comes before', async () => {
    await withPair(contract, async ({ client, server, t }) => {
      void server.serve(HANDLERS)
      let isLeft = false
      const upload = (async function* () {
        try {
          for (let n = 0; ; n++) yield n
        } finally {
          isLeft = true
        }
      })()

      // Begun, or its finally would have nothing to run for.
      await upload.next()
      expect(await client.request('load', undefined, { upload })).toBe(0)
      await t.settle()
      expect(isLeft).toBe(true)
    })
  })

  it('fails with what its upload throws, and tells the peer', async () => {
    await withPair(contract, async ({ client, server, t }) => {
      const reasons: unknown[] = []
      void server.serve({
        ...HANDLERS,
        load: async (_, { upload }) => {
          try {
            for await (const n of upload) reasons.push(n)
          } catch (error) {
            reasons.push((error as Error).name)
          }
          return 0
        },
      })
      const upload = (function* () {
        yield 1
        throw new RangeError('broken')
      })()

      await expect(client.request('load', undefined, { upload })).rejects.toThrow(
        new RangeError('broken'),
      )
      await t.settle()
      expect(reasons).toEqual([1, 'AbortError'])
    })
  })

  it('rejects with TypeError for a name that is no such request', async () => {
    await withPair(contract, async ({ client }) => {
      await expect(client.request('shout' as 'ping', undefined)).rejects.toThrow(
        'the contract has no such request of the client',
      )
      await expect(client.request('watch' as 'ping', undefined)).rejects.toThrow(
        'expected stream()',
      )
    })
  })

  it('M-05 takes from a client only failures that are declared, with data that is valid', async () => {
    const failing = defineContract({
      name: 'c',
      errors: { GONE: z.object({ room: z.string() }), CLOSED: null },
      server: { ask: { request: null } },
    })
    const answers: ReadonlyArray<readonly [object, unknown]> = [
      [
        { code: 'GONE', data: { room: 'a', extra: 1 } },
        { failure: 'GONE', data: { room: 'a' } },
      ],
      [
        { code: 'CLOSED', data: 'extra' },
        { failure: 'CLOSED', data: undefined },
      ],
      [
        { code: 'BUSY', data: 'extra' },
        { failure: 'BUSY', data: undefined },
      ],
      [
        { code: 'HACKED', data: 'extra' },
        { failure: 'FAILED', data: undefined },
      ],
      [{ code: 'constructor' }, { failure: 'FAILED' }],
      [{ code: 'DISCONNECTED' }, { failure: 'FAILED' }],
    ]
    const invalid: string[] = []
    await withServer(
      failing,
      async (t, promised) => {
        const peer = await t.connect('/', { protocols: failing.protocols })
        const server = await promised
        let id = 0
        for (const [answer, expected] of answers) {
          const outcome = server.requestCatching('ask', undefined)
          await t.settle()
          await peer.send(JSON.stringify({ type: '.error', id: (id += 2), ...answer }))
          expect(await outcome).toMatchObject({ type: 'failed', ...(expected as object) })
        }
        const outcome = server.request('ask', undefined)
        await t.settle()
        await peer.send(`{"type":".error","id":${id + 2},"code":"GONE","data":{"room":1}}`)
        await expect(outcome).rejects.toThrow(InvalidMessageError)
        expect(invalid).toEqual(['ask'])
      },
      { server: { onInvalid: ({ type }) => invalid.push(type) } },
    )
  })
})
