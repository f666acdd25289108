import {
  ClosedSendChannelError,
  CloseReason,
  WebSockets,
  type WebSocketServerSession,
} from 'towpath'
import {
  type Codec,
  defineContract,
  json,
  typed,
  typedConnection,
  type TypedSession,
} from 'towpath/messages'
import { messagePack } from 'towpath/msgpack'
import { type TestApplication, withTestApplication } from 'towpath/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { letsLoopTurn } from '../../support/turns.ts'

const contract = defineContract({
  name: 'c',
  client: {
    say: { event: z.string() },
    once: { request: z.string(), response: z.string() },
    again: { request: z.string(), response: z.string(), idempotent: true },
    watch: { request: z.number(), stream: z.number(), response: z.string() },
  },
  server: { said: { event: z.string() }, ask: { request: z.string(), response: z.string() } },
})
type Server = TypedSession<typeof contract.shape, 'server'>

interface World {
  readonly t: TestApplication
  /** What the server has been asked, over all sessions. */
  readonly asked: string[]
  readonly servers: Server[]
  readonly sessions: WebSocketServerSession[]
  /** Whether requests are answered. */
  answers: boolean
  readonly connect: (options?: object) => ReturnType<typeof connectTo>
}

function connectTo(t: TestApplication, options: object) {
  const connection = t.client.connect('ws://localhost/', {
    protocols: contract.protocols,
    reconnect: { baseDelay: { seconds: 1 }, jitter: 0 },
    ...options,
  })
  return { connection, client: typedConnection(connection, contract) }
}

async function collect(items: AsyncIterable<number>): Promise<number[]> {
  const all: number[] = []
  for await (const item of items) all.push(item)
  return all
}

async function withWorld(block: (world: World) => Promise<void>): Promise<void> {
  await withTestApplication(async (t) => {
    const world: World = {
      t,
      asked: [],
      servers: [],
      sessions: [],
      answers: true,
      connect: (options = {}) => connectTo(t, options),
    }
    const answer = async (text: string, signal: AbortSignal): Promise<string> => {
      world.asked.push(text)
      if (!world.answers) await new Promise((resolve) => signal.addEventListener('abort', resolve))
      return text
    }
    t.application.install(WebSockets)
    t.application.routing((route) => {
      route.webSocket('/', { protocols: contract.protocols }, async (session) => {
        const server = typed(session, contract)
        world.servers.push(server)
        world.sessions.push(session)
        await server.serve({
          say: (text) => void world.asked.push(text),
          once: (text, { signal }) => answer(text, signal),
          again: (text, { signal }) => answer(text, signal),
          async *watch(from) {
            world.asked.push(`from ${from}`)
            for (let n = from; n < 5; n++) yield n
            return 'end'
          },
        })
      })
    })
    await block(world)
  })
}

