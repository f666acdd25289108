import { once } from 'node:events'
import { mkdtemp, readdir, rmdir } from 'node:fs/promises'
import { connect as connectNet, createServer as createNetServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { connect as connectTls } from 'node:tls'
import { describe, expect, it, vi } from 'vitest'

import { type Application, WebSockets } from '../../../src/application/index.ts'
import { Deferred } from '../../../src/base/internal.ts'
import type { EmbeddedServerOptions } from '../../../src/engines/node/server/embedded-options.ts'
import { embeddedServer } from '../../../src/engines/node/embedded-server.ts'
import { ListenError, ServerStoppedError } from '../../../src/engines/node/errors.ts'
import type { EmbeddedServer } from '../../../src/engines/node/server/server.ts'
import { certificate } from '../../support/certificate.ts'
import { listen, RawClient } from '../../support/loopback.ts'

const nodeMajor = Number(process.versions.node.split('.')[0])

const UPGRADE =
  'Host: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
// RFC 6455 §1.3: the key of the example, and its answer.
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='
/** Text "Hello", masked (RFC 6455 §5.7), and the same unmasked as the echo. */
const MASKED_HELLO = Buffer.from('818537fa213d7f9f4d5158', 'hex')
const HELLO = Buffer.from('810548656c6c6f', 'hex').toString('latin1')

/** Close 1001, as it comes from the server and as a client answers it. */
const GOING_AWAY = Buffer.from('880203e9', 'hex').toString('latin1')
const MASKED_GOING_AWAY = Buffer.from('88820000000003e9', 'hex')

function echo(app: Application): void {
  app.install(WebSockets)
  app.routing((route) => {
    route.webSocket('/echo', async ({ incoming, send }) => {
      for await (const frame of incoming) await send(frame)
    })
  })
}

async function started(
  options: EmbeddedServerOptions = {},
  module: (app: Application) => void = echo,
): Promise<EmbeddedServer> {
  const server = embeddedServer({ host: '127.0.0.1', port: 0, signals: false, ...options }, module)
  return server.start()
}

async function connectTo(server: EmbeddedServer, text: string): Promise<RawClient> {
  const client = await RawClient.connect(server.address.port)
  client.send(text)
  return client
}

/** Upgrades at `/echo` and says hello, so that the session is known to run. */
async function openSession(server: EmbeddedServer): Promise<RawClient> {
  const client = await connectTo(server, `GET /echo HTTP/1.1\r\n${UPGRADE}`)
  client.send(MASKED_HELLO)
  await client.until((text) => text.endsWith(HELLO))
  client.socket.once('end', () => client.socket.end())
  return client
}

function statusOf(client: RawClient): string | undefined {
  return /^HTTP\/1\.1 (\d+)/.exec(client.text)?.[1]
}

describe('embeddedServer()', () => {
  describe('serving', () => {
    it('upgrades, and carries frames both ways', async () => {
      await using server = await started()

      await using client = await openSession(server)

      const [head = ''] = client.text.split('\r\n\r\n')
      expect(head).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/)
      expect(head.toLowerCase()).toContain(`sec-websocket-accept: ${ACCEPT.toLowerCase()}`)
    })

    it('serves on a Unix socket, and removes it when it stops', async () => {
      const directory = await mkdtemp(join(tmpdir(), 'towpath-'))
      const socketPath = join(directory, 'app.sock')
      const server = await embeddedServer({ socketPath, signals: false }, echo).start()
      expect(server.address).toEqual({ host: '', port: 0, socketPath })
      await expect(embeddedServer({ socketPath, signals: false }, echo).start()).rejects.toThrow(
        `Cannot listen on socket ${socketPath}: `,
      )

      await using client = new RawClient(connectNet({ path: socketPath, allowHalfOpen: true }))
      client.send(`GET /echo HTTP/1.1\r\n${UPGRADE}`)
      client.send(MASKED_HELLO)
      await client.until((received) => received.endsWith(HELLO))
      client.send(MASKED_GOING_AWAY)
      client.socket.once('end', () => client.socket.end())

      expect(await server.stop({ grace: 0 })).toEqual({ sessions: 1, closed: 1, aborted: 0 })
      expect(await readdir(directory)).toEqual([])
      await rmdir(directory)
    })

    it('serves wss with a certificate', async () => {
      await using server = await started({ tls: certificate })
      const { port } = server.address
      const socket = connectTls({
        port,
        host: '127.0.0.1',
        ca: certificate.cert,
        ALPNProtocols: ['http/1.1'],
      })
      await using client = new RawClient(socket)

      client.send(`GET /echo HTTP/1.1\r\n${UPGRADE}`)
      client.send(MASKED_HELLO)

      expect(await client.until((text) => text.endsWith(HELLO))).toContain(ACCEPT)
    })

    it('answers an upgrade for no path of ours with 404', async () => {
      await using server = await started()
      await using client = await connectTo(server, `GET /none HTTP/1.1\r\n${UPGRADE}`)
      await client.ended

      expect(client.text).toMatch(
        /^HTTP\/1\.1 404 Not Found\r\n[^]*\r\n\r\nCannot upgrade: no route has this path\n$/,
      )
    })

    it('answers a plain request for the path of a WebSocket with 426', async () => {
      const http = vi.fn()
      await using server = await started({ http })
      await using client = await connectTo(server, 'GET /echo HTTP/1.1\r\nHost: a\r\n\r\n')
      await client.until((text) => text.includes('expected a request to upgrade\n'))

      expect(client.text).toMatch(/^HTTP\/1\.1 426 Upgrade Required\r\n/)
      expect(client.text).toMatch(/\r\nsec-websocket-version: 13\r\n/i)
      expect(client.text).toMatch(/\r\nupgrade: websocket\r\n/i)
      expect(client.text).toMatch(/\r\nconnection: Upgrade\r\n/i)
      expect(http).not.toHaveBeenCalled()
    })

    it('answers a plain request for anything else with 404 when there is no http listener', async () => {
      await using server = await started()
      await using client = await connectTo(server, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')
      await client.until((text) => text.endsWith('Cannot answer: no route has this path\n'))

      expect(statusOf(client)).toBe('404')
    })

    it('passes other requests to the http listener, h2c upgrades too', async () => {
      await using server = await started({
        http: (request, response) => response.end(`plain ${request.url}`),
      })
      await using client = await connectTo(
        server,
        'GET /page HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: A\r\n\r\n',
      )

      await client.until((text) => text.endsWith('plain /page'))
    })

    // From 22 on Node itself reads such requests, and answers only the first of those pipelined.
    it.runIf(nodeMajor < 22)('answers every h2c upgrade that is pipelined, in order', async () => {
      await using server = await started({
        http: (request, response) => response.end(`<${request.url}>`),
      })
      const paths = Array.from({ length: 30 }, (_, index) => `/${index}`)
      await using client = await connectTo(
        server,
        paths
          .map(
            (path) =>
              `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n`,
          )
          .join(''),
      )

      await client.until((received) => received.includes('</29>'))
      expect(client.text.match(/<.+?>/g)).toEqual(paths.map((path) => `<${path}>`))
    })

    for (const kind of ['auto', 'stream', 'tls'] as const) {
      it(`answers an upgrade after the requests before it (${kind})`, async () => {
        const first = new Deferred<void>()
        const asked = new Deferred<void>()
        await using server = await started({
          ...(kind === 'tls' ? { tls: certificate } : { transport: kind }),
          http: async (_, response) => {
            asked.resolve()
            await first.promise
            response.end('first answer')
          },
        })
        const { port } = server.address
        for (const [path, status] of [
          ['/echo', '101'],
          ['/nope', '404'],
        ]) {
          await using client =
            kind === 'tls'
              ? new RawClient(connectTls({ port, host: '127.0.0.1', ca: certificate.cert }))
              : await RawClient.connect(port)
          client.send(`GET /slow HTTP/1.1\r\nHost: a\r\n\r\nGET ${path} HTTP/1.1\r\n${UPGRADE}`)
          client.send(MASKED_HELLO)
          await asked.promise
          await new Promise((resolve) => setImmediate(resolve))
          const early = client.text
          first.resolve()

          await client.until((received) => received.includes(`HTTP/1.1 ${status}`))
          expect(early.startsWith(`HTTP/1.1 ${status}`)).toBe(false)
          expect(client.text).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*first answer[^]*HTTP/)
          if (path === '/echo') await client.until((received) => received.endsWith(HELLO))
        }
      })
    }

    for (const upgrade of [`GET /echo HTTP/1.1\r\n${UPGRADE}`, `GET /no HTTP/1.1\r\n${UPGRADE}`]) {
      it(`ends the connection after an earlier answer that closes it: ${upgrade.slice(0, 9)}`, async () => {
        await using server = await started({
          http: (_, response) => {
            response.setHeader('connection', 'close')
            setImmediate(() => response.end('last answer'))
          },
        })
        await using client = await connectTo(
          server,
          `GET /first HTTP/1.1\r\nHost: a\r\n\r\n${upgrade}`,
        )

        await client.ended

        expect(client.text).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*last answer$/)
      })
    }

    it('answers a list of protocols to upgrade to with 426', async () => {
      await using server = await started()
      await using client = await connectTo(
        server,
        `GET /echo HTTP/1.1\r\n${UPGRADE.replace('Upgrade: websocket', 'Upgrade: h2c, websocket')}`,
      )

      await client.ended

      expect(client.text).toMatch(
        /^HTTP\/1\.1 426 [^]*\r\n\r\nCannot upgrade: Upgrade is not "websocket"/,
      )
      expect(client.text.toLowerCase()).toContain('\r\nupgrade: websocket\r\n')
    })

    it('answers a plain GET on the path of a WebSocket itself', async () => {
      const http = vi.fn<() => void>()
      await using server = await started({ http })
      await using client = await connectTo(server, 'GET /echo HTTP/1.1\r\nHost: a\r\n\r\n')

      await client.until((received) => received.startsWith('HTTP/1.1 426 '))

      expect(http).not.toHaveBeenCalled()
    })

    it('passes the body of an h2c upgrade to the http listener', async () => {
      await using server = await started({
        http: async (request, response) => response.end(`<${await text(request)}>`),
      })
      await using client = await connectTo(
        server,
        'POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 4\r\n\r\nab',
      )

      client.send('cd')

      await client.until((received) => received.includes('<abcd>'))
    })

    it('refuses an upgrade with a body, whose bytes still come', async () => {
      await using server = await started()
      await using client = await connectTo(
        server,
        `GET /echo HTTP/1.1\r\nContent-Length: 4\r\n${UPGRADE}ab`,
      )
      client.send('cd')

      await client.ended
      client.socket.end()

      expect(client.text).toMatch(
        /^HTTP\/1\.1 400 Bad Request\r\n[^]*\r\n\r\nCannot upgrade: .+\n$/,
      )
      expect(await client.closed).toBeNull()
    })

    it('passes other requests to the http listener over TLS, h2c upgrades too', async () => {
      await using server = await started({
        tls: certificate,
        http: (request, response) => response.end(`plain ${request.url}`),
      })
      const { port } = server.address
      await using client = new RawClient(
        connectTls({ port, host: '127.0.0.1', ca: certificate.cert }),
      )
      client.send('GET /page HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n')

      await client.until((text) => text.endsWith('plain /page'))
    })

    it('outlives an http listener that throws or rejects: 500, and once in the log', async () => {
      const errors: unknown[] = []
      const silent = (): void => {}
      const logger = {
        debug: silent,
        info: silent,
        warn: silent,
        error: (facts: object) => void errors.push(facts),
      }
      const failure = new Error('broken')
      await using server = await started({
        logger,
        http: (request, response) => {
          if (request.url === '/late') response.write('half')
          if (request.url === '/rejects') return Promise.reject(failure)
          throw failure
        },
      })

      for (const [path, status] of [
        ['/throws', '500'],
        ['/rejects', '500'],
        // Half an answer cannot be taken back: the connection is cut.
        ['/late', undefined],
      ] as const) {
        const client = await connectTo(
          server,
          `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
        )
        await client.ended
        expect(statusOf(client)).toBe(status)
        await client[Symbol.asyncDispose]()
      }
      expect(errors).toEqual([{ err: failure }, { err: failure }, { err: failure }])
    })
  })

  describe('start()', () => {
    it('resolves with the server, and with the same at a second call', async () => {
      await using server = await started()

      expect(await server.start()).toBe(server)
      expect(server.address.host).toBe('127.0.0.1')
      expect(server.address.port).toBeGreaterThan(0)
    })

    it('rejects with ListenError for a port that is in use, and may then be repeated', async () => {
      const other = createNetServer()
      const port = await listen(other)
      const server = embeddedServer({ host: '127.0.0.1', port, signals: false }, echo)

      const error: unknown = await server.start().catch((cause: unknown) => cause)
      other.close()
      await once(other, 'close')
      await server.start()
      const { address } = server
      await server.stop()

      expect(error).toBeInstanceOf(ListenError)
      expect(error).toMatchObject({
        code: 'TOWPATH_LISTEN',
        host: '127.0.0.1',
        port,
        message: `Cannot listen on port ${port} of 127.0.0.1: it is in use, expected a free port (0 chooses one)`,
        cause: { code: 'EADDRINUSE' },
      })
      expect(address.port).toBe(port)
    })

    it('throws for a certificate that Node refuses, and says that it is not a path', () => {
      const tls = { cert: '/etc/tls/cert.pem', key: '/etc/tls/key.pem' }

      expect(() => embeddedServer({ port: 0, signals: false, tls }, echo)).toThrow(
        /^Cannot make the server: node:tls refuses option "tls" \(ERR_OSSL_.+\), expected the content/,
      )
    })

    it('rejects with ListenError for an address that is not of this machine', async () => {
      // RFC 5737: for documentation, never assigned.
      const server = embeddedServer({ host: '192.0.2.1', port: 0, signals: false }, echo)

      await expect(server.start()).rejects.toThrow(
        'Cannot listen on port 0 of 192.0.2.1: this machine has no such address',
      )
    })

    it('rejects after stop()', async () => {
      const server = embeddedServer({ port: 0, signals: false }, echo)
      await server.stop()

      await expect(server.start()).rejects.toThrow(ServerStoppedError)
      await expect(server.start()).rejects.toThrow(
        'Cannot start the server: it has been stopped, expected a new one from embeddedServer()',
      )
    })
  })

  describe('address', () => {
    it('throws before start()', () => {
      expect(() => embeddedServer({ signals: false }, echo).address).toThrow(
        'Cannot read address: the server does not listen, expected start() before it',
      )
    })
  })

  describe('stop()', () => {
    it('closes sessions with 1001 and resolves with counts, the same each time', async () => {
      const server = await started()
      await using client = await openSession(server)

      const stopping = server.stop({ grace: 0, timeout: 5000 })
      await client.until((text) => text.endsWith(GOING_AWAY))
      client.send(MASKED_GOING_AWAY)
      const counts = await stopping
      await client.ended

      expect(counts).toEqual({ sessions: 1, closed: 1, aborted: 0 })
      expect(await server.stop()).toBe(counts)
    })

    it('drops sessions that do not answer at the timeout', async () => {
      const server = await started({}, (app) => {
        app.install(WebSockets)
        app.routing((route) => {
          route.webSocket('/echo', async ({ send }) => {
            await send('\u0000')
            await new Promise(() => {})
          })
        })
      })
      await using client = await connectTo(server, `GET /echo HTTP/1.1\r\n${UPGRADE}`)
      await client.until((text) => text.endsWith('\x81\x01\x00'))

      const counts = await server.stop({ grace: 0, timeout: { milliseconds: 50 } })

      expect(counts).toEqual({ sessions: 1, closed: 0, aborted: 1 })
    })

    it('closes connections that are idle or have said nothing', async () => {
      const server = await started({ http: (_, response) => response.end('ok') })
      await using idle = await connectTo(server, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')
      await idle.until((text) => text.endsWith('ok'))
      await using silent = await connectTo(server, 'GET / HTT')

      await server.stop()

      await Promise.all([idle.ended, silent.ended])
    })

    it('lets a request finish that is under way, then closes its connection', async () => {
      const asked = new Deferred<void>()
      const answer = new Deferred<void>()
      const server = await started({
        http: async (_, response) => {
          asked.resolve()
          await answer.promise
          response.end('late')
        },
      })
      await using client = await connectTo(server, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')
      await asked.promise

      const stopping = server.stop()
      answer.resolve()
      await stopping
      await client.ended

      expect(client.text.endsWith('late')).toBe(true)
    })

    it('cuts a request off that is still under way at the timeout', async () => {
      const asked = new Deferred<void>()
      const server = await started({ http: () => asked.resolve() })
      await using client = await connectTo(server, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')
      await asked.promise

      await server.stop({ grace: 0, timeout: { milliseconds: 50 } })
      await client.ended

      expect(client.text).toBe('')
    })

    it('refuses upgrades with 503 on connections that are there already', async () => {
      const server = await started()
      await using silent = await connectTo(server, 'GET /ec')
      await using session = await openSession(server)

      const stopping = server.stop({ grace: 0, timeout: 5000 })
      await session.until((text) => text.endsWith(GOING_AWAY))
      silent.send(`ho HTTP/1.1\r\n${UPGRADE}`)
      await silent.ended
      silent.socket.end()
      session.send(MASKED_GOING_AWAY)
      await stopping

      expect(silent.text).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n[^]*retry-after: \d+\r\n/)
    })

    it('takes no new connections', async () => {
      const server = await started()
      const { port } = server.address
      await server.stop()

      await expect(RawClient.connect(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    })

    it('throws for options that mean nothing, and goes on', async () => {
      await using server = await started()

      expect(() => server.stop({ grace: -1 })).toThrow(RangeError)

      await using client = await openSession(server)
      expect(statusOf(client)).toBe('101')
    })

    it('leaves no listener for signals behind', async () => {
      const before = process.listenerCount('SIGTERM') + process.listenerCount('SIGINT')
      const server = await started({ signals: true })
      const during = process.listenerCount('SIGTERM') + process.listenerCount('SIGINT')

      await server.stop()

      expect(during).toBe(before + 2)
      expect(process.listenerCount('SIGTERM') + process.listenerCount('SIGINT')).toBe(before)
    })
  })

  it('outlives clients that reset the connection at every byte of the handshake and of a frame', async () => {
    const server = await started()
    const request = Buffer.concat([Buffer.from(`GET /echo HTTP/1.1\r\n${UPGRADE}`), MASKED_HELLO])

    for (let length = 0; length <= request.length; length++) {
      const client = await RawClient.connect(server.address.port)
      await new Promise((resolve) => client.socket.write(request.subarray(0, length), resolve))
      client.socket.resetAndDestroy()
      await client.closed
    }

    await using client = await openSession(server)
    expect(statusOf(client)).toBe('101')
    client.send(MASKED_GOING_AWAY)
    await client.ended
    expect(await server.stop()).toMatchObject({ aborted: 0 })
    expect(server.application.sessions.size).toBe(0)
  })

  it('cuts a client off that is half way through its handshake', async () => {
    await using server = await started()
    await using client = await connectTo(server, 'GET /echo HTTP/1.1\r\nHost: a\r\nConnec')

    await client.ended

    expect(client.text).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/)
  })

  describe('misuse', () => {
    it('throws for an option that is not known', () => {
      // @ts-expect-error a slip of the fingers
      expect(() => embeddedServer({ prot: 1 }, echo)).toThrow(
        'Cannot make the server: unknown option "prot", expected "port"',
      )
    })

    it('throws for a certificate that cannot be read', () => {
      expect(() => embeddedServer({ tls: { key: 'x', cert: 'y' } }, echo)).toThrow(/PEM|DECODER/)
    })
  })
})
