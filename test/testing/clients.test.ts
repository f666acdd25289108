import { describe, expect, it } from 'vitest'
import {
  ClosedSendChannelError,
  CloseReason,
  Frame,
  permessageDeflate,
  type WebSocketServerSession,
  WebSockets,
} from '../../src/index.ts'
import {
  type ConnectOptions,
  UpgradeRefusedError,
  withTestApplication,
} from '../../src/testing/index.ts'
import { echo, serving, textOf } from './applications.ts'

describe('connect()', () => {
  it('resolves with a session that sends and receives whole messages', async () => {
    await withTestApplication(echo, async (t) => {
      const session = await t.connect('/')

      await session.send('grüß dich')
      expect(textOf(await session.incoming.receive())).toBe('grüß dich')
      await session.send(Uint8Array.of(1, 2, 3))
      expect(await session.incoming.receive()).toEqual(new Frame.Binary(Uint8Array.of(1, 2, 3)))
    })
  })

  it('receives frames that equal those that were sent, in a deep comparison', async () => {
    await withTestApplication(echo, async (t) => {
      const session = await t.connect('/')
      await session.send('\uFEFFhello')
      await session.send('')

      expect(await session.incoming.receive()).toEqual(new Frame.Text('\uFEFFhello'))
      expect(await session.incoming.receive()).not.toEqual(new Frame.Text('x'))
      expect(session.incoming).toBe(session.incoming)
    })
  })

  it('resolves once the handler has been called', async () => {
    let called = false
    const module = serving(({ closed }) => {
      called = true
      return closed.then(() => {})
    })

    await withTestApplication(module, async (t) => {
      await t.connect('/')
      expect(called).toBe(true)
    })
  })

  it('shows the answer: 101, its headers and the subprotocol', async () => {
    await withTestApplication(async (t) => {
      t.application.install(WebSockets)
      t.application.routing((route) => {
        route.webSocket('/', { protocols: ['v1.chat'] }, ({ closed }) => closed.then(() => {}))
      })

      const session = await t.connect('/', { protocols: ['v2.chat', 'v1.chat'] })

      expect(session.protocol).toBe('v1.chat')
      expect(session.response.status).toBe(101)
      expect(session.response.headers.get('sec-websocket-protocol')).toBe('v1.chat')
    })
  })

  it('answers pings and Close frames, as a browser does', async () => {
    await withTestApplication(async (t) => {
      t.application.install(WebSockets)
      t.application.routing((route) => {
        route.webSocketRaw('/', async ({ send, incoming }) => {
          await send(new Frame.Ping(Uint8Array.of(9)))
          expect(await incoming.receive()).toEqual(new Frame.Pong(Uint8Array.of(9)))
          await send(new Frame.Close(new CloseReason(4001, 'over')))
          expect(await incoming.receive()).toEqual(new Frame.Close(new CloseReason(4001)))
        })
      })

      const session = await t.connect('/')

      expect(await session.closeReason).toEqual(new CloseReason(4001, 'over'))
      expect(await session.closed).toMatchObject({ clean: true, initiator: 'remote' })
    })
  })

  it('takes messages of any size if it is told to', async () => {
    const module = serving(async ({ send }) => {
      await send(new Uint8Array(3 * 1024 * 1024))
    })

    await withTestApplication(module, async (t) => {
      const session = await t.connect('/', { maxMessageSize: Infinity })

      expect((await session.incoming.receive()).buffer.length).toBe(3 * 1024 * 1024)
    })
  })

  it('sends no pings of its own, until pingInterval is set', async () => {
    const pings: number[] = []
    await withTestApplication(async (t) => {
      t.application.install(WebSockets)
      t.application.routing((route) => {
        route.webSocketRaw('/', async ({ incoming, send }) => {
          for await (const frame of incoming) {
            if (!(frame instanceof Frame.Ping)) continue
            pings.push(t.clock.now())
            await send(new Frame.Pong(frame.buffer))
          }
        })
      })
      const session = await t.connect('/')

      await t.clock.advance({ minutes: 5 })
      expect(pings).toEqual([])
      session.pingInterval = { seconds: 10 }
      await t.clock.advance({ seconds: 10 })
      expect(pings).toEqual([310_000])
    })
  })

  it('rejects with UpgradeRefusedError: status, headers and body', async () => {
    await withTestApplication(async (t) => {
      t.application.install(WebSockets)
      t.application.routing((route) => {
        route.webSocket('/', () => {})
      })

      const refused = await t.connect('/', { origin: 'https://evil.example' }).catch(caught)

      expect(refused).toBeInstanceOf(UpgradeRefusedError)
      expect(refused).toMatchObject({
        status: 403,
        body: 'Cannot upgrade: pages of https://evil.example may not connect to http://localhost, expected an origin that the option "origins" of the server allows\n',
      })
    })
  })

  it('rejects with the headers of the refusal', async () => {
    await withTestApplication(echo, async (t) => {
      const options = { headers: { 'sec-websocket-version': '8' } }
      const refused = await t.connect('/', options).catch((error: UpgradeRefusedError) => error)

      expect(refused).toMatchObject({ status: 426 })
      expect((refused as UpgradeRefusedError).headers.get('sec-websocket-version')).toBe('13')
    })
  })

  it.each<[string, ConnectOptions, number]>([
    ['no key', { headers: { 'sec-websocket-key': '' } }, 400],
    ['no upgrade', { headers: { upgrade: 'h2c' } }, 426],
    ['a body', { headers: { 'content-length': '5' } }, 400],
  ])('rejects with the refusal of a request with %s', async (_what, options, status) => {
    await withTestApplication(echo, async (t) => {
      await expect(t.connect('/', options)).rejects.toMatchObject({ status })
    })
  })

  it('rejects with a TypeError for an option that there is not', async () => {
    await withTestApplication(echo, async (t) => {
      // @ts-expect-error -- what a caller without types may write
      await expect(t.connect('/', { header: {} })).rejects.toThrow(
        new TypeError('Cannot open WebSocket: unknown option "header", expected "headers"'),
      )
    })
  })

  it('shows address and encryption to the application', async () => {
    await withTestApplication(async (t) => {
      const origins: unknown[] = []
      t.application.install(WebSockets)
      t.application.routing((route) => {
        route.webSocket('/rooms/:room', ({ call }) => {
          const { scheme, host, port, remoteHost } = call.request.origin
          origins.push([scheme, host, port, remoteHost, call.parameters.room])
        })
      })

      await t.connect('wss://chat.example.com/rooms/7', { remoteHost: '203.0.113.9' })

      expect(origins).toEqual([['https', 'chat.example.com', 443, '203.0.113.9', '7']])
    })
  })

  it('leaves when its signal fires before the upgrade is decided', async () => {
    await withTestApplication(async (t) => {
      const reasons: string[] = []
      t.application.install(WebSockets)
      t.application.monitor.on('upgradeRefused', ({ reason }) => reasons.push(reason))
      t.application.routing((route) => {
        route.intercept(
          ({ signal }) =>
            new Promise((_resolve, reject) => {
              signal.addEventListener('abort', () => reject(signal.reason as Error))
            }),
        )
        route.webSocket('/', () => {})
      })
      const leaving = new AbortController()

      const connecting = t.connect('/', { signal: leaving.signal })
      leaving.abort(new Error('gone'))

      await expect(connecting).rejects.toThrow('gone')
      expect(reasons).toEqual(['abandoned'])
    })
  })

  it('fails the test when a task fails that the client launched', async () => {
    const boom = new Error('boom')

    const test = withTestApplication(echo, async (t) => {
      const session = await t.connect('/')
      session.launch(() => Promise.reject(boom)).catch(() => {})
      await t.settle()
    })

    await expect(test).rejects.toBe(boom)
  })

  it('gives each client an id and a port of its own', async () => {
    const ports: unknown[] = []
    const module = serving(({ call, closed }) => {
      ports.push(call.request.origin.remotePort)
      return closed.then(() => {})
    })

    await withTestApplication(module, async (t) => {
      const first = await t.connect('/')
      const second = await t.connect('/')

      expect([first.id, second.id]).toEqual(['client-1', 'client-2'])
      expect(ports).toEqual([50_000, 50_001])
    })
  })
})