describe('typedConnection()', () => {
  it('sends, asks and receives over the session that there is', async () => {
    await withWorld(async ({ t, connect, servers, asked }) => {
      const { client } = connect()
      expect(await client.request('once', 'a')).toBe('a')
      await client.send('say', 'b')
      expect(client.trySend('say', 'c')).toBe('sent')
      await servers[0]?.send('said', 'd')
      await t.settle()

      expect(asked).toEqual(['a', 'b', 'c'])
      expect(await client.incoming.receive()).toEqual({ type: 'said', data: 'd' })
    })
  })

  it('M-29 rejects a pending request with DISCONNECTED when its session ends', async () => {
    await withWorld(async (world) => {
      const { t, connect, sessions, asked } = world
      world.answers = false
      const { client } = connect()
      const outcome = client.requestCatching('once', 'a')
      await t.settle()
      sessions[0]?.terminate()

      expect(await outcome).toMatchObject({ failure: 'DISCONNECTED' })
      await t.clock.advance(5000)
      expect(asked).toEqual(['a'])
    })
  })

  it('M-29 has the code and the reason of the close as the cause of DISCONNECTED', async () => {
    await withWorld(async (world) => {
      const { t, connect, sessions } = world
      world.answers = false
      const { client } = connect()
      const outcome = client.request('once', 'a')
      await t.settle()
      void sessions[0]?.close(new CloseReason(1012, 'Restart'))

      await expect(outcome).rejects.toMatchObject({
        failure: 'DISCONNECTED',
        cause: { reason: { code: 1012, message: 'Restart' } },
      })
    })
  })

  it('M-29 asks an idempotent one again, once', async () => {
    await withWorld(async (world) => {
      const { t, connect, sessions, asked } = world
      world.answers = false
      const { client } = connect()
      const outcome = client.requestCatching('again', 'a')
      await t.settle()
      sessions[0]?.terminate()
      await t.clock.advance(2000)
      expect(asked).toEqual(['a', 'a'])
      sessions[1]?.terminate()

      expect(await outcome).toMatchObject({ failure: 'DISCONNECTED' })
      await t.clock.advance(5000)
      expect(asked).toEqual(['a', 'a'])
    })
  })

  it('M-29 asks no request with an upload again: the items that were sent are gone', async () => {
    const uploading = defineContract({
      name: 'c',
      client: {
        load: { request: null, upload: z.number(), response: z.number(), idempotent: true },
      },
    })
    await withTestApplication(async (t) => {
      let calls = 0
      t.application.install(WebSockets)
      t.application.routing((route) => {
        route.webSocket('/', { protocols: uploading.protocols }, async (session) => {
          const load = async (_: unknown, { upload }: { upload: AsyncIterable<number> }) => {
            calls++
            for await (const n of upload) if (n === 1) session.terminate()
            return 0
          }
          await typed(session, uploading).serve({ load })
        })
      })
      const connection = t.client.connect('ws://localhost/', {
        protocols: uploading.protocols,
        reconnect: { baseDelay: { seconds: 1 }, jitter: 0 },
      })
      const { requestCatching } = typedConnection(connection, uploading)
      const outcome = requestCatching('load', undefined, { upload: [1, 2, 3].values() })
      await t.clock.advance(5000)

      expect(await outcome).toMatchObject({ failure: 'DISCONNECTED' })
      expect(calls).toBe(1)
    })
  })

  it('sends no event in the codec of a contract that its session does not agree on', async () => {
    const either = defineContract({
      name: 'c',
      codecs: ['msgpack', 'json'],
      client: { say: { event: z.string() } },
    })
    await withTestApplication(async (t) => {
      const said: string[] = []
      t.application.install(WebSockets)
      t.application.routing((route) => {
        route.webSocket('/', { protocols: ['c+json'] }, (session) =>
          typed(session, either).serve({ say: (text) => void said.push(text) }),
        )
      })
      const connect = (codecs: readonly Codec[]) =>
        typedConnection(
          t.client.connect('ws://localhost/', {
            protocols: either.protocols,
            whileAway: { keep: {} },
          }),
          either,
          { codecs },
        )
      const both = connect([messagePack(), json])
      expect(both.trySend('say', 'too early')).toBe('full')
      await both.send('say', 'a')
      await t.settle()
      await connect([json]).send('say', 'b')
      await t.settle()

      expect(said).toEqual(['a', 'b'])
    })
  })

  it('M-29 asks it again within its timeout only', async () => {
    await withWorld(async (world) => {
      const { t, connect, sessions } = world
      world.answers = false
      const { client } = connect()
      const outcome = client.requestCatching('again', 'a', { timeout: { seconds: 3 } })
      await t.clock.advance(1000)
      t.network.refuse()
      sessions[0]?.terminate()
      await t.clock.advance(1999)
      t.network.restore()
      await t.clock.advance(1)

      expect(await outcome).toMatchObject({ failure: 'TIMEOUT' })
    })
  })

  it('has a request wait for a session, and be given up meanwhile', async () => {
    await withWorld(async ({ t, connect }) => {
      t.network.refuse()
      const { client } = connect()
      const controller = new AbortController()
      const aborted = client.request('once', 'a', { signal: controller.signal })
      const waiting = client.request('once', 'b')
      await t.settle()
      controller.abort(new Error('given up'))
      await expect(aborted).rejects.toThrow('given up')
      t.network.restore()
      t.network.refuse(false)
      await t.clock.advance(5000)

      expect(await waiting).toBe('b')
    })
  })

  it('rejects what waits for a session with DISCONNECTED when the connection ends', async () => {
    await withWorld(async ({ t, connect }) => {
      t.network.refuse()
      const { client, connection } = connect()
      const waiting = client.requestCatching('once', 'a')
      await t.settle()
      await connection.close()

      expect(await waiting).toMatchObject({ failure: 'DISCONNECTED' })
      expect(await client.requestCatching('once', 'b')).toMatchObject({ failure: 'DISCONNECTED' })
      expect(client.incoming.isClosedForReceive).toBe(true)
    })
  })

  it('M-18 takes ids of each session for themselves', async () => {
    await withWorld(async ({ t, connect, servers, sessions }) => {
      const { client } = connect()
      void client.serve({ said: () => {}, ask: (text) => text })
      await t.settle()
      expect(await servers[0]?.request('ask', 'a')).toBe('a')
      sessions[0]?.terminate()
      await t.clock.advance(2000)

      expect(await servers[1]?.request('ask', 'b')).toBe('b')
      expect(await client.request('once', 'c')).toBe('c')
    })
  })

  it('M-30 keep() asks again on each new session, from the last item on', async () => {
    await withWorld(async ({ t, connect, sessions, asked }) => {
      const { client } = connect()
      const stream = client.keep('watch', (last) => (last === null ? 0 : last + 1))
      const items: number[] = []
      const loop = (async () => {
        for await (const n of stream) {
          items.push(n)
          if (n === 2) sessions[0]?.terminate()
          await t.settle()
        }
      })()
      await t.clock.advance(10_000)
      await loop

      // What had arrived before the loss is delivered: the next session is asked for the rest.
      expect(items).toEqual([0, 1, 2, 3, 4])
      expect(await stream.result).toBe('end')
      expect(asked[0]).toBe('from 0')
    })
  })

  it('M-30 keep() asks for the rest with an input of its own', async () => {
    await withWorld(async ({ t, connect, sessions, asked }) => {
      const { client } = connect()
      const stream = client.keep('watch', (last) => (last === null ? 3 : last + 1))
      const items = stream[Symbol.asyncIterator]()
      await t.settle()
      expect(await items.next()).toMatchObject({ value: 3 })
      sessions[0]?.terminate()
      await t.settle()
      expect(await items.next()).toMatchObject({ value: 4 })
      const last = items.next()
      await t.clock.advance(2000)

      expect(await last).toMatchObject({ done: true })
      expect(asked).toEqual(['from 3'])
    })
  })

  it('M-04 M-17 what is not awaited makes nothing unhandled of the end of a session, or of all', async () => {
    await withWorld(async (world) => {
      world.answers = false
      const { client, connection } = world.connect()
      await world.t.settle()
      void client.request('once', 'lost with its session')
      await world.t.settle()
      world.sessions[0]?.terminate()
      await world.t.settle()
      void client.request('once', 'never asked')
      await connection.close()
      void client.request('once', 'too late')
      void client.send('say', 'too late')
      await world.t.settle()

      // What is unhandled fails the run.
      expect(world.asked).toEqual(['lost with its session'])
    })
  })

  it('M-30 keep() asks before requests that wait for the same session', async () => {
    await withWorld(async ({ t, connect, sessions, asked }) => {
      t.network.refuse()
      const { client } = connect()
      const early = client.request('once', 'early')
      const items = client.keep('watch', (last) => last ?? 4)[Symbol.asyncIterator]()
      await t.settle()
      t.network.refuse(false)
      await t.clock.advance(10_000)

      expect(await early).toBe('early')
      expect(await items.next()).toMatchObject({ value: 4 })
      expect(sessions).toHaveLength(1)
      expect(asked).toEqual(['from 4', 'early'])
    })
  })

  it('M-23 keep() ends at once when it is left, also without a session', async () => {
    await withWorld(async ({ t, connect }) => {
      t.network.refuse()
      const { client } = connect()
      const controller = new AbortController()
      const left = client.keep('watch', () => 0)
      const aborted = client.keep('watch', () => 0, { signal: controller.signal })
      const steps = [left, aborted].map((stream) => stream[Symbol.asyncIterator]().next())
      await t.settle()
      left.cancel()
      controller.abort(new Error('given up'))

      expect(await steps[0]).toMatchObject({ done: true })
      await expect(steps[1]).rejects.toThrow('given up')
      await expect(left.result).rejects.toMatchObject({ failure: 'CANCELLED' })
    })
  })

  it('M-30 keep() waits for the next session while a session is closing', async () => {
    await withWorld(async ({ t, connect, sessions, asked }) => {
      const { connection, client } = connect()
      await connection.whenOpen()
      // The server has closed; it ends TCP when the answer of the client has come.
      t.network.delay({ seconds: 5 }, { towards: 'server' })
      void sessions[0]?.close(new CloseReason(1001))
      await t.settle()
      expect(connection.state.type).toBe('open')
      const inputs: unknown[] = []
      const stream = client.keep('watch', (last) => {
        inputs.push(last)
        if (inputs.length > 9) throw new Error('asked again and again')
        return 3
      })
      const all = collect(stream)
      t.network.restore()
      await t.clock.advance({ minutes: 1 })

      expect(await all).toEqual([3, 4])
      expect(inputs).toHaveLength(1)
      expect(asked).toEqual(['from 3'])
    })
  })

  it('M-29 has a request wait for the next session while a session is closing', async () => {
    await withWorld(async ({ t, connect, sessions, asked }) => {
      const { connection, client } = connect()
      await connection.whenOpen()
      t.network.delay({ seconds: 5 }, { towards: 'server' })
      void sessions[0]?.close(new CloseReason(1001))
      await t.settle()
      const outcome = client.requestCatching('once', 'a')
      t.network.restore()
      await t.clock.advance({ minutes: 1 })

      expect(await outcome).toEqual({ type: 'value', value: 'a' })
      expect(asked).toEqual(['a'])
    })
  })

  it('M-29 a request fails with DISCONNECTED while this side is closing the connection', async () => {
    await withWorld(async ({ t, connect }) => {
      const { connection, client } = connect()
      await connection.whenOpen()
      // The server answers our Close frame later.
      t.network.delay({ seconds: 5 }, { towards: 'server' })
      void connection.close()

      await expect(client.request('once', 'a')).rejects.toMatchObject({ failure: 'DISCONNECTED' })

      expect(connection.state.type).not.toBe('closed')
      t.network.restore()
    })
  })

  it('M-17 loops of calls after the end let the event loop turn', async () => {
    await withWorld(async ({ connect }) => {
      const { connection, client } = connect()
      await connection.whenOpen()
      await connection.close()

      expect(await letsLoopTurn(() => client.requestCatching('once', 'a'))).toBe(true)
      expect(await letsLoopTurn(() => client.incoming.receiveCatching())).toBe(true)
      expect(await letsLoopTurn(() => collect(client.keep('watch', () => 0)))).toBe(true)
    })
  })

  it('M-04 rejects an event whose schema has not answered when the connection ends', async () => {
    await withWorld(async ({ t }) => {
      const slow = defineContract({
        name: 'c',
        client: { say: { event: z.string().refine(() => new Promise<boolean>(() => {})) } },
      })
      const connection = t.client.connect('ws://localhost/', { protocols: contract.protocols })
      const client = typedConnection(connection, slow, { validate: 'both' })
      await connection.whenOpen()
      const sent = client.send('say', 'a')
      await connection.close()

      await expect(sent).rejects.toBeInstanceOf(ClosedSendChannelError)
      await expect(client.send('say', 'b')).rejects.toBeInstanceOf(ClosedSendChannelError)
    })
  })

  it('M-30 keep() fails with DISCONNECTED while the connection is being closed', async () => {
    await withWorld(async ({ connect }) => {
      const { connection, client } = connect()
      await connection.whenOpen()
      void connection.close()
      let inputs = 0
      const stream = client.keep('watch', () => {
        if (++inputs > 9) throw new Error('asked again and again')
        return 3
      })

      await expect(collect(stream)).rejects.toMatchObject({ failure: 'DISCONNECTED' })
      expect(inputs).toBe(0)
    })
  })

  it('M-02 ends the connection when a session agrees on no subprotocol of the contract', async () => {
    await withWorld(async ({ t, connect }) => {
      const { client, connection } = connect({ protocols: [] })
      await t.settle()

      await expect(client.incoming.receive()).rejects.toThrow('no subprotocol')
      expect(connection.state.type).toBe('closed')
      t.takeFailures()
    })
  })

  it('M-07 does not come back from 1008', async () => {
    await withWorld(async ({ t, connect, sessions }) => {
      const { client, connection } = connect()
      await t.settle()
      await client.send('say', 1 as never)
      await t.clock.advance(60_000)

      expect(connection.state).toMatchObject({ type: 'closed', end: { why: 'final' } })
      expect(sessions).toHaveLength(1)
    })
  })

  it('M-18 ends the connection for an answer to an id that was never asked', async () => {
    await withWorld(async ({ t, connect, sessions }) => {
      const { connection } = connect()
      await t.settle()
      await sessions[0]?.send('{"type":".response","id":99}')
      await t.clock.advance(60_000)

      expect(connection.state.type).toBe('closed')
      expect(sessions).toHaveLength(1)
    })
  })

  it('M-27 ends the connection when the handler of an event throws', async () => {
    await withWorld(async ({ t, connect, servers }) => {
      const { client, connection } = connect()
      const served = client.serve({
        said: () => {
          throw new RangeError('broken')
        },
        ask: (text) => text,
      })
      served.catch(() => {})
      await t.settle()
      await servers[0]?.send('said', 'a')
      await t.clock.advance(1000)

      await expect(served).rejects.toThrow(new RangeError('broken'))
      expect(connection.state.type).toBe('closed')
    })
  })

  it('throws TypeError for a second call with one connection', async () => {
    await withWorld(async ({ connect }) => {
      const { connection } = connect()

      expect(() => typedConnection(connection, contract)).toThrow('has them already')
    })
  })
})
