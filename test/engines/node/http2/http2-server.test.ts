import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { connect as connectHttp2, constants } from 'node:http2'
import { get } from 'node:https'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { WebSocket } from 'ws'

import type { DefaultWebSocketServerSession } from '../../../../src/index.ts'
import { Deferred } from '../../../../src/base/internal.ts'
import { toHex } from '../../../support/bytes.ts'
import { certificate } from '../../../support/certificate.ts'
import { serveHttp2, serveInVirtualTime } from '../../../support/http2-server.ts'
import { loopbackTurn } from '../../../support/node-host.ts'
import { clientFrame } from '../../../support/peer.ts'
import { connectHeaders, frame, FrameKind, literals, RawHttp2 } from '../../../support/raw-http2.ts'

const END_HEADERS = 4
const END_STREAM = 1

it('SETTINGS_ENABLE_CONNECT_PROTOCOL is 1 (RFC 8441 §3)', async () => {
  await using server = await serveHttp2()
  await using client = await RawHttp2.connect(server.address.port)

  expect(client.allowsConnect).toBe(true)
})

it('an extended CONNECT becomes a session, and its handler sees HTTP/2 (RFC 8441 §5)', async () => {
  const opened = new Deferred<DefaultWebSocketServerSession>()
  await using server = await serveHttp2({}, (app) =>
    app.routing((route) => {
      route.webSocket('/room/:name', async (session) => {
        opened.resolve(session)
        for await (const frame of session.incoming) await session.send(frame)
      })
    }),
  )
  await using client = await RawHttp2.connect(server.address.port)
  const peer = await client.open('/room/a?b=c', { cookie: 'd=e' })
  peer.text('Hi')

  expect(await peer.read(4)).toBe('81 02 48 69')
  const { call } = await opened.promise
  expect(call.request.method).toBe('CONNECT')
  expect(call.request.uri).toBe('/room/a?b=c')
  expect(call.request.origin).toMatchObject({
    version: 'HTTP/2',
    scheme: 'https',
    host: 'localhost',
    remoteHost: '127.0.0.1',
  })
  expect(call.request.cookies.get('d')).toBe('e')
  expect(call.parameters['name']).toBe('a')
})

it('HTTP/1.1 and HTTP/2 share the port: WebSockets and plain requests over both', async () => {
  await using server = await serveHttp2({
    http: (request, response) => void response.end(`plain ${request.httpVersion}`),
  })
  const { port } = server.address
  const socket = new WebSocket(`wss://localhost:${port}/echo`, { ca: certificate.cert })
  await once(socket, 'open')
  socket.send('over HTTP/1.1')
  expect(String((await once(socket, 'message'))[0])).toBe('over HTTP/1.1')
  socket.close()
  await once(socket, 'close')

  const first = await new Promise<string>((resolve, reject) => {
    get(`https://localhost:${port}/page`, { ca: certificate.cert, agent: false }, (response) => {
      response.on('data', (bytes) => resolve(String(bytes)))
    }).on('error', reject)
  })
  const client = connectHttp2(`https://localhost:${port}`, { ca: certificate.cert })
  const stream = client.request({ ':path': '/page' })
  const [second] = await once(stream, 'data')
  client.close()

  expect([first, String(second)]).toEqual(['plain 1.1', 'plain 2.0'])
})

it.each([
  ['an unknown :protocol', { ':protocol': 'tunnel' }, 501],
  ['another version', { 'sec-websocket-version': '8' }, 400],
  ['a Host that differs from :authority', { host: 'elsewhere.test' }, 400],
  ['a body', { 'content-length': '5' }, 400],
  ['a path without a route', { ':path': '/nothing' }, 404],
  ['a page of another origin', { origin: 'https://elsewhere.test' }, 403],
] as const)('%s is refused with a plain answer', async (_name, changed, status) => {
  await using server = await serveHttp2()
  await using client = await RawHttp2.connect(server.address.port)
  const headers = [
    ...connectHeaders('/echo').filter(([name]) => !Object.hasOwn(changed, name)),
    ...Object.entries(changed),
  ]
  // Pseudo-headers come first (RFC 9113 §8.3).
  const stream = client.request(
    headers.sort(([a], [b]) => Number(b[0] === ':') - Number(a[0] === ':')),
  )

  expect(await client.status(stream)).toBe(status)
})

it('an extended CONNECT that ends its stream at once is refused with 400', async () => {
  await using server = await serveHttp2()
  await using client = await RawHttp2.connect(server.address.port)
  const stream = client.request(connectHeaders('/echo'), END_HEADERS | END_STREAM)

  expect(await client.status(stream)).toBe(400)
})