describe('connect() as the client of towpath/client', () => {
  it('says what was connected to', async () => {
    await withTestApplication(echo, async (t) => {
      const session = await t.connect('/?a=b')

      expect(session.url).toBe('ws://localhost/?a=b')
    })
  })

  it('has the bounds of that client: a message of more than 1 MiB is refused with 1009', async () => {
    const module = serving(async ({ send, closed }) => {
      await send(new Uint8Array(1024 * 1024 + 1))
      await closed
    })

    await withTestApplication(module, async (t) => {
      const session = await t.connect('/')

      expect(await session.closeReason).toMatchObject({ code: 1009 })
    })
  })

  it('gives up at its deadline, in virtual time', async () => {
    await withTestApplication(async (t) => {
      t.application.install(WebSockets, { handshakeTimeout: { minutes: 5 } })
      t.application.routing((route) => {
        route.intercept(
          ({ signal }) =>
            new Promise((resolve) => {
              signal.addEventListener('abort', () => resolve())
            }),
        )
        route.webSocket('/', () => {})
      })
      const refused = t.connect('/', { handshakeTimeout: { seconds: 3 } }).catch(caught)

      await t.clock.advance(2999)
      await t.clock.advance(1)

      expect(await refused).toMatchObject({ name: 'ConnectError', step: 'handshake' })
    })
  })

  it('follows redirects of the application', async () => {
    await withTestApplication(async (t) => {
      t.application.install(WebSockets)
      t.application.routing((route) => {
        route.webSocket('/new', ({ closed }) => closed.then(() => {}))
        route.route('/old', (old) => {
          old.intercept(() => new Response(null, { status: 307, headers: { location: '/new' } }))
          old.webSocket('/', () => {})
        })
      })

      const session = await t.connect('/old', { followRedirects: 1 })

      expect(session.url).toBe('ws://localhost/new')
    })
  })
})

