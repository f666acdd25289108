/**
 * A server that stops while its sessions are in every state.
 */

import { once } from 'node:events'
import { mkdtemp, rename, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { connect, createServer as createNetServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'

import {
  type Application,
  attach,
  createApplication,
  type DefaultWebSocketServerSession,
  type EmbeddedServer,
  embeddedServer,
  WebSockets,
  type WebSocketsOptions,
} from '../../../src/index.ts'
import { FaultedHandler } from '../../support/faulted-handler.ts'
import { memoryHost } from '../../support/hosts.ts'
import { listen, RawClient } from '../../support/loopback.ts'
import { upgradeRequest } from '../../support/loopback-world.ts'
import { settled } from '../../support/memory-world.ts'
import { clientClose, clientFrame, type Peer } from '../../support/peer.ts'
import { Program } from '../../support/program.ts'
import { startStoppableServer, type StoppableServer } from '../../support/stoppable-server.ts'

/** Close 1001, as the server sends it. */
const GOING_AWAY = '\x88\x02\x03\xe9'

/** What the tests wait for by way of a promise. */
interface Opened {
  readonly client: RawClient
  readonly session: DefaultWebSocketServerSession
  readonly handler: FaultedHandler
}

for (const transport of ['auto', 'stream'] as const) {
  describe(`stop() of a server (${transport})`, () => {
    const clients: RawClient[] = []
    let opened: (facts: Omit<Opened, 'client'>) => void = () => {}

    afterEach(async () => {
      for (const client of clients.splice(0)) await client[Symbol.asyncDispose]()
    })

    async function start(
      options: WebSocketsOptions = {},
      more: (app: Application) => void = () => {},
    ): Promise<EmbeddedServer> {
      const server = embeddedServer(
        { port: 0, host: '127.0.0.1', signals: false, transport },
        (app) => {
          app.install(WebSockets, options)
          app.routing((route) => {
            route.webSocket('/', (session) => {
              const handler = new FaultedHandler()
              opened({ session, handler })
              return handler.serve(session)
            })
          })
          more(app)
        },
      )
      return server.start()
    }

    async function connect(server: EmbeddedServer, path = '/'): Promise<RawClient> {
      const client = await RawClient.connect(server.address.port)
      clients.push(client)
      client.send(upgradeRequest(path))
      return client
    }

    async function open(server: EmbeddedServer): Promise<Opened> {
      const opening = new Promise<Omit<Opened, 'client'>>((resolve) => {
        opened = resolve
      })
      const client = await connect(server)
      const facts = await opening
      await client.until((text) => text.includes('\r\n\r\n'))
      return { client, ...facts }
    }

    /** The client answers the Close frame, and ends in its turn. */
    async function leave(client: RawClient): Promise<void> {
      await client.until((text) => text.endsWith(GOING_AWAY))
      client.send(clientClose(1001))
      await client.ended
      client.socket.end()
    }

    it('closes a session that is idle with 1001', async () => {
      const server = await start()
      const { client, session } = await open(server)

      const stopping = server.stop({ grace: 0, timeout: 10_000 })
      await leave(client)

      expect(await stopping).toEqual({ sessions: 1, closed: 1, aborted: 0 })
      expect(await session.closed).toMatchObject({ reason: { code: 1001 }, clean: true })
    })

    it('waits for a handler that is still at work when its session has ended', async () => {
      let finish: () => void = () => {}
      const work = new Promise<void>((resolve) => {
        finish = resolve
      })
      let working: () => void = () => {}
      const atWork = new Promise<void>((resolve) => {
        working = resolve
      })
      const server = await start({}, (app) => {
        app.routing((route) => {
          route.webSocket('/work', async ({ closed }) => {
            working()
            await closed
            await work
          })
        })
      })
      const client = await connect(server, '/work')
      await atWork
      let counts: unknown = null

      const stopping = server.stop({ grace: 0, timeout: 10_000 }).then((value) => (counts = value))
      await leave(client)
      await client.closed
      await settled()
      const before = counts
      finish()
      await stopping

      expect(before).toBe(null)
      expect(counts).toEqual({ sessions: 1, closed: 1, aborted: 0 })
    })

    it('sends out what a session has accepted, then 1001, to a client that reads slowly', async () => {
      const server = await start()
      const { client, session, handler } = await open(server)
      client.socket.pause()
      client.send(clientFrame('text', 'fill'))
      await handler.filled
      const headBytes = client.bytes.length

      const stopping = server.stop({ grace: 0, timeout: 10_000 })
      expect(await session.closeReason).toMatchObject({ code: 1001 })
      client.socket.resume()
      await leave(client)

      expect(await stopping).toEqual({ sessions: 1, closed: 1, aborted: 0 })
      expect(client.bytes.length).toBe(headBytes + handler.floodBytes + GOING_AWAY.length)
    })

    it('drops a session whose client never reads at the timeout; its handler has returned', async () => {
      const server = await start()
      const { client, session, handler } = await open(server)
      client.socket.pause()
      client.send(clientFrame('text', 'fill, wait'))
      await handler.filled

      const counts = await server.stop({ grace: 0, timeout: { milliseconds: 50 } })

      expect(counts).toEqual({ sessions: 1, closed: 0, aborted: 1 })
      await handler.returned
      expect(await session.closed).toMatchObject({ reason: { code: 1001 }, local: null })
    })

    it('leaves a session that is closing with the reason that it has', async () => {
      const server = await start()
      const { client, session } = await open(server)
      client.send(clientFrame('text', 'close'))
      await client.until((text) => text.endsWith('\x88\x02\x0f\xa0'))

      const stopping = server.stop({ grace: 0, timeout: 10_000 })
      client.send(clientClose(4000))
      await client.ended
      client.socket.end()

      expect(await stopping).toEqual({ sessions: 1, closed: 1, aborted: 0 })
      expect(await session.closed).toMatchObject({ reason: { code: 4000 }, clean: true })
      expect(client.text.endsWith('\x88\x02\x0f\xa0')).toBe(true)
    })

    it('does not wait longer than timeout for a connection whose session is over', async () => {
      const server = await start({
        pingPeriod: { milliseconds: 20 },
        timeout: { milliseconds: 30 },
      })
      const { client, session, handler } = await open(server)
      client.socket.pause()
      client.send(clientFrame('text', 'fill'))
      await handler.filled
      // No pong comes; the Close frame cannot be written, and closeTimeout has 10 seconds to go.
      expect(await session.closed).toMatchObject({ reason: { code: 1011 } })
      await handler.returned

      expect(await server.stop({ grace: 0, timeout: { milliseconds: 50 } })).toMatchObject({
        aborted: 0,
      })
    })

    it('refuses an upgrade with 503 whose interceptor was still at work', async () => {
      let asked: () => void = () => {}
      const pending = new Promise<void>((resolve) => {
        asked = resolve
      })
      let answer: () => void = () => {}
      const answered = new Promise<void>((resolve) => {
        answer = resolve
      })
      const server = await start({}, (app) => {
        app.routing((route) => {
          route.route('/guarded', (guarded) => {
            guarded.intercept(async () => {
              asked()
              await answered
            })
            guarded.webSocket('/', () => {})
          })
        })
      })
      const client = await connect(server, '/guarded/')
      await pending

      const stopping = server.stop({ grace: 0, timeout: 10_000 })
      answer()
      await client.ended
      client.socket.end()

      expect(client.text).toMatch(/^HTTP\/1\.1 503 [^]*retry-after: \d+\r\n/i)
      expect(await stopping).toEqual({ sessions: 0, closed: 0, aborted: 0 })
    })

    it('drops an upgrade whose interceptor never answers at the timeout', async () => {
      let asked: () => void = () => {}
      const pending = new Promise<void>((resolve) => {
        asked = resolve
      })
      const server = await start({}, (app) => {
        app.routing((route) => {
          route.route('/guarded', (guarded) => {
            guarded.intercept(() => {
              asked()
              return new Promise<void>(() => {})
            })
            guarded.webSocket('/', () => {})
          })
        })
      })
      const client = await connect(server, '/guarded/')
      await pending

      expect(await server.stop({ grace: 0, timeout: { milliseconds: 50 } })).toMatchObject({
        sessions: 0,
      })
      await client.ended
      expect(client.text).toBe('')
    })
  })
}

describe('stop() of an application', () => {
  it('closes its sessions in batches that are spread over grace', async () => {
    const host = memoryHost()
    let app: Application | null = null
    const served = await host.serve((application) => {
      app = application
      application.install(WebSockets, { maxConnectionsPerAddress: Infinity })
      application.routing((route) => {
        route.webSocket('/', async ({ incoming }) => {
          await incoming.toArray()
        })
      })
    })
    const peers: Peer[] = []
    for (let index = 0; index < 40; index++) peers.push(await served.connect('/'))
    const told = (): number => peers.filter(({ inbox }) => inbox.unread.length === 4).length

    // Set by serve(), which has called the module.
    const stopping = (app as Application | null)?.stop({ grace: 2000, timeout: 15_000 })
    const toldAt: number[] = []
    for (let batch = 0; batch < 20; batch++) {
      await host.advance(batch === 0 ? 0 : 100)
      toldAt.push(told())
    }
    for (const peer of peers) peer.close(1001)
    await host.advance(0)
    for (const peer of peers) peer.end()
    await host.advance(0)

    expect(toldAt).toEqual(Array.from({ length: 20 }, (_, batch) => 2 * (batch + 1)))
    expect(await stopping).toEqual({ sessions: 40, closed: 40, aborted: 0 })
  })
})

describe('stop() of an attachment', () => {
  function echoAt(path: string): Application {
    return createApplication((app) => {
      app.install(WebSockets)
      app.routing((route) => {
        route.webSocket(path, async ({ incoming, send }) => {
          for await (const frame of incoming) await send(frame)
        })
      })
    })
  }

  it('closes its own sessions alone; server and other listeners work on', async () => {
    const server = createServer((_, response) => response.end('plain'))
    const first = attach(echoAt('/first'), server)
    const second = attach(echoAt('/second'), server)
    const theirs = new WebSocketServer({ noServer: true })
    server.on('upgrade', (request, socket, head) => {
      if (request.url !== '/theirs') return
      theirs.handleUpgrade(request, socket, head, (socketOfTheirs) => {
        socketOfTheirs.on('message', (data) => socketOfTheirs.send(data))
      })
    })
    const port = await listen(server)
    const connectTo = async (path: string): Promise<WebSocket> => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`)
      await once(socket, 'open')
      return socket
    }
    const [ours, others, foreign] = [
      await connectTo('/first'),
      await connectTo('/second'),
      await connectTo('/theirs'),
    ]
    const ends = once(ours, 'close')

    expect(await first.stop({ grace: 0, timeout: 5000 })).toEqual({
      sessions: 1,
      closed: 1,
      aborted: 0,
    })

    expect((await ends)[0]).toBe(1001)
    for (const socket of [
      others,
      foreign,
      await connectTo('/second'),
      await connectTo('/theirs'),
    ]) {
      expect(await echoOf(socket)).toBe('hi')
      socket.terminate()
    }
    const page = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })
    expect(await page.text()).toBe('plain')
    await second.stop({ grace: 0, timeout: 5000 })
    expect(server.listening).toBe(true)
    server.close()
    await once(server, 'close')
  })
})

describe('a process that is told to end', () => {
  let server: StoppableServer | null = null

  afterEach(() => server?.kill())

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`says 1001 to all at ${signal}, waits for their handlers, and ends with 0`, async () => {
      server = await startStoppableServer()
      const { port } = server
      const sockets = ['/stream/a', '/stream/b', '/busy/c'].map(
        (path) => new WebSocket(`ws://127.0.0.1:${port}${path}`),
      )
      const closes = sockets.map((socket) => once(socket, 'close'))
      await Promise.all(sockets.map((socket) => once(socket, 'message')))

      const { exitCode, stderr, counts, accepted } = await server.stop(signal)

      expect((await Promise.all(closes)).map(([code]) => code as number)).toEqual([
        1001, 1001, 1001,
      ])
      expect(counts).toEqual({ sessions: 3, closed: 3, aborted: 0 })
      expect(Object.keys(accepted).sort()).toEqual(['a', 'b', 'c'])
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    })
  }
})