it('a plain CONNECT gets 405, and a GET on the path of a WebSocket 400', async () => {
  await using server = await serveHttp2()
  const client = connectHttp2(`https://localhost:${server.address.port}`, {
    ca: certificate.cert,
  })
  const tunnel = client.request({ ':method': 'CONNECT', ':authority': 'elsewhere.test:443' })
  tunnel.resume()
  const [refused] = await once(tunnel, 'response')
  const plain = client.request({ ':path': '/echo' })
  plain.resume()
  const [answered] = await once(plain, 'response')
  client.close()

  expect([refused[':status'], answered[':status']]).toEqual([405, 400])
})

it('a refusal without a body reaches the client, and lets go of its stream', async () => {
  await using server = await serveHttp2({}, (app) =>
    app.routing((route) =>
      route.route('/empty', (inner) => {
        inner.intercept(() => new Response(null, { status: 403 }))
        inner.webSocket('/', () => {})
      }),
    ),
  )
  await using client = await RawHttp2.connect(server.address.port)
  const stream = client.request(connectHeaders('/empty'))
  await client.until(() => client.frames.some(({ kind }) => kind === FrameKind.RST_STREAM))

  expect(await client.status(stream)).toBe(403)
  const reset = client.frames.find(({ kind }) => kind === FrameKind.RST_STREAM)
  expect(reset?.payload.readUInt32BE(0)).toBe(0)
})

it('a key is answered with its accept value', async () => {
  await using server = await serveHttp2()
  const client = connectHttp2(`https://localhost:${server.address.port}`, {
    ca: certificate.cert,
  })
  await once(client, 'remoteSettings')
  const stream = client.request({
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':path': '/echo',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  })
  const [headers] = await once(stream, 'response')
  stream.close(constants.NGHTTP2_CANCEL)
  client.close()

  expect(headers[':status']).toBe(200)
  expect(headers['sec-websocket-accept']).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
})

it('past maxSocketsPerConnection a request gets 429, and a fetch on that connection its answer', async () => {
  const refused: string[] = []
  await using server = await serveHttp2({ http2: { maxSocketsPerConnection: 3 } }, (app) => {
    app.monitor.on('upgradeRefused', ({ reason }) => void refused.push(reason))
  })
  const client = connectHttp2(`https://localhost:${server.address.port}`, {
    ca: certificate.cert,
  })
  await once(client, 'remoteSettings')
  const open = async () => {
    const stream = client.request({
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':path': '/echo',
      'sec-websocket-version': '13',
    })
    const [headers] = await once(stream, 'response')
    return { stream, status: Number(headers[':status']), retryAfter: headers['retry-after'] }
  }
  const sockets = [await open(), await open(), await open(), await open()]
  const page = client.request({ ':path': '/nothing' })
  const [found] = await once(page, 'response')
  const [first] = sockets
  first?.stream.close(constants.NGHTTP2_CANCEL)
  await once(first?.stream ?? page, 'close')
  await new Promise<void>((resolve) => void client.ping(() => resolve()))
  const again = await open()
  client.destroy()

  expect(sockets.map(({ status }) => status)).toEqual([200, 200, 200, 429])
  expect(sockets[3]?.retryAfter).toBe('5')
  expect(refused).toEqual(['connection'])
  expect(found[':status']).toBe(404)
  expect(again.status).toBe(200)
})

it('an answer that an interceptor gave a line break is not sent (response splitting)', async () => {
  await using server = await serveHttp2({}, (app) =>
    app.routing((route) =>
      route.route('/split', (inner) => {
        inner.intercept((call) => {
          call.response.headers.append('x-name', 'a')
          Object.defineProperty(call.response.headers, Symbol.iterator, {
            *value() {
              yield ['x-name', 'a\r\nb: c']
            },
          })
        })
        inner.webSocket('/', () => {})
      }),
    ),
  )
  await using client = await RawHttp2.connect(server.address.port)
  const stream = client.request(connectHeaders('/split'))

  expect(await client.status(stream)).toBe(500)
  expect(server.application.statistics().upgradesRefused).toEqual({ failure: 1 })
})

it('a client that sends GOAWAY and then HEADERS and DATA in one chunk ends no process', async () => {
  await using server = await serveHttp2()
  await using bad = await RawHttp2.connect(server.address.port)
  await using good = await RawHttp2.connect(server.address.port)
  const peer = await good.open('/echo')
  const goAway = Buffer.alloc(8)
  goAway.writeUInt32BE(2, 4)
  bad.socket.cork()
  bad.send(FrameKind.GOAWAY, 0, 0, goAway)
  const stream = bad.request(connectHeaders('/echo'))
  bad.send(FrameKind.DATA, 0, stream, clientFrame('text', 'Hi'))
  bad.socket.uncork()
  await bad.closed
  peer.text('Hi')

  expect(await peer.read(4)).toBe('81 02 48 69')
})

