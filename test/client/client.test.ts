import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { VirtualClock } from '../../src/base/index.ts'
import { type ClientPlatform, createClient } from '../../src/client/client.ts'
import type { WebSocketClientOptions } from '../../src/client/opening/client-options.ts'
import type { WebSocketClientSession } from '../../src/client/opening/client-session.ts'
import { type Application, WebSockets } from '../../src/application/index.ts'
import { ClientClosedError } from '../../src/client/opening/errors.ts'
import { withTestApplication } from '../../src/testing/index.ts'
import { memoryEnvironment } from '../support/memory-world.ts'
import { ScriptedDialer, switching } from '../support/scripted-dialer.ts'

interface Options extends WebSocketClientOptions {
  readonly place?: string
}

function platform(): ClientPlatform<Options> & {
  readonly given: Options[]
  readonly heard: unknown[]
  readonly dialer: (options: Options) => ScriptedDialer
  readonly made: ScriptedDialer[]
} {
  const environment = memoryEnvironment()
  const given: Options[] = []
  const heard: unknown[] = []
  const made: ScriptedDialer[] = []
  return {
    given,
    heard,
    made,
    environment: () => environment,
    optionNames: ['place'],
    dialer(options) {
      if (options.place === 'nowhere') throw new TypeError('Cannot open WebSocket: no such place')
      given.push(options)
      const dialer = new ScriptedDialer(switching(environment).answer)
      made.push(dialer)
      return dialer
    },
    opened: (session) => heard.push(session),
  }
}

describe('createClient()', () => {
  it('adds one listener to a signal that many sessions and connections share', async () => {
    const shutdown = new AbortController()
    const { openWebSocket, connect } = createClient(platform(), { signal: shutdown.signal })
    const sessions: WebSocketClientSession[] = []
    for (let n = 0; n < 11; n++) sessions.push(await openWebSocket('ws://a/'))
    const connections = sessions.map(() => connect('ws://a/', { signal: shutdown.signal }))

    expect(getEventListeners(shutdown.signal, 'abort')).toHaveLength(1)
    shutdown.abort()
    for (const { closed } of connections) expect(await closed).toMatchObject({ why: 'aborted' })
    for (const { terminate, closed } of sessions) {
      terminate()
      await closed
    }
    expect(getEventListeners(shutdown.signal, 'abort')).toEqual([])
  })

  it('opens sessions that are the caller’s', async () => {
    const own = platform()
    const { openWebSocket } = createClient(own)

    const session = await openWebSocket('ws://example.com/')

    expect(session.url).toBe('ws://example.com/')
    expect(own.heard).toEqual([session])
    session.terminate()
  })

  it('runs blocks, with options and without', async () => {
    const { webSocket } = createClient(platform())

    const block = ({ url, terminate }: WebSocketClientSession): string => {
      terminate()
      return url
    }
    expect(await webSocket('ws://a/', block)).toBe('ws://a/')
    expect(await webSocket('ws://b/', { place: 'here' }, block)).toBe('ws://b/')
  })

  it('lays what is said for one connection over the defaults', async () => {
    const own = platform()
    const client = createClient(own, { place: 'here', headers: { 'X-A': '1' }, protocols: [] })

    await client.openWebSocket('ws://a/', { place: 'there' })

    expect(own.given.at(-1)).toEqual({ place: 'there', headers: { 'X-A': '1' }, protocols: [] })
    expect(own.made.at(-1)?.headers(0).get('x-a')).toBe('1')
  })

  it('throws at once for defaults that mean nothing', () => {
    expect(() => createClient(platform(), { place: 'nowhere' })).toThrow('no such place')
    expect(() => createClient(platform(), { connectTimeout: -1 })).toThrow(RangeError)
    // @ts-expect-error -- what a caller without types may write
    expect(() => createClient(platform(), { nothing: 1 })).toThrow('unknown option "nothing"')
  })

  it('rejects for options that mean nothing, before anything is dialled', async () => {
    const own = platform()
    const { webSocket, openWebSocket } = createClient(own)

    await expect(openWebSocket('ws://a/', { place: 'nowhere' })).rejects.toThrow('no such place')
    await expect(openWebSocket('ws://a/', { followRedirects: -1 })).rejects.toThrow(RangeError)
    // @ts-expect-error -- what a caller without types may write
    await expect(openWebSocket('ws://a/', null)).resolves.toBeDefined()
    // @ts-expect-error -- what a caller without types may write
    await expect(openWebSocket('ws://a/', 'b')).rejects.toThrow('the options argument is a string')
    // @ts-expect-error -- what a caller without types may write
    await expect(webSocket('ws://a/', {})).rejects.toThrow('the block is undefined')
    expect(own.made.flatMap(({ requests }) => requests)).toHaveLength(1)
  })

  it('makes connections that come back, over the defaults, on the clock for waits', async () => {
    const world = platform()
    const clock = new VirtualClock()
    const client = createClient({ ...world, waitingClock: clock }, { place: 'here' })
    const { connect } = client

    const connection = connect('ws://localhost/', { maxMessageSize: 10 })
    expect(clock.pendingTimers).toBe(1)
    const session = await connection.whenOpen()
    expect(world.heard).toHaveLength(1)
    expect(world.given.at(-1)).toMatchObject({ place: 'here', maxMessageSize: 10 })
    session.terminate()
    await session.closed
    await connection[Symbol.asyncDispose]()

    expect(() => connect('ws://localhost/', { place: 'nowhere' })).toThrow('no such place')
    expect(() => connect('here')).toThrow(TypeError)
    await connect(() => 'ws://localhost/').close()
  })

  it('the signal of the defaults ends connections that come back, unless they have their own', async () => {
    const [all, one] = [new AbortController(), new AbortController()]
    const client = createClient(platform(), { signal: all.signal })
    const connection = client.connect('ws://localhost/')
    const other = client.connect('ws://localhost/', { signal: one.signal })
    await Promise.all([connection.whenOpen(), other.whenOpen()])

    all.abort(new Error('enough'))

    expect((await connection.closed).why).toBe('aborted')
    expect(other.state.type).toBe('open')
    one.abort()
    expect((await other.closed).why).toBe('aborted')
    // @ts-expect-error -- what a caller without types may write
    expect(() => client.connect('ws://a/', 'b')).toThrow('the options argument is a string')
  })
})

