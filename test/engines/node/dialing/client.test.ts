import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import {
  type Application,
  attach,
  type CloseInfo,
  createApplication,
  type DefaultWebSocketServerSession,
  embeddedServer,
  WebSockets,
} from '../../../../src/index.ts'
import {
  CloseReason,
  connect,
  ConnectError,
  createWebSocketClient,
  Frame,
  openWebSocket,
  permessageDeflate,
  seconds,
  UpgradeRefusedError,
  type WebSocketClient,
  type WebSocketClientSession,
  webSocket,
} from '../../../../src/node-client.ts'
import { certificate } from '../../../support/certificate.ts'
import { Program } from '../../../support/program.ts'
import { rawServer, switchingHead } from '../../../support/raw-server.ts'

async function serving(module: (app: Application) => void, tls?: typeof certificate) {
  const options = { port: 0, host: '127.0.0.1', signals: false, ...(tls !== undefined && { tls }) }
  const server = await embeddedServer(options, module).start()
  const scheme = tls === undefined ? 'ws' : 'wss'
  return {
    url: `${scheme}://localhost:${server.address.port}/`,
    application: server.application,
    [Symbol.asyncDispose]: () => server.stop({ grace: 0, timeout: 1000 }).then(() => {}),
  }
}

function echo(app: Application): void {
  app.install(WebSockets, { extensions: [permessageDeflate()] })
  app.routing((route) => {
    route.webSocket('/', { protocols: ['v1'] }, async ({ incoming, send }) => {
      for await (const frame of incoming) await send(frame)
    })
  })
}

const textOf = (frame: Frame): string => (frame instanceof Frame.Text ? frame.readText() : '')

describe('webSocket()', () => {
  it.each(['auto', 'stream'] as const)('holds a conversation (transport %s)', async (transport) => {
    await using server = await serving(echo)

    const answer = await webSocket(
      server.url,
      { transport, protocols: ['v1'] },
      async ({ send, incoming, protocol }) => {
        await send('hello')
        return [protocol, textOf(await incoming.receive())]
      },
    )

    expect(answer).toEqual(['v1', 'hello'])
  })

  it('needs no options, and closes with 1000', async () => {
    await using server = await serving(echo)
    const reasons: CloseReason[] = []
    server.application.monitor.on('sessionClosed', ({ info }) => reasons.push(info.reason))

    await webSocket(server.url, () => {})
    await server[Symbol.asyncDispose]()

    expect(reasons).toEqual([new CloseReason(1000)])
  })

  it('rejects with what the block threw, and the server sees 1011', async () => {
    await using server = await serving(echo)
    const reasons: CloseReason[] = []
    server.application.monitor.on('sessionClosed', ({ info }) => reasons.push(info.reason))
    const boom = new Error('boom')

    await expect(webSocket(server.url, () => Promise.reject(boom))).rejects.toBe(boom)
    await server[Symbol.asyncDispose]()

    expect(reasons).toEqual([new CloseReason(1011)])
  })

  it('compresses, and takes more than a megabyte when it is told to', async () => {
    await using server = await serving((app) => {
      app.install(WebSockets, { extensions: [permessageDeflate()], maxMessageSize: Infinity })
      app.routing((route) => {
        route.webSocket('/', async ({ incoming, send }) => {
          for await (const frame of incoming) await send(frame)
        })
      })
    })
    const options = { extensions: [permessageDeflate()], maxMessageSize: 3_000_000 }

    const text = Array.from({ length: 300_000 }, (_, index) => index).join()

    const answer = await webSocket(server.url, options, async ({ send, incoming, response }) => {
      expect(response.headers.get('sec-websocket-extensions')).toContain('permessage-deflate')
      await send(text)
      return textOf(await incoming.receive())
    })

    expect(answer === text).toBe(true)
  })

  it('goes through TLS', async () => {
    await using server = await serving(echo, certificate)
    const options = { tls: { ca: certificate.cert } }

    const answer = await webSocket(server.url, options, async ({ send, incoming, url }) => {
      await send('hello')
      return [url, textOf(await incoming.receive())]
    })

    expect(answer).toEqual([server.url, 'hello'])
  })

  it('goes over a Unix socket', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'towpath-'))
    const socketPath = join(folder, 'a.sock')
    const server = createServer()
    await using attached = attach(createApplication(echo), server)
    server.listen(socketPath)
    await once(server, 'listening')

    const answer = await webSocket('ws://localhost/', { socketPath }, async (session) => {
      await session.send('hello')
      return textOf(await session.incoming.receive())
    })

    expect(answer).toBe('hello')
    await attached.stop()
    server.close()
    await rm(folder, { recursive: true })
  })
})