describe('a process whose handlers wait for something of their own', () => {
  const counts = { sessions: 1, closed: 0, aborted: 1 }

  it('resolves stop() with counts, after the listeners of stopped', async () => {
    await using program = new Program('stuck-server', { how: 'stop' })

    expect(await program.next('closing')).toMatchObject({ counts })
    await program.next('closed')
    expect(await program.next('counts')).toMatchObject({ counts })
    expect(await program.ended).toEqual([0, null])
  })

  it('ends with 0 at SIGTERM, after the listeners of stopped', async () => {
    await using program = new Program('stuck-server', { how: 'signal' })

    expect(await program.next('closing')).toMatchObject({ counts })
    await program.next('closed')
    expect(await program.ended).toEqual([0, null])
  })
})

async function echoOf(socket: WebSocket): Promise<string> {
  const echo = once(socket, 'message')
  socket.send('hi')
  // The listener of 'message' is given the payload, in one Buffer by default.
  return String((await echo)[0] as Buffer)
}

describe('a server on an inherited socket', () => {
  it('D-02 SIGTERM stops it with the options of `signals`, and health checks reach no route', async () => {
    const listener = createNetServer()
    const port = await listen(listener)
    // Node has no public way to read it.
    const { fd } = Reflect.get(listener, '_handle') as { readonly fd: number }
    await using program = new Program('inherited-server', {}, [fd])
    const { address } = await program.next('listening')
    // The program has the socket now; this process must not accept its connections.
    listener.close()
    await using session = await RawClient.connect(port)
    session.send(upgradeRequest('/'))
    await session.until((text) => text.endsWith('\r\n\r\n'))
    const headLength = session.text.length
    await using probe = await RawClient.connect(port)
    probe.send('GET /ready HTTP/1.1\r\nHost: a\r\n\r\n')
    await probe.until((text) => text.endsWith('ready\n'))
    probe.send('HEAD /live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    await probe.ended

    program.signal('SIGTERM')
    await session.until((text) => text.length > headLength + 4)
    session.send(clientClose(1001))
    session.socket.end()

    expect(address).toMatchObject({ port })
    expect(probe.text).toMatch(
      /^HTTP\/1\.1 200 OK\r\n[^]*ready\nHTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n$/,
    )
    expect(session.text.slice(headLength + 4)).toMatch(/^reconnect in \d/)
    expect((await program.next('stopped'))['counts']).toEqual({
      sessions: 1,
      closed: 1,
      aborted: 0,
    })
    expect(await program.ended).toEqual([0, null])
  })

  it('serves a Unix socket, whose path Node does not know', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'towpath-'))
    const path = join(folder, 'server')
    const listener = createNetServer()
    listener.listen({ path })
    await once(listener, 'listening')
    // Node has no public way to read it.
    const { fd } = Reflect.get(listener, '_handle') as { readonly fd: number }
    await using program = new Program('inherited-server', {}, [fd])
    const { address } = await program.next('listening')
    // To close the listener of this process removes the file that it has made.
    await rename(path, `${path}-moved`)
    listener.close()
    const socket = connect({ path: `${path}-moved` })
    await once(socket, 'connect')
    await using probe = new RawClient(socket)
    probe.send('GET /live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    await probe.ended
    program.signal('SIGTERM')

    expect(address).toEqual({ host: '', port: 0, socketPath: '' })
    expect(probe.text).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*live\n$/)
    expect(await program.ended).toEqual([0, null])
    await rm(folder, { recursive: true })
  })
})