it('the end of a connection ends its sessions with one cause, and no others', async () => {
  const causes: Array<Error | null> = []
  const ended = new Deferred<void>()
  await using server = await serveHttp2({}, (app) => {
    app.monitor.on('sessionClosed', ({ info }) => {
      causes.push(info.cause)
      if (causes.length === 3) ended.resolve()
    })
  })
  await using other = await RawHttp2.connect(server.address.port)
  const neighbour = await other.open('/echo')
  const lost = await RawHttp2.connect(server.address.port)
  for (let count = 0; count < 3; count++) await lost.open('/echo')
  lost.socket.destroy()
  await ended.promise
  neighbour.text('Hi')

  expect(await neighbour.read(4)).toBe('81 02 48 69')
  expect(new Set(causes).size).toBe(1)
  expect(causes[0]).toMatchObject({ code: 'ECONNRESET' })
})

it('a session that is not read holds up no other of its connection, and keeps what its bounds allow', async () => {
  const begun = new Deferred<DefaultWebSocketServerSession>()
  const over = new Deferred<void>()
  await using server = await serveHttp2({}, (app) =>
    app.routing((route) => {
      route.webSocket('/unread', async (session) => {
        begun.resolve(session)
        await over.promise
      })
    }),
  )
  const client = connectHttp2(`https://localhost:${server.address.port}`, { ca: certificate.cert })
  await once(client, 'remoteSettings')
  const open = (path: string) => client.request(Object.fromEntries(connectHeaders(path)))
  const unread = open('/unread')
  const neighbour = open('/echo')
  await Promise.all([once(unread, 'response'), once(neighbour, 'response')])
  const { call } = await begun.promise
  const message = clientFrame('binary', new Uint8Array(16 * 1024))
  // Node's client sends as much as the windows allow, and keeps the rest.
  for (let count = 0; count < 1024; count++) unread.write(message)

  for (let count = 0; count < 50; count++) {
    neighbour.write(clientFrame('text', 'Hi'))
    const [echo] = await once(neighbour, 'data')
    expect(toHex(echo)).toBe('81 02 48 69')
  }
  const MIB = 1024 * 1024
  // 1 MiB in the channel, 0.5 MiB in the window of the stream, and what one read may add to both.
  expect(call.application.statistics().bytesBuffered).toBeLessThan(2 * MIB)
  over.resolve()
  client.destroy()
})

it('a stream that is reset ends its session with the code of the reset', async () => {
  const ended = new Deferred<Error | null>()
  await using server = await serveHttp2({}, (app) => {
    app.monitor.on('sessionClosed', ({ info }) => ended.resolve(info.cause))
  })
  await using client = await RawHttp2.connect(server.address.port)
  const peer = await client.open('/echo')
  peer.reset()

  expect(await ended.promise).toMatchObject({ code: 'ECONNRESET', rstCode: 8 })
})

const saidGoaway = ({ frames }: RawHttp2): boolean =>
  frames.some(({ kind }) => kind === FrameKind.GOAWAY)

it('stop() sends GOAWAY at once on a connection without a session', async () => {
  const server = await serveHttp2()
  await using idle = await RawHttp2.connect(server.address.port)
  await using busy = await RawHttp2.connect(server.address.port)
  const peer = await busy.open('/echo')
  const stopped = server.stop({ grace: 0 })
  await idle.until(() => saidGoaway(idle))
  await idle.closed
  expect(saidGoaway(busy)).toBe(false)

  await peer.read(4)
  peer.close(1001)

  expect(await stopped).toEqual({ sessions: 1, closed: 1, aborted: 0 })
})

it('stop() of 8 connections with 40 sockets each: 320 times 1001, and GOAWAY on each', async () => {
  const codes: number[] = []
  const server = await serveHttp2({}, (app) => {
    app.monitor.on('sessionClosed', ({ info }) => void codes.push(info.reason.code))
  })
  const connections = Array.from({ length: 8 }, () => RawHttp2.connect(server.address.port))
  const clients = await Promise.all(connections)
  const sockets = clients.flatMap((client) =>
    Array.from({ length: 40 }, () => client.open('/echo')),
  )
  const peers = await Promise.all(sockets)
  const stopped = server.stop()
  const heard = peers.map(async (peer) => {
    const close = await peer.read(4)
    peer.close(1001)
    return close
  })

  expect(new Set(await Promise.all(heard))).toEqual(new Set(['88 02 03 e9']))
  expect(await stopped).toEqual({ sessions: 320, closed: 320, aborted: 0 })
  await Promise.all(clients.map(({ closed }) => closed))
  expect(codes.filter((code) => code === 1001)).toHaveLength(320)
  expect(clients.filter(saidGoaway)).toHaveLength(8)
})