describe('close() of a client', () => {
  /** Answers at `/echo`, and never at `/slow`. Adds the codes of sessions that end to `codes`. */
  function served(codes: number[]) {
    return (app: Application): void => {
      app.install(WebSockets)
      app.monitor.on('sessionClosed', ({ info }) => codes.push(info.reason.code))
      app.routing((route) => {
        route.webSocket('/echo', async ({ incoming, send }) => {
          for await (const frame of incoming) await send(frame)
        })
        route
          .webSocket('/slow', () => {})
          .intercept(
            ({ signal }) =>
              new Promise((resolve) => {
                signal.addEventListener('abort', () => resolve(undefined))
              }),
          )
      })
    }
  }

  const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => null,
      (error: unknown) => error,
    )

  it('ends sessions with 1001, and resolves when they have ended', async () => {
    const codes: number[] = []
    await withTestApplication(served(codes), async ({ client }) => {
      const sessions = [
        await client.openWebSocket('ws://localhost/echo'),
        await client.openWebSocket('ws://localhost/echo'),
      ]
      await sessions[0]?.send('a')
      await client.close()

      const ends = await Promise.all(sessions.map(({ closed }) => closed))
      expect(ends.map(({ reason, clean }) => [reason.code, clean])).toEqual([
        [1001, true],
        [1001, true],
      ])
      expect(codes).toEqual([1001, 1001])
    })
  })

  it('rejects requests in progress and later ones with ClientClosedError', async () => {
    await withTestApplication(served([]), async ({ client }) => {
      const opening = failureOf(client.openWebSocket('ws://localhost/slow'))
      const running = failureOf(
        client.webSocket('ws://localhost/echo', ({ incoming }) => incoming.receive()),
      )
      await client.webSocket('ws://localhost/echo', () => {})
      await client.close()

      const failures = [
        await opening,
        await running,
        await failureOf(client.openWebSocket('ws://localhost/echo')),
        await failureOf(client.webSocket('ws://localhost/echo', () => {})),
      ]
      for (const failure of failures) expect(failure).toBeInstanceOf(ClientClosedError)
      expect(failures[0]).toMatchObject({ code: 'TOWPATH_CLIENT_CLOSED' })
      expect(() => client.connect('ws://localhost/echo')).toThrow(ClientClosedError)
    })
  })

  it('ends connections of connect, which do not come back', async () => {
    const codes: number[] = []
    await withTestApplication(served(codes), async ({ client }) => {
      const [open, trying] = [
        client.connect('ws://localhost/echo'),
        client.connect('ws://localhost/slow'),
      ]
      await open.whenOpen()
      await client.close()

      expect(await open.closed).toMatchObject({ why: 'closed', cause: null })
      expect(await trying.closed).toMatchObject({ why: 'closed' })
      expect(codes).toEqual([1001])
    })
  })

  it('is called at the end of the scope with await using, and does nothing twice', async () => {
    const own = platform()
    let closes = 0
    const close = (): Promise<void> => {
      closes += 1
      return Promise.resolve()
    }
    {
      await using client = createClient({ ...own, close })
      await client.close()
    }

    expect(closes).toBe(1)
  })

  it('may be called inside a block, and waited for', async () => {
    await withTestApplication(served([]), async ({ client }) => {
      let isOver = false
      const running = failureOf(
        client.webSocket('ws://localhost/echo', async () => {
          await client.close()
          isOver = true
        }),
      )

      expect(await running).toBeInstanceOf(ClientClosedError)
      expect(isOver).toBe(true)
    })
  })
})