it('D-01 a server listens and takes upgrades until the end of the lead', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  onTestFinished(() => void vi.useRealTimers())
  await using server = embeddedServer(
    { port: 0, host: '127.0.0.1', signals: false, health: { ready: '/ready' } },
    (app) => {
      app.install(WebSockets)
      app.routing((route) => {
        route.webSocket('/', ({ incoming }) => incoming.consumeEach(() => {}))
      })
    },
  )
  await server.start()
  const { port } = server.address

  const stopped = server.stop({ lead: 60_000, grace: 0 })
  await using probe = await RawClient.connect(port)
  probe.send('GET /ready HTTP/1.1\r\nHost: a\r\n\r\n')
  await probe.until((text) => text.endsWith('leaving\n'))
  await using session = await RawClient.connect(port)
  session.send(upgradeRequest('/'))
  await session.until((text) => text.endsWith('\r\n\r\n'))
  await vi.advanceTimersByTimeAsync(60_000)
  await session.until((text) => text.endsWith(GOING_AWAY))
  session.send(clientClose(1001))
  session.socket.end()

  expect(probe.text).toMatch(/^HTTP\/1\.1 503 /)
  expect(session.text).toMatch(/^HTTP\/1\.1 101 /)
  expect(await stopped).toEqual({ sessions: 1, closed: 1, aborted: 0 })
})
