import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { createSecureServer as createHttp2Server } from 'node:http2'
import { createServer as createSecureServer } from 'node:https'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'

import { type Application, createApplication, WebSockets } from '../../../src/application/index.ts'
import { VirtualClock } from '../../../src/base/index.ts'
import { Deferred, TimerWheel } from '../../../src/base/internal.ts'
import { attach, attachIn, type AttachOptions } from '../../../src/engines/node/attach.ts'
import { createEnvironment } from '../../../src/engines/node/environment.ts'
import { certificate } from '../../support/certificate.ts'
import { listen, RawClient } from '../../support/loopback.ts'
import { upgradeRequest } from '../../support/loopback-world.ts'
import { accepted, echoBytes, scriptedApplication } from '../../support/scripted-application.ts'

const SWITCHED = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n'

function request(path: string, protocol = 'websocket'): string {
  return `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`
}

/** An application that echoes at `path` and knows no other. */
function echoAt(path: string): Application {
  return scriptedApplication(({ request: { target } }) =>
    target === path ? accepted(echoBytes) : { type: 'unclaimed' },
  )
}

type UpgradeTaker = (request: IncomingMessage, stream: Duplex) => void

/** A server with a listener for plain requests, and an application attached in virtual time. */
class World implements AsyncDisposable {
  readonly clock = new VirtualClock()
  readonly timers = new TimerWheel(this.clock)
  readonly server: Server = createServer((incoming, response) => {
    let body = ''
    incoming.on('data', (bytes) => (body += String(bytes)))
    incoming.on('end', () => response.end(`plain ${incoming.method} ${incoming.url} ${body}`))
  })
  port = 0
  readonly sockets: Duplex[] = []
  readonly #clients: RawClient[] = []

  /** @param earlier a listener for upgrades that is there before the application. */
  static async with(options: AttachOptions = {}, earlier?: UpgradeTaker): Promise<World> {
    const world = new World()
    if (earlier) world.server.on('upgrade', earlier)
    const environment = { ...createEnvironment(), clock: world.clock, timers: world.timers }
    attachIn(environment, echoAt('/ours'), world.server, options)
    world.server.on('connection', (socket) => world.sockets.push(socket))
    world.port = await listen(world.server)
    return world
  }

  async send(text: string): Promise<RawClient> {
    const client = await RawClient.connect(this.port)
    this.#clients.push(client)
    client.send(text)
    return client
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) await client[Symbol.asyncDispose]()
    for (const socket of this.sockets) socket.destroy()
    if (!this.server.listening) return
    this.server.close()
    await once(this.server, 'close')
  }
}

/** Resolves when the server has shown an upgrade to all of its listeners. */
function upgradeSeen(world: World): Promise<unknown> {
  return once(world.server, 'upgrade')
}

const nothing = (): void => {}

