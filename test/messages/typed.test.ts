import { defineContract, InvalidMessageError, typed } from 'towpath/messages'
import { describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { letsLoopTurn } from '../support/turns.ts'
import { withPair, withServer } from '../support/typed-pair.ts'

const contract = defineContract({
  name: 'c',
  version: 2,
  client: {
    say: { event: z.object({ text: z.string() }) },
    row: { request: null, response: z.object({ name: z.string() }) },
    ping: { request: null },
  },
  server: {
    said: { event: z.object({ name: z.string() }) },
    ask: { request: null },
  },
})
const older = defineContract({ name: 'c', version: 1, client: contract.shape.client })

/** Its schema answers later. */
const checked = defineContract({
  name: 'c',
  client: {},
  server: { said: { event: z.string().refine(() => Promise.resolve(true)) } },
})

const HANDLERS = { say: () => {}, row: () => ({ name: 'ada' }), ping: () => {} }

describe('typed()', () => {
  it('M-02 throws TypeError for another subprotocol, and for none', async () => {
    await withServer(contract, async (t) => {
      const session = await t.connect('/')

      expect(() => typed(session, contract)).toThrow(
        new TypeError(
          'Cannot use typed messages: the session has agreed on no subprotocol, expected "c.2+json"',
        ),
      )
      t.takeFailures()
    })
  })

  it('M-02 shares a route between versions', async () => {
    const protocols = [...contract.protocols, ...older.protocols]
    await withServer(
      older,
      async (t, server) => {
        const session = await t.connect('/', { protocols: older.protocols })
        const client = typed(session, older)
        await client.send('say', { text: 'a' })

        expect(await (await server).incoming.receive()).toMatchObject({ type: 'say' })
        expect(() => typed(session, contract)).toThrow('the subprotocol "c.1+json"')
      },
      { route: { protocols } },
    )
  })

  it('M-02 throws TypeError for a second call with one session', async () => {
    await withPair(contract, async ({ session }) => {
      expect(() => typed(session, contract)).toThrow('the session has them already')
    })
  })

  it('M-07 has the code and the reason of the close as the cause of what receive() throws', async () => {
    await withPair(contract, async ({ client, server, session }) => {
      const ends = [client, server].map(({ incoming }) =>
        incoming.receive().catch((error: unknown) => error),
      )
      await session.send('{"type":"say","data":{"text":1}}')

      const expected = {
        code: 'TOWPATH_CLOSED_RECEIVE_CHANNEL',
        cause: { reason: { code: 1008, message: 'Invalid message: say' } },
      }
      expect(await Promise.all(ends)).toMatchObject([expected, expected])
    })
  })

  it('ends incoming without a reason where an application cancels incoming of the session', async () => {
    await withPair(contract, async ({ client, session, t }) => {
      const received = client.incoming.receive().catch((error: unknown) => error)
      session.incoming.cancel()
      await t.settle()

      expect(await received).toMatchObject({ code: 'TOWPATH_CLOSED_RECEIVE_CHANNEL' })
      expect(Reflect.get(Object(await received), 'cause')).toBeUndefined()
    })
  })

  it('M-17 loops of calls after the end let the event loop turn, and need not be awaited', async () => {
    await withPair(contract, async ({ client, server, session, served }) => {
      await session.close()
      await served.closed

      expect(await letsLoopTurn(() => client.requestCatching('ping', undefined))).toBe(true)
      expect(await letsLoopTurn(() => server.incoming.receive())).toBe(true)
      expect(await letsLoopTurn(() => client.incoming.receiveCatching())).toBe(true)
      // It would end the process.
      void client.request('ping', undefined)
    })
  })

  it('M-17 a loop of events whose schema answers later lets the event loop turn after the end', async () => {
    await withPair(checked, async ({ server, served, t }) => {
      await served.close()
      await t.settle()

      expect(await letsLoopTurn(() => server.send('said', 'a'))).toBe(true)
    })
  })

  it('M-04 an event whose schema answers later is sent after incoming was cancelled', async () => {
    await withPair(checked, async ({ client, server, served, t }) => {
      served.incoming.cancel()
      await t.settle()
      await server.send('said', 'a')

      expect(await client.incoming.receive()).toMatchObject({ type: 'said', data: 'a' })
    })
  })

  it('M-03 delivers events and requests in the order of the calls', async () => {
    await withPair(contract, async ({ client, server, t }) => {
      void client.send('say', { text: '1' })
      void client.request('ping', undefined)
      expect(client.trySend('say', { text: '2' })).toBe('sent')
      await t.settle()

      const names: string[] = []
      for (let n = 0; n < 3; n++) names.push((await server.incoming.receive()).type)
      expect(names).toEqual(['say', 'ping', 'say'])
    })
  })

  it('M-04 waits as send of the session, and trySend never does', async () => {
    await withPair(
      contract,
      async ({ server, served, session, t }) => {
        session.network.slowReader()
        let outcome = 'sent'
        for (let n = 0; n < 5000 && outcome === 'sent'; n++) {
          outcome = server.trySend('said', { name: 'x'.repeat(1000) })
        }
        expect(outcome).toBe('full')
        const waiting = server.send('said', { name: 'last' })
        const controller = new AbortController()
        const aborted = server.send('said', { name: 'never' }, { signal: controller.signal })
        controller.abort(new Error('given up'))
        await expect(aborted).rejects.toThrow('given up')
        session.network.slowReader(false)
        session.incoming.cancel()

        await waiting
        expect(served.bufferedAmount).toBeGreaterThanOrEqual(0)
        await t.settle()
        await served.close()
        expect(server.trySend('said', { name: 'x' })).toBe('closed')
      },
      { route: { channels: { outgoing: { capacity: 4 } } } },
    )
  })

  it('M-04 that is not awaited makes nothing unhandled of the end of the session', async () => {
    await withPair(contract, async ({ client, session, t }) => {
      session.terminate()
      await t.settle()
      void client.send('say', { text: 'late' })
      await t.settle()
    })
  })

  it('M-05 never sends keys of a server that a schema strips', async () => {
    await withPair(contract, async ({ client, server }) => {
      const user = { name: 'ada', passwordHash: 'secret' }
      void server.serve({ ...HANDLERS, row: () => user })
      await server.send('said', user)

      expect(await client.incoming.receive()).toEqual({ type: 'said', data: { name: 'ada' } })
      expect(await client.request('row', undefined)).toEqual({ name: 'ada' })
    })
  })

  it('M-05 validates once in each direction on the server, and nothing on the client', async () => {
    const check = vi.fn(() => true)
    const counted = defineContract({
      name: 'c',
      client: { ask: { request: z.string().refine(check), response: z.string().refine(check) } },
    })
    await withPair(counted, async ({ client, server }) => {
      void server.serve({ ask: (text) => text })
      await client.request('ask', 'a')

      expect(check).toHaveBeenCalledTimes(2)
    })
  })

  it('M-05 rejects on the server what does not match, and sends nothing', async () => {
    await withPair(contract, async ({ client, server, t }) => {
      await expect(server.send('said', { name: 1 as never })).rejects.toThrow(InvalidMessageError)
      expect(() => server.trySend('said', {} as never)).toThrow(InvalidMessageError)
      await t.settle()

      expect(client.incoming.tryReceive()).toEqual({ type: 'empty' })
    })
  })

  it('M-07 a client that validates skips and reports an invalid event', async () => {
    const onInvalid = vi.fn()
    const loose = defineContract({ name: 'c', version: 2, server: { said: { event: z.any() } } })
    await withServer(loose, async (t, server) => {
      const session = await t.connect('/', { protocols: loose.protocols })
      const client = typed(session, contract, { validate: 'incoming', onInvalid })
      await (await server).send('said', { name: 1 })
      await (await server).send('said', { name: 'ada' })

      expect(await client.incoming.receive()).toEqual({ type: 'said', data: { name: 'ada' } })
      expect(onInvalid.mock.calls).toMatchObject([[{ type: 'said' }]])
    })
  })

  it('an answer that is invalid for a client that validates rejects with InvalidMessageError', async () => {
    const loose = defineContract({
      name: 'c',
      version: 2,
      client: { row: { request: null, response: z.any() } },
    })
    await withServer(loose, async (t, server) => {
      const session = await t.connect('/', { protocols: loose.protocols })
      const client = typed(session, contract, { validate: 'incoming' })
      void (await server).serve({ row: () => ({ name: 1 }) })

      await expect(client.request('row', undefined)).rejects.toThrow(InvalidMessageError)
    })
  })

  it('M-08 a client skips and counts events of a newer server', async () => {
    const newer = defineContract({ name: 'c', version: 2, server: { typing: { event: z.any() } } })
    await withServer(newer, async (t, server) => {
      const session = await t.connect('/', { protocols: newer.protocols })
      const client = typed(session, contract)
      await (await server).send('typing', 1)
      await t.settle()

      expect(client.unknownEvents).toBe(1)
    })
  })

  it('M-20 finds answers behind a full incoming, and keeps the order of events', async () => {
    await withPair(contract, async ({ client, server, t }) => {
      void server.serve(HANDLERS)
      for (let n = 0; n < 200; n++) await server.send('said', { name: `${n}` })
      await t.settle()

      expect(await client.request('row', undefined)).toEqual({ name: 'ada' })
      for (let n = 0; n < 200; n++) {
        expect(await client.incoming.receive()).toMatchObject({ data: { name: `${n}` } })
      }
    })
  })

  it('M-20 reads no more than readAhead past it, and then lets the timeout decide', async () => {
    await withPair(
      contract,
      async ({ client, server, t }) => {
        void server.serve(HANDLERS)
        for (let n = 0; n < 300; n++) void server.send('said', { name: `${n}` })
        await t.settle()
        const outcome = client.requestCatching('row', undefined, { timeout: 1000 })
        await t.clock.advance(1000)

        expect(await outcome).toMatchObject({ failure: 'TIMEOUT' })
        for (let n = 0; n < 300; n++) {
          expect(await client.incoming.receive()).toMatchObject({ data: { name: `${n}` } })
        }
      },
      { client: { readAhead: 1000 }, route: { channels: { outgoing: { capacity: 1000 } } } },
    )
  })

  it('M-20 lets handlers of both sides ask each other while both incoming are full', async () => {
    await withPair(contract, async ({ client, server, t }) => {
      void server.serve({ ...HANDLERS, say: () => server.request('ask', undefined) })
      void client.serve({
        said: () => client.request('ping', undefined),
        ask: () => {},
      })
      for (let n = 0; n < 150; n++) {
        void client.send('say', { text: '' })
        void server.send('said', { name: '' })
      }
      await t.settle()

      expect(await client.request('row', undefined)).toEqual({ name: 'ada' })
    })
  })

  it('a request that is not awaited by a reader of incoming makes reading stop', async () => {
    await withPair(contract, async ({ client, server, session, t }) => {
      for (let n = 0; n < 300; n++) void client.send('say', { text: `${n}` })
      await t.settle()

      expect(session.bufferedAmount).toBeGreaterThanOrEqual(0)
      for (let n = 0; n < 300; n++) {
        expect(await server.incoming.receive()).toMatchObject({ data: { text: `${n}` } })
      }
    })
  })
})