describe('client', () => {
  it('is one for code that is handed a client', async () => {
    await withTestApplication(echo, async (t) => {
      const answer = await t.client.webSocket('ws://localhost/', async ({ send, incoming }) => {
        await send('hello')
        return textOf(await incoming.receive())
      })

      expect(answer).toBe('hello')
    })
  })

  it('has sessions that leave at the end of the test, those that nobody closed too', async () => {
    const session = await withTestApplication(echo, (t) =>
      t.client.openWebSocket('ws://localhost/'),
    )

    expect(await session.closed).toMatchObject({ clean: true })
  })

  it('ends blocks that wait when the test ends', async () => {
    const running = await withTestApplication(echo, async (t) => {
      const block = t.client.webSocket('ws://localhost/', async ({ incoming }) => {
        for await (const _ of incoming);
        return 'left'
      })
      await t.settle()
      return { block }
    })

    expect(await running.block).toBe('left')
  })

  it('tells failures to whoever opened the session, and not to the test', async () => {
    await withTestApplication(echo, async (t) => {
      const block = t.client.webSocket('ws://localhost/', () => Promise.reject(new Error('mine')))

      await expect(block).rejects.toThrow('mine')
    })
  })
})

describe('connectRaw()', () => {
  it('receives fragments that equal those that were sent, but for pieces of a character', async () => {
    const halves = [Uint8Array.of(0xc3), Uint8Array.of(0xbc)]
    await withTestApplication(async (t) => {
      t.application.install(WebSockets)
      t.application.routing((route) => {
        route.webSocketRaw('/', async ({ send }) => {
          await send(new Frame.Text('über', { fin: false }))
          for (const half of halves) await send(new Frame.Text(half, { fin: false }))
          await send(new Frame.Text('!'))
        })
      })
      const { incoming } = await t.connectRaw('/')

      expect(await incoming.toArray()).toEqual([
        new Frame.Text('über', { fin: false }),
        ...halves.map((half) => new Frame.Text(half, { fin: false })),
        new Frame.Text('!'),
      ])
    })
  })

  it('sends fragments, and pings between them', async () => {
    await withTestApplication(echo, async (t) => {
      const client = await t.connectRaw('/')

      await client.send(new Frame.Text('Hel', { fin: false }))
      await client.send(new Frame.Ping(Uint8Array.of(1)))
      await client.send(new Frame.Text('lo'))

      expect(await client.incoming.receive()).toEqual(new Frame.Pong(Uint8Array.of(1)))
      expect(textOf(await client.incoming.receive())).toBe('Hello')
    })
  })

  it('answers nothing: a server that pings it gives up in virtual time', async () => {
    await withTestApplication(async (t) => {
      t.application.install(WebSockets, { pingPeriod: { seconds: 60 }, timeout: { seconds: 15 } })
      t.application.routing((route) => {
        route.webSocket('/', ({ closed }) => closed.then(() => {}))
      })
      const client = await t.connectRaw('/')

      await t.clock.advance({ seconds: 75 })

      expect(await client.incoming.receive()).toBeInstanceOf(Frame.Ping)
      expect(await client.incoming.receive()).toEqual(
        new Frame.Close(new CloseReason(1011, 'Ping timeout')),
      )
    })
  })

  it('may break the rules that it can: frames without a mask', async () => {
    await withTestApplication(echo, async (t) => {
      const client = await t.connectRaw('/')
      client.masking = false

      await client.send('bare')

      expect(await client.incoming.receive()).toEqual(new Frame.Close(new CloseReason(1002)))
    })
  })
})

