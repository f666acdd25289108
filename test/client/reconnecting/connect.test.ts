import { describe, expect, it } from 'vitest'

import {
  type Application,
  WebSockets,
  type WebSocketHandler,
} from '../../../src/application/index.ts'
import type { WebSocketClient, WebSocketClientOptions } from '../../../src/client/index.ts'
import { Deferred } from '../../../src/base/internal.ts'
import { Frame } from '../../../src/protocol/index.ts'
import { withTestApplication } from '../../../src/testing/index.ts'

/** Says what was asked for, and then whatever is said. */
const echo: WebSocketHandler = async ({ call, incoming, send, protocol }) => {
  await send(`${call.request.path} ${call.request.headers.get('x-token')} ${protocol}`)
  for await (const frame of incoming) await send(frame)
}

function module(app: Application): void {
  app.install(WebSockets)
  app.routing((route) => {
    route.webSocket('/a', { protocols: ['v1'] }, echo)
    route.webSocket('/b', echo)
  })
}

async function receiveText(connection: ReturnType<WebSocketClient['connect']>): Promise<string> {
  const frame = await connection.incoming.receive()
  return frame instanceof Frame.Text ? frame.readText() : ''
}

describe('connect()', () => {
  it('opens sessions with the options beside its own', async () => {
    await withTestApplication(module, async (t) => {
      const connection = t.client.connect('ws://localhost/a', {
        protocols: ['v1'],
        headers: { 'X-Token': 'one' },
        maxMessageSize: 100,
        reconnect: { baseDelay: 10 },
        whileAway: { keep: {} },
      })
      await connection.send('hello')

      expect(await receiveText(connection)).toBe('/a one v1')
      expect(await receiveText(connection)).toBe('hello')
      await connection.close()
      expect((await connection.closed).unsent).toBe(0)
    })
  })

  it('asks for the address and for what must not be old before each attempt', async () => {
    await withTestApplication(module, async (t) => {
      const paths = ['/a', '/b']
      let tokens = 0
      const connection = t.client.connect(() => `ws://localhost${paths.shift()}`, {
        headers: { 'X-Token': 'old' },
        renew: () => Promise.resolve({ headers: { 'X-Token': `${++tokens}` } }),
      })
      expect(await receiveText(connection)).toBe('/a 1 null')

      t.network.reset()
      await t.clock.advance(1_000)

      expect(await receiveText(connection)).toBe('/b 2 null')
      await connection.close()
    })
  })

  it('is there at once, and may be closed before it was open', async () => {
    await withTestApplication(module, async (t) => {
      const { connect } = t.client
      const connection = connect('ws://localhost/b')
      expect(connection.state.type).toBe('connecting')

      await connection.close()

      expect((await connection.closed).why).toBe('closed')
    })
  })

  it('ends with its signal', async () => {
    await withTestApplication(module, async (t) => {
      const controller = new AbortController()
      const connection = t.client.connect('ws://localhost/b', { signal: controller.signal })
      await connection.whenOpen()
      const reason = new Error('enough')

      controller.abort(reason)

      expect(await connection.closed).toMatchObject({ why: 'aborted', cause: reason })
    })
  })

  it('tries again when the address or the token cannot be had', async () => {
    await withTestApplication(module, async (t) => {
      let failures = 2
      const connection = t.client.connect('ws://localhost/b', {
        renew: () => {
          if (failures-- > 0) throw new TypeError('fetch failed')
          return {}
        },
      })

      await t.clock.advance(10_000)

      expect(connection.state).toMatchObject({ type: 'open', attempt: 3 })
      await connection.close()
    })
  })

  it.each(['url', 'renew', 'opened'])('says that %s hangs, and tries again', async (step) => {
    await withTestApplication(module, async (t) => {
      const never = new Deferred<never>().promise
      const connection = t.client.connect(() => (step === 'url' ? never : 'ws://localhost/b'), {
        attemptTimeout: 1_000,
        renew: () => (step === 'renew' ? never : {}),
        opened: () => (step === 'opened' ? never : undefined),
      })
      await t.clock.advance(1_000)

      expect(connection.state).toMatchObject({ type: 'waiting', setback: { error: { step } } })
      await connection.close()
    })
  })

  it('finds out that the server is gone, by its heartbeat, and that the next one is there', async () => {
    await withTestApplication(module, async (t) => {
      const connection = t.client.connect('ws://localhost/b', {
        heartbeat: { period: 5_000, timeout: 1_000 },
      })
      expect(connection.heartbeat).toBeNull()
      const session = await connection.whenOpen()
      expect(session.response.status).toBe(101)
      await t.settle()
      expect(connection.heartbeat).toBe('supported')
      await t.clock.advance({ minutes: 10 })
      expect(connection.state.type).toBe('open')

      t.network.halfOpen()
      await t.clock.advance(6_000)
      expect(connection.state).toMatchObject({
        type: 'waiting',
        setback: { info: { cause: { code: 'TOWPATH_PING_TIMEOUT' } } },
      })
      t.network.restore()
      await t.clock.advance(1_000)

      expect(connection.state.type).toBe('open')
      await connection.close()
    })
  })

  it.each([null, { period: 20_000, timeout: 1_000 }])(
    'notices that its server is gone while nobody reads (heartbeat: %j)',
    async (heartbeat) => {
      await withTestApplication(module, async (t) => {
        const connection = t.client.connect('ws://localhost/b', { heartbeat })
        const first = await connection.whenOpen()
        const [session] = t.application.sessions
        for (let n = 0; n < 3_000; n++) void session?.send('x'.repeat(50))
        await t.settle()
        t.network.reset()
        await t.clock.advance(4_000)

        expect(await connection.whenOpen()).not.toBe(first)
        await connection.close()
      })
    },
  )

  it.each([null, { period: 20_000, timeout: 1_000 }])(
    'is closed in a round trip with messages that nobody has read (heartbeat: %j)',
    async (heartbeat) => {
      await withTestApplication(module, async (t) => {
        const connection = t.client.connect('ws://localhost/b', { heartbeat })
        const opened = await connection.whenOpen()
        const [session] = t.application.sessions
        for (let n = 0; n < 3_000; n++) void session?.send('x'.repeat(50))
        await t.settle()
        const before = t.clock.now()
        await connection.close()

        expect(t.clock.now() - before).toBe(0)
        expect((await opened.closed).clean).toBe(true)
      })
    },
  )

  it('knows a server that has answered before: its silence is the end at once', async () => {
    await withTestApplication(module, async (t) => {
      let sessions = 0
      const connection = t.client.connect('ws://localhost/b', {
        heartbeat: { period: 60_000, timeout: 1_000 },
        opened: () => {
          if (++sessions === 2) t.network.halfOpen()
        },
      })
      await connection.whenOpen()
      await t.settle()
      expect(connection.heartbeat).toBe('supported')
      t.network.reset()
      await t.clock.advance(1_000)
      expect(sessions).toBe(2)

      await t.clock.advance(1_000)

      expect(connection.state).toMatchObject({
        setback: { info: { cause: { code: 'TOWPATH_PING_TIMEOUT' } } },
      })
      t.network.restore()
      await connection.close()
    })
  })

  it.each<[unknown, unknown, string]>([
    ['nowhere', {}, 'Cannot open WebSocket: the URL'],
    ['ws://localhost/#a', {}, 'the URL has a fragment'],
    ['ws://localhost/', { recconect: {} }, 'unknown option "recconect", expected "reconnect"'],
    ['ws://localhost/', { open: () => {} }, 'unknown option "open", expected "opened"'],
    ['ws://localhost/', { maxMessageSize: -1 }, 'option "maxMessageSize" is -1'],
    ['ws://localhost/', { reconnect: { jitter: 7 } }, 'option "reconnect.jitter" is 7'],
    ['ws://localhost/', { renew: true }, 'option "renew" is a boolean, expected a function'],
    ['ws://localhost/', 7, 'Cannot connect: the options argument is 7, expected an object'],
  ])('refuses %j with %j at once', async (url, options, message) => {
    await withTestApplication(module, (t) => {
      expect(() => t.client.connect(url as string, options as WebSocketClientOptions)).toThrow(
        message,
      )
    })
  })

  it.each<[() => string, () => WebSocketClientOptions, string]>([
    [() => 'nowhere', () => ({}), 'Cannot open WebSocket: the URL'],
    [() => 'ws://localhost/b', () => ({ protocols: ['a b'] }), 'an invalid name'],
    [
      () => 'ws://localhost/b',
      () => 7 as WebSocketClientOptions,
      'renew() returned 7, expected options',
    ],
  ])('ends when a function gives what means nothing', async (url, renew, message) => {
    await withTestApplication(module, async (t) => {
      const connection = t.client.connect(url, { renew })

      const { why, setback } = await connection.closed

      expect(why).toBe('final')
      expect(setback?.error).toMatchObject({
        name: 'TypeError',
        message: expect.stringContaining(message) as string,
      })
    })
  })
})