it('stop() refuses a new socket with 503, and open ones still end with 1001', async () => {
  const server = await serveHttp2()
  await using client = await RawHttp2.connect(server.address.port)
  const peer = await client.open('/echo')
  const stopped = server.stop({ grace: 0 })
  expect(await peer.read(4)).toBe('88 02 03 e9')
  const refused = client.request(connectHeaders('/echo'))

  expect(await client.status(refused)).toBe(503)
  peer.close(1001)
  await client.until(() => saidGoaway(client))
  expect(await stopped).toEqual({ sessions: 1, closed: 1, aborted: 0 })
})

it('a connection that is left gets GOAWAY two seconds after it refused a socket, and its sessions go on', async () => {
  await using server = await serveInVirtualTime()
  await using client = await RawHttp2.connectPlainly(server.port)
  const peer = await client.open('/echo')
  server.http2.leaveAfterSessions()
  const refused = client.request(connectHeaders('/echo', { origin: 'https://elsewhere.test' }))
  expect(await client.status(refused)).toBe(403)
  await client.settle()
  // undici 7 takes GOAWAY for the end of the connection, with 1006 for its sockets.
  expect(saidGoaway(client)).toBe(false)
  await server.clock.advance(2001)
  await client.until(() => saidGoaway(client))
  peer.text('Hi')

  expect(await peer.read(4)).toBe('81 02 48 69')
})

it.each([
  ['without another byte', 0],
  ['with one byte of CONTINUATION every ten seconds', 1],
])(
  'a connection whose header block never ends, %s, is gone after idleTimeout',
  async (_name, bytes) => {
    await using server = await serveInVirtualTime()
    await using client = await RawHttp2.connectPlainly(server.port)
    const stream = client.request(connectHeaders('/echo'), 0)
    const rest = frame(FrameKind.CONTINUATION, 0, stream, literals([['x', 'y'.repeat(100)]]))
    // In one piece: nghttp2 counts each piece of a header as one more CONTINUATION, and allows 8.
    if (bytes > 0) client.socket.write(rest.subarray(0, 9))
    for (let at = 9; at < 20; at++) {
      client.socket.write(rest.subarray(at, at + bytes))
      await loopbackTurn()
      await server.clock.advance(10_000)
    }
    expect(saidGoaway(client)).toBe(false)
    await server.clock.advance(10_001)
    await client.until(() => saidGoaway(client))
    await server.clock.advance(1001)

    await client.closed
  },
)

it('stop() ends sessions that never answer at its timeout, and says GOAWAY', async () => {
  const server = await serveHttp2()
  const client = await RawHttp2.connect(server.address.port)
  const peer = await client.open('/echo')
  const counts = await server.stop({ grace: 0, timeout: 0 })
  await client.closed

  expect(await peer.read(4)).toBe('88 02 03 e9')
  expect(counts).toEqual({ sessions: 1, closed: 0, aborted: 1 })
})

it('stop() sends Close 1001 on every socket, GOAWAY behind the last, and the connections end', async () => {
  const server = await serveHttp2()
  const clients = [await RawHttp2.connect(server.address.port)]
  clients.push(await RawHttp2.connect(server.address.port))
  const peers = []
  for (const client of clients) {
    for (let count = 0; count < 5; count++) peers.push(await client.open('/echo'))
  }
  const stopped = server.stop({ grace: 0 })
  for (const peer of peers) expect(await peer.read(4)).toBe('88 02 03 e9')
  for (const client of clients) await client.settle()
  // undici 7 takes GOAWAY for the end of the connection, and would not read these Close frames.
  expect(clients.map(saidGoaway)).toEqual([false, false])
  for (const peer of peers) peer.close(1001)
  const counts = await stopped
  await Promise.all(clients.map(({ closed }) => closed))

  expect(counts).toEqual({ sessions: 10, closed: 10, aborted: 0 })
  for (const { frames } of clients) {
    expect(frames.filter(({ kind }) => kind === FrameKind.GOAWAY)[0]?.payload.readUInt32BE(4)).toBe(
      0,
    )
  }
})

it('a server without HTTP/2 loads no module for it', async () => {
  // In a process of its own: this one has loaded it.
  const source = new URL('../../../../src/index.ts', import.meta.url)
  const script = `
    const isLoaded = () => process.moduleLoadList.includes('NativeModule http2')
    // From Node 22 on this alone loads it, on the way to Node's own WebSocket.
    await import('node:http')
    const before = isLoaded()
    const { embeddedServer, WebSockets } = await import(${JSON.stringify(source.href)})
    const server = await embeddedServer({ port: 0, signals: false }, (app) => {
      app.install(WebSockets)
    }).start()
    await server.stop()
    console.log(isLoaded() === before)
  `
  const args = ['--import', 'tsx', '--input-type=module', '--eval', script]
  const { stdout } = await promisify(execFile)(process.execPath, args)

  expect(stdout.trim()).toBe('true')
})