describe('attach()', () => {
  it('answers the upgrades of its routes', async () => {
    await using world = await World.with()

    const client = await world.send(`${request('/ours')}hello`)

    expect(await client.until((text) => text.endsWith('hello'))).toBe(`${SWITCHED}hello`)
  })

  it('leaves plain requests to the server, for its own paths too', async () => {
    await using world = await World.with()

    const client = await world.send('GET /ours HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    await client.ended

    expect(client.text).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nplain GET \/ours $/)
  })

  it('works on an HTTPS server', async () => {
    const server = createSecureServer(certificate)
    attach(echoAt('/ours'), server)
    const port = await listen(server)
    const client = new RawClient(connectTls({ port, host: '127.0.0.1', ca: certificate.cert }))

    client.send(`${request('/ours')}hello`)
    await client.until((text) => text === `${SWITCHED}hello`)

    await client[Symbol.asyncDispose]()
    server.close()
    await once(server, 'close')
  })

  it('works on a secure server of node:http2 that speaks HTTP/1.1 too', async () => {
    const server = createHttp2Server({ ...certificate, allowHTTP1: true })
    attach(echoAt('/ours'), server)
    const port = await listen(server)
    const client = connectTls({ port, host: '127.0.0.1', ca: certificate.cert })
    await once(client, 'secureConnect')

    client.write(`${request('/ours')}hello`)

    const [reply] = (await once(client, 'data')) as [Buffer]
    expect(reply.toString()).toMatch(/^HTTP\/1.1 101 /)
    client.destroy()
    server.close()
  })

  it('shares a server with another application', async () => {
    await using world = await World.with()
    attach(echoAt('/second'), world.server)

    const first = await world.send(`${request('/ours')}1`)
    const second = await world.send(`${request('/second')}2`)

    expect(await first.until((text) => text.endsWith('1'))).toBe(`${SWITCHED}1`)
    expect(await second.until((text) => text.endsWith('2'))).toBe(`${SWITCHED}2`)
    await world.clock.advance(5000)
    first.send('still')
    await first.until((text) => text.endsWith('still'))
  })

  describe('an upgrade that is not ours', () => {
    it('gets 404 at once when nobody else listens', async () => {
      await using world = await World.with()

      const client = await world.send(request('/elsewhere'))
      await client.ended

      expect(client.text).toMatch(
        /^HTTP\/1\.1 404 Not Found\r\n[^]*connection: close\r\n\r\nCannot upgrade: no route has this path\n$/,
      )
    })

    it('gets 404 at once under the policy answer, others or not', async () => {
      await using world = await World.with({ unclaimed: 'answer' })
      world.server.on('upgrade', nothing)

      const client = await world.send(request('/elsewhere'))
      await client.ended

      expect(client.text).toMatch(/^HTTP\/1\.1 404 /)
    })

    it('is never touched under the policy ignore', async () => {
      await using world = await World.with({ unclaimed: 'ignore' })
      const seen = upgradeSeen(world)
      const client = await world.send(request('/elsewhere'))
      await seen
      await world.clock.advance(60_000)

      const [socket] = world.sockets
      expect(world.timers.size).toBe(0)
      expect(socket?.listenerCount('error')).toBe(0)
      expect(socket?.listenerCount('close')).toBe(0)
      expect(client.text).toBe('')
    })

    it('gets 404 after 5 seconds when none of the others takes it', async () => {
      await using world = await World.with()
      world.server.on('upgrade', nothing)
      const seen = upgradeSeen(world)
      const client = await world.send(request('/elsewhere'))
      await seen

      await world.clock.advance(4999)
      const before = client.text
      await world.clock.advance(1)
      await client.ended

      expect(before).toBe('')
      expect(client.text).toMatch(/^HTTP\/1\.1 404 /)
    })

    for (const [how, take] of [
      ['writes to it', (stream: Duplex) => void stream.write('theirs')],
      ['reads it', (stream: Duplex) => void stream.on('data', nothing)],
      ['listens for its errors', (stream: Duplex) => void stream.on('error', nothing)],
      ['ends it', (stream: Duplex) => void stream.end()],
    ] as const) {
      for (const order of ['before', 'after']) {
        it(`is left to a listener from ${order} us that ${how}`, async () => {
          const other: UpgradeTaker = (_, stream) => take(stream)
          await using world = await World.with({}, order === 'before' ? other : undefined)
          if (order === 'after') world.server.on('upgrade', other)
          const seen = upgradeSeen(world)
          const client = await world.send(request('/elsewhere'))
          await seen

          await world.clock.advance(60_000)

          expect(client.text).not.toContain('404')
          expect(world.sockets[0]?.listenerCount('end')).toBeLessThanOrEqual(1)
          expect(world.timers.size).toBe(0)
        })
      }
    }

    for (const [how, leave] of [
      ['resets the connection', (client: RawClient) => void client.socket.resetAndDestroy()],
      ['ends its side', (client: RawClient) => void client.socket.end()],
    ] as const) {
      it(`leaves nothing behind when the client ${how} before anybody took it`, async () => {
        await using world = await World.with()
        world.server.on('upgrade', nothing)
        const seen = upgradeSeen(world)
        const client = await world.send(request('/elsewhere'))
        await seen

        leave(client)
        // A server is closed once its last socket is.
        await new Promise((resolve) => world.server.close(resolve))

        expect(world.timers.size).toBe(0)
      })
    }
  })

  describe('an upgrade to another protocol', () => {
    const H2C =
      'POST /form HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n' +
      'HTTP2-Settings: AAMAAABk\r\nContent-Length: 10\r\n\r\n01234'

    it('is answered by the server as the request that it also is', async () => {
      await using world = await World.with()

      const client = await world.send(H2C)
      client.send('56789')

      await client.until((text) => text.includes('plain POST /form 0123456789'))
    })

    it('is left to the others for 5 seconds, and then answered by the server', async () => {
      await using world = await World.with()
      world.server.on('upgrade', nothing)
      const seen = upgradeSeen(world)
      const client = await world.send(H2C)
      await seen
      await world.clock.advance(4999)
      const before = client.text

      await world.clock.advance(1)
      client.send('56789')
      await client.until((text) => text.includes('plain POST /form 0123456789'))

      expect(before).toBe('')
    })

    it('is answered by the server under the policy ignore, if nobody else could', async () => {
      await using world = await World.with({ unclaimed: 'ignore' })

      const client = await world.send(`${H2C}56789`)

      await client.until((text) => text.includes('plain POST /form 0123456789'))
    })
  })

  describe('beside other listeners', () => {
    /** An application with `/ours`, which decides at once or after an async interceptor. */
    function ours(mode: 'sync' | 'async'): Application {
      return createApplication((app) => {
        app.install(WebSockets)
        app.routing((route) => {
          if (mode === 'async') {
            route.intercept(async () => {
              await new Promise((resolve) => setImmediate(resolve))
            })
          }
          route.webSocket('/ours', ({ incoming, send }) => incoming.consumeEach(send))
        })
      })
    }

    const CASES = (['ws', 'wss'] as const).flatMap((scheme) =>
      (['auto', 'stream'] as const).flatMap((transport) =>
        (['sync', 'async'] as const).map((mode) => ({ scheme, transport, mode })),
      ),
    )
    const serverFor = (scheme: string): Server =>
      scheme === 'wss' ? createSecureServer(certificate) : createServer()
    const open = (url: string): WebSocket => new WebSocket(url, { rejectUnauthorized: false })

    describe.each(CASES)('$scheme, $transport, $mode decision', ({ scheme, transport, mode }) => {
      it('serves beside a WebSocketServer of ws', async () => {
        const server = serverFor(scheme)
        const theirs = new WebSocketServer({ server, path: '/theirs' })
        theirs.on('connection', (socket) => socket.send('theirs'))
        const attachment = attach(ours(mode), server, { transport })
        const port = await listen(server)

        const own = open(`${scheme}://127.0.0.1:${port}/ours`)
        await once(own, 'open')
        own.send('hello')
        expect(String((await once(own, 'message'))[0])).toBe('hello')
        const other = open(`${scheme}://127.0.0.1:${port}/theirs`)
        expect(String((await once(other, 'message'))[0])).toBe('theirs')

        own.terminate()
        other.terminate()
        theirs.close()
        await attachment.stop({ grace: 0 })
        server.close()
      })

      it('is not harmed by a listener that ends strange sockets', async () => {
        const server = serverFor(scheme)
        server.on('upgrade', (_, socket: Duplex) => {
          socket.write('HTTP/1.1 404 Not Found\r\n\r\n')
          socket.end()
          socket.destroy()
        })
        const attachment = attach(ours(mode), server, { transport })
        const socket = open(`${scheme}://127.0.0.1:${await listen(server)}/ours`)
        await once(socket, 'open')
        socket.send('hello')

        expect(String((await once(socket, 'message'))[0])).toBe('hello')

        socket.terminate()
        await attachment.stop({ grace: 0 })
        server.close()
      })
    })

    it('notices that the client leaves while the socket is guarded', async () => {
      const left = new Deferred<unknown>()
      const asked = new Deferred<void>()
      const application = createApplication((app) => {
        app.install(WebSockets)
        app.monitor.on('upgradeRefused', ({ reason }) => left.resolve(reason))
        app.routing((route) => {
          route.intercept(({ signal }) => {
            asked.resolve()
            return new Promise((resolve) => signal.addEventListener('abort', () => resolve()))
          })
          route.webSocket('/ours', () => {})
        })
      })
      const server = createServer()
      server.on('upgrade', (_, socket: Duplex) => socket.destroy())
      attach(application, server)
      await using client = await RawClient.connect(await listen(server))
      client.send(upgradeRequest('/ours'))
      await asked.promise

      client.socket.resetAndDestroy()

      expect(await left.promise).toBe('abandoned')
      server.close()
    })

    it('ends the connection of an upgrade that is pipelined, after the earlier answer', async () => {
      const server = createServer((_, response) => response.end('first answer'))
      server.on('upgrade', nothing)
      attach(ours('sync'), server)
      await using client = await RawClient.connect(await listen(server))
      client.send('GET /first HTTP/1.1\r\nHost: a\r\n\r\n' + upgradeRequest('/ours'))

      await client.ended

      expect(client.text).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*first answer/)
      expect(client.text).not.toContain('101')
      server.close()
    })

    it('ends the connection of an upgrade that waits 10 s for the answer before it', async () => {
      const clock = new VirtualClock()
      const environment = { ...createEnvironment(), clock, timers: new TimerWheel(clock) }
      const upgraded = new Deferred<void>()
      const server = createServer(nothing)
      server.prependListener('upgrade', () => upgraded.resolve())
      attachIn(environment, ours('sync'), server, {})
      await using client = await RawClient.connect(await listen(server))
      client.send('GET /never HTTP/1.1\r\nHost: a\r\n\r\n' + upgradeRequest('/ours'))
      await upgraded.promise

      await clock.advance(10_000)

      await client.ended
      expect(client.text).toBe('')
      server.close()
    })

    it.each([
      ['/both', '/both'],
      ['/a/:x', '/a/:y'],
    ])('throws where two applications have a route for the same paths, %s and %s', (one, other) => {
      const appWith = (path: string): Application =>
        createApplication((app) => {
          app.install(WebSockets)
          app.routing((route) => void route.webSocket(path, () => {}))
        })
      const server = createServer()
      attach(appWith(one), server)
      attach(appWith('/neither'), server)

      expect(() => attach(appWith(other), server)).toThrow(
        `Cannot attach: another application attached to this server has a route for "${one}", expected different paths`,
      )
      expect(server.listenerCount('upgrade')).toBe(2)
    })

    it('allows a path again once the other application has left', async () => {
      const appWith = (): Application =>
        createApplication((app) => {
          app.install(WebSockets)
          app.routing((route) => void route.webSocket('/', () => {}))
        })
      const server = createServer()
      await attach(appWith(), server).stop()

      expect(() => attach(appWith(), server)).not.toThrow()
    })

    it('reports two applications that share a path that came later, once', async () => {
      const errors: string[] = []
      const silent = (): void => {}
      const logger = {
        debug: silent,
        info: silent,
        warn: silent,
        error: (_: object, message: string) => void errors.push(message),
      }
      const one = createApplication((app) => app.install(WebSockets), { logger })
      const other = createApplication((app) => app.install(WebSockets), { logger })
      const server = createServer()
      attach(one, server, { unclaimed: 'answer' })
      attach(other, server)
      for (const app of [one, other]) {
        app.routing((route) => void route.webSocket('/both', ({ send }) => send('one')))
      }
      const port = await listen(server)

      for (let count = 0; count < 2; count++) {
        const socket = new WebSocket(`ws://127.0.0.1:${port}/both`)
        expect(String((await once(socket, 'message'))[0])).toBe('one')
        await once(socket, 'close')
      }

      expect(errors).toEqual(['Attached applications share a path'])
      server.close()
    })
  })

  describe('ignore', () => {
    it('is asked first, and leaves to others what it takes', async () => {
      await using world = await World.with(
        {
          unclaimed: 'answer',
          ignore: ({ headers }) => headers['sec-websocket-protocol'] === 'vite-hmr',
        },
        (incoming, stream) => {
          if (incoming.headers['sec-websocket-protocol'] === 'vite-hmr') stream.end('theirs')
        },
      )

      const theirs = await world.send(
        request('/ours').replace('Host', 'Sec-WebSocket-Protocol: vite-hmr\r\nHost'),
      )
      await theirs.ended
      const own = await world.send(request('/ours'))
      await own.until((text) => text === SWITCHED)

      expect(theirs.text).toBe('theirs')
    })

    it('is answered with 500 when it throws or returns a promise', async () => {
      const ignore = (incoming: IncomingMessage): boolean => {
        if (incoming.url === '/throws') throw new Error('broken')
        // What JavaScript may do.
        return Promise.resolve(true) as unknown as boolean
      }
      await using world = await World.with({ ignore })

      for (const path of ['/throws', '/promises']) {
        const client = await world.send(request(path))
        await client.ended
        expect(client.text).toMatch(/^HTTP\/1\.1 500 /)
      }
    })
  })

  describe('stop()', () => {
    it('stops the application and leaves the server as it was', async () => {
      await using world = await World.with()
      const application = createApplication()
      const attachment = attach(application, world.server)

      const counts = await attachment.stop({ grace: 0, timeout: 0 })

      expect(counts).toEqual({ sessions: 0, closed: 0, aborted: 0 })
      expect(world.server.listenerCount('upgrade')).toBe(1)
      expect(world.server.listening).toBe(true)
      expect(await attachment.stop()).toEqual(counts)
    })

    it('rejects for options that mean nothing, and goes on', async () => {
      await using world = await World.with()
      const attachment = attach(createApplication(), world.server)

      await expect(attachment.stop({ grace: -1 })).rejects.toThrow(RangeError)

      expect(world.server.listenerCount('upgrade')).toBe(2)
      await attachment[Symbol.asyncDispose]()
      expect(world.server.listenerCount('upgrade')).toBe(1)
    })
  })

  describe('misuse', () => {
    it('throws when the application is attached to the server already', () => {
      const [application, server] = [createApplication(), createServer()]
      attach(application, server)

      expect(() => attach(application, server)).toThrow(
        new TypeError(
          'Cannot attach: the application is attached to this server already, expected attach() once',
        ),
      )
    })

    it('throws for what is no HTTP server', () => {
      // @ts-expect-error an Express application is a function, and not the server
      expect(() => attach(createApplication(), () => {})).toThrow(
        new TypeError(
          'Cannot attach: the server is a function, expected a server of node:http, node:https or node:http2',
        ),
      )
    })

    it('throws for an unknown option and for an unknown policy', () => {
      // @ts-expect-error a slip of the fingers
      expect(() => attach(createApplication(), createServer(), { unclaimd: 'answer' })).toThrow(
        'Cannot attach: unknown option "unclaimd", expected "unclaimed"',
      )
      // @ts-expect-error no such policy
      expect(() => attach(createApplication(), createServer(), { unclaimed: 'drop' })).toThrow(
        'Cannot attach: option "unclaimed" is a string, expected one of "yield", "answer", "ignore"',
      )
    })
  })
})