describe('openWebSocket()', () => {
  it('opens a session that is disposed of by await using', async () => {
    await using server = await serving(echo)
    let session: WebSocketClientSession | null = null
    {
      await using own = await openWebSocket(server.url)
      await own.send('hello')
      expect(textOf(await own.incoming.receive())).toBe('hello')
      session = own
    }

    expect(await session.closed).toMatchObject({ clean: true, initiator: 'local' })
    expect((await session.closeReason).code).toBe(1000)
  })

  it('shows the close of the server', async () => {
    await using server = await serving((app) => {
      app.install(WebSockets)
      app.routing((route) => {
        route.webSocket('/', ({ close }) => close(new CloseReason(4001, 'over')))
      })
    })

    const session = await openWebSocket(server.url)

    for await (const _ of session.incoming);
    expect(await session.closeReason).toEqual(new CloseReason(4001, 'over'))
    expect(await session.closed).toMatchObject({ clean: true, initiator: 'remote' })
  })

  it('rejects with status, headers and body when the server refuses', async () => {
    await using server = await serving((app) => {
      app.install(WebSockets)
      app.routing((route) => {
        route.intercept(
          () =>
            new Response('who are you?', {
              status: 401,
              headers: { 'www-authenticate': 'Bearer' },
            }),
        )
        route.webSocket('/', () => {})
      })
    })

    const error: unknown = await openWebSocket(server.url).catch((failed: unknown) => failed)

    expect(error).toBeInstanceOf(UpgradeRefusedError)
    expect(error).toMatchObject({ status: 401, body: 'who are you?' })
    expect((error as UpgradeRefusedError).headers.get('www-authenticate')).toBe('Bearer')
  })

  it('rejects with ConnectError when nobody is there', async () => {
    const server = await rawServer(() => {})
    await server[Symbol.asyncDispose]()

    const error: unknown = await openWebSocket(`ws://127.0.0.1:${server.port}/`).catch(
      (failed: unknown) => failed,
    )

    expect(error).toBeInstanceOf(ConnectError)
    expect(error).toMatchObject({ step: 'connect', code: 'TOWPATH_CONNECT' })
  })

  it('drops the connection of a 101 that breaks the rules', async () => {
    await using server = await rawServer(({ socket, head }) => {
      socket.write(switchingHead(head, ['Sec-WebSocket-Protocol: never-offered']))
    })

    await expect(openWebSocket(`ws://127.0.0.1:${server.port}/`)).rejects.toMatchObject({
      step: 'protocol',
      cause: { code: 'TOWPATH_HANDSHAKE' },
    })
    const [socket] = server.sockets
    if (socket?.readableEnded === false) await once(socket.resume(), 'end')
  })

  it('gives up on a server that never answers, and leaves no connection', async () => {
    await using server = await rawServer(() => {})

    await expect(
      openWebSocket(`ws://127.0.0.1:${server.port}/`, { handshakeTimeout: { milliseconds: 50 } }),
    ).rejects.toMatchObject({ step: 'handshake' })
    const [socket] = server.sockets
    if (socket?.readableEnded === false) await once(socket.resume(), 'end')
  })

  it('shows what a refusal says even if the rest of its body never comes', async () => {
    await using server = await rawServer(({ socket }) => {
      socket.write('HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 100\r\n\r\nlater')
    })

    await expect(
      openWebSocket(`ws://127.0.0.1:${server.port}/`, { handshakeTimeout: { milliseconds: 50 } }),
    ).rejects.toMatchObject({ status: 503, body: 'later' })
  })

  it('rejects for an option that means nothing', async () => {
    await expect(openWebSocket('ws://localhost/', { socketPath: '' })).rejects.toThrow(TypeError)
    // @ts-expect-error -- what a caller without types may write
    await expect(openWebSocket('ws://localhost/', { agents: 1 })).rejects.toThrow(
      'unknown option "agents", expected "agent"',
    )
  })

  it('follows a redirect to another server, without what was for the first', async () => {
    const heads: string[] = []
    await using second = await rawServer(({ socket, head }) => {
      heads.push(head)
      socket.write(switchingHead(head))
    })
    await using first = await rawServer(({ socket }) => {
      socket.end(`HTTP/1.1 307 Over there\r\nLocation: ws://127.0.0.1:${second.port}/x\r\n\r\n`)
    })

    const session = await openWebSocket(`ws://ada:secret@127.0.0.1:${first.port}/`, {
      followRedirects: 1,
      cookies: { user: 'ada' },
      headers: { 'X-A': '1' },
    })

    expect(session.url).toBe(`ws://127.0.0.1:${second.port}/x`)
    expect(heads[0]).toContain('X-A: 1')
    expect(heads[0]).not.toMatch(/cookie|authorization/i)
    session.terminate()
  })
})