describe('connectBytes()', () => {
  it('begins the session like the others, and rejects when refused', async () => {
    await withTestApplication(echo, async (t) => {
      const peer = await t.connectBytes('/')

      expect(peer.response.status).toBe(101)
      await expect(t.connectBytes('/nowhere')).rejects.toMatchObject({ status: 404 })
    })
  })
})

describe('clients', () => {
  it('are told apart by the application, whose ids come from the seed', async () => {
    const idOf = (seed: number): Promise<string> => {
      let id = ''
      const module = serving((session) => {
        id = session.id
      })
      return withTestApplication(
        module,
        async (t) => {
          await t.connect('/')
          return id
        },
        { seed },
      )
    }

    expect(await idOf(5)).toBe(await idOf(5))
    expect(await idOf(5)).not.toBe(await idOf(6))
  })

  it('leave at the end of the test, those that it forgot too', async () => {
    const reasons: unknown[] = []
    let served: WebSocketServerSession | null = null
    const module = serving(async (session) => {
      served = session
      for await (const _ of session.incoming);
      reasons.push(await session.closeReason)
    })

    const session = await withTestApplication(module, (t) => t.connect('/'))

    expect(reasons).toHaveLength(1)
    expect(served).not.toBe(null)
    expect(await session.closed).toMatchObject({ clean: true })
    await expect(session.send('late')).rejects.toBeInstanceOf(ClosedSendChannelError)
  })
})

function caught(error: unknown): unknown {
  return error
}

describe('connect() with extensions', () => {
  it('offers them, and what the application agrees to is at work', async () => {
    await withTestApplication(
      (app) => {
        app.install(WebSockets, { extensions: [permessageDeflate({ threshold: 0 })] })
        app.routing((route) => {
          route.webSocket('/', async ({ incoming, send }) => {
            for await (const frame of incoming) await send(frame)
          })
        })
      },
      async (t) => {
        const session = await t.connect('/', {
          extensions: [permessageDeflate({ threshold: 0 })],
        })
        await session.send('Hello')

        expect(textOf(await session.incoming.receive())).toBe('Hello')
        expect(session.response.headers.get('sec-websocket-extensions')).toBe(
          'permessage-deflate; server_max_window_bits=12; client_max_window_bits=12',
        )
      },
    )
  })

  it('are refused for clients that show frames as they travel', async () => {
    await withTestApplication(echo, async (t) => {
      const refusal = 'Cannot connect: unknown option "extensions"'

      // @ts-expect-error -- what a caller without types may write
      await expect(t.connectRaw('/', { extensions: [] })).rejects.toThrow(refusal)
      // @ts-expect-error -- the same
      await expect(t.connectBytes('/', { extensions: [] })).rejects.toThrow(refusal)
    })
  })
})