describe('createWebSocketClient()', () => {
  it('makes a client with defaults, which code takes without knowing of Node', async () => {
    await using server = await serving(echo, certificate)
    const client = createWebSocketClient({
      tls: { ca: certificate.cert },
      pingPeriod: seconds(20),
      protocols: ['v1'],
    })
    const code = async ({ openWebSocket: open }: WebSocketClient): Promise<unknown> => {
      await using session = await open(server.url)
      return [session.protocol, session.pingInterval]
    }

    expect(await code(client)).toEqual(['v1', 20_000])
    await client.webSocket(server.url, { protocols: [] }, ({ protocol }) => {
      expect(protocol).toBe(null)
    })
  })

  it('throws for defaults that mean nothing', () => {
    expect(() => createWebSocketClient({ tls: { port: 1 } as object })).toThrow(TypeError)
  })
})

describe('connect()', () => {
  it('comes back to a server that has stopped, when there is another at its place', async () => {
    const first = await serving(echo)
    const { port } = new URL(first.url)
    const connection = connect(first.url, { reconnect: { baseDelay: 5, maxDelay: 20 } })
    const session = await connection.whenOpen()
    await connection.send('one')
    expect(textOf(await connection.incoming.receive())).toBe('one')

    await first[Symbol.asyncDispose]()
    expect((await session.closed).remote?.code).toBe(1001)
    const options = { port: Number(port), host: '127.0.0.1', signals: false }
    const second = await embeddedServer(options, echo).start()

    await connection.whenOpen()
    await connection.send('two')
    expect(textOf(await connection.incoming.receive())).toBe('two')
    await connection.close()
    await second.stop({ grace: 0 })
  })

  it('keeps the process alive while it waits, and no longer than it lasts', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number } // it listens on TCP
    server.close()
    await once(server, 'close')

    await using program = new Program('reconnecting', {
      url: `ws://127.0.0.1:${port}/`,
      maxAttempts: 3,
    })

    expect(await program.ended).toEqual([0, null])
    expect(program.all('closed')).toHaveLength(1)
    expect(program.all('waiting')).toHaveLength(2)
  })

  it('keeps the process alive while its only session is open and reads nothing', async () => {
    const server = await embeddedServer({ port: 0, host: '127.0.0.1', signals: false }, (app) => {
      app.install(WebSockets)
      app.routing((route) => {
        route.webSocket('/', async ({ outgoing, terminate }) => {
          // Until neither the client nor the operating systems take any more.
          while (outgoing.trySend(new Uint8Array(65_536)) === 'sent') await turn()
          terminate()
        })
      })
    }).start()

    await using program = new Program('unread-client', {
      url: `ws://127.0.0.1:${server.address.port}/`,
    })

    expect(await program.ended).toEqual([0, null])
    expect(program.all('closed')).toHaveLength(1)
    await server.stop({ grace: 0 })
  })

  describe('reads nothing of 1200 messages', () => {
    type End = (session: DefaultWebSocketServerSession) => unknown

    /** A server that sends 1200 messages to each session, and then does as `end` says. */
    const pushing = (end: End) => (app: Application) => {
      app.install(WebSockets)
      app.routing((route) => {
        route.webSocket('/', async (session) => {
          for (let sent = 0; sent < 1200; sent++) await session.send('x')
          await session.flush()
          await end(session)
          await session.closed
        })
      })
    }

    it.each<[string, number, End]>([
      ['closes', 4000, ({ close }) => close(new CloseReason(4000))],
      ['drops the connection', 1006, ({ terminate }) => terminate()],
    ])('and learns that the server %s', async (_, code, end) => {
      await using server = await serving(pushing(end))

      const session = await openWebSocket(server.url)

      expect((await session.closed).reason.code).toBe(code)
      expect((await session.incoming.toArray()).length).toBe(1200)
    })

    it('and comes back when the server has dropped the connection', async () => {
      await using server = await serving(pushing(({ terminate }) => terminate()))
      const connection = connect(server.url, { reconnect: { baseDelay: 5, maxDelay: 20 } })

      const seen: string[] = []
      for await (const { type } of connection.states()) {
        if (seen.push(type) === 4) break
      }

      expect(seen).toEqual(['connecting', 'open', 'waiting', 'connecting'])
      await connection.close()
    })

    it('and ends with a Close each way after close() of a connection that comes back', async () => {
      let pushed: () => void = () => {}
      const all = new Promise<void>((resolve) => (pushed = resolve))
      await using server = await serving(pushing(() => pushed()))
      const ended = new Promise<CloseInfo>((resolve) => {
        server.application.monitor.on('sessionClosed', ({ info }) => resolve(info))
      })
      const connection = connect(server.url)
      await connection.whenOpen()
      await all

      await connection.close()

      expect(await ended).toMatchObject({ clean: true })
    })
  })
})
