import { createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'

import type { UpgradeOutcome } from '../../../../src/application/index.ts'
import { Deferred } from '../../../../src/base/internal.ts'
import { createEnvironment } from '../../../../src/engines/node/environment.ts'
import {
  asksForSocket,
  receiveConnect,
} from '../../../../src/engines/node/http2/extended-connect.ts'
import { Http2Connection } from '../../../../src/engines/node/http2/http2-connection.ts'
import {
  attach,
  createApplication,
  createMemoryBudget,
  embeddedServer,
  WebSockets,
} from '../../../../src/index.ts'
import { certificate } from '../../../support/certificate.ts'
import { serveHttp2, serveInVirtualTime } from '../../../support/http2-server.ts'
import { listen } from '../../../support/loopback.ts'
import { clientFrame } from '../../../support/peer.ts'
import {
  code,
  connectHeaders,
  END_HEADERS,
  END_STREAM,
  FrameKind,
  RawHttp2,
  type ReceivedFrame,
  Setting,
} from '../../../support/raw-http2.ts'
import { accepted, scriptedApplication } from '../../../support/scripted-application.ts'

const OPTIONS = { port: 0, host: '127.0.0.1', signals: false, tls: certificate, http2: true }

it('asksForSocket() is for CONNECT with :protocol websocket alone', () => {
  expect(asksForSocket({ ':method': 'CONNECT', ':protocol': 'websocket' })).toBe(true)
  expect(asksForSocket({ ':method': 'CONNECT' })).toBe(false)
  expect(asksForSocket({ ':method': 'CONNECT', ':protocol': 'connect-udp' })).toBe(false)
  expect(asksForSocket({ ':method': 'GET', ':protocol': 'websocket' })).toBe(false)
})

it('a client that leaves while the upgrade is decided ends the call, and nothing else', async () => {
  const left = new Deferred<void>()
  const asked = new Deferred<void>()
  await using server = await serveHttp2({}, (app) =>
    app.routing((route) =>
      route.route('/slow', (inner) => {
        inner.intercept((call) => {
          call.signal.addEventListener('abort', () => left.resolve())
          asked.resolve()
          return left.promise
        })
        inner.webSocket('/', () => {})
      }),
    ),
  )
  await using client = await RawHttp2.connect(server.address.port)
  const stream = client.request(connectHeaders('/slow'))
  await asked.promise
  const cancel = Buffer.alloc(4)
  cancel.writeUInt32BE(8)
  client.send(FrameKind.RST_STREAM, 0, stream, cancel)
  await left.promise
  const peer = await client.open('/echo')
  peer.text('Hi')

  expect(await peer.read(4)).toBe('81 02 48 69')
  expect(server.application.statistics().upgradesRefused).toEqual({ abandoned: 1 })
})

it('an interceptor that throws is answered with 500, and its connection goes on', async () => {
  await using server = await serveHttp2(
    { logger: { debug() {}, info() {}, warn() {}, error() {} } },
    (app) =>
      app.routing((route) =>
        route.route('/fail', (inner) => {
          inner.intercept(() => {
            throw new Error('on purpose')
          })
          inner.webSocket('/', () => {})
        }),
      ),
  )
  await using client = await RawHttp2.connect(server.address.port)

  expect(await client.status(client.request(connectHeaders('/fail')))).toBe(500)
  const peer = await client.open('/echo')
  peer.text('Hi')
  expect(await peer.read(4)).toBe('81 02 48 69')
})

it('an accepted stream keeps no listener of its request, and one of its connection', async () => {
  const accepted = new Deferred<ServerHttp2Stream>()
  const app = createApplication((self) => {
    self.install(WebSockets)
    self.routing((route) => {
      route.webSocket('/', ({ incoming }) => incoming.receiveCatching().then(() => {}))
    })
  })
  const server = createServer()
  server.on('stream', (stream) => accepted.resolve(stream))
  attach(app, server)
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  // It listens on TCP.
  await using client = await RawHttp2.connectPlainly((server.address() as AddressInfo).port)
  await client.open('/')
  const stream = await accepted.promise

  // The connection's and the transport's: each one is memory of every session.
  expect(stream.listenerCount('close')).toBe(2)
  expect(stream.listenerCount('error')).toBe(2)
  server.close()
})

it('a fault while a request is decided resets its stream with INTERNAL_ERROR', async () => {
  const environment = createEnvironment()
  const application = Object.assign(
    createApplication(() => {}),
    {
      logger: { debug() {}, info() {}, warn() {}, error() {} },
      upgrade: () => {
        throw new Error('on purpose')
      },
    },
  )
  const server = createServer({ settings: { enableConnectProtocol: true } })
  server.on('stream', (stream, headers) => {
    const session = stream.session as ServerHttp2Session // it is open
    const accepted = { socket: null, settings: null, closed: () => {} }
    const connection = new Http2Connection(session, environment.timers, accepted)
    const host = { application, environment, maxSocketsPerConnection: 1, unclaimed: () => {} }
    receiveConnect(host, { stream, headers, rawHeaders: [], connection })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  // It listens on TCP.
  await using client = await RawHttp2.connectPlainly((server.address() as AddressInfo).port)
  const stream = client.request(connectHeaders('/'))
  const isReset = ({ kind, stream: of }: ReceivedFrame) =>
    kind === FrameKind.RST_STREAM && of === stream
  await client.until(() => client.frames.some(isReset))

  expect(client.frames.find(isReset)?.payload.readUInt32BE(0)).toBe(2)
  server.close()
})

it('an accepted upgrade whose stream is gone is abandoned', async () => {
  const environment = createEnvironment()
  const decision = new Deferred<UpgradeOutcome>()
  const abandoned = new Deferred<unknown>()
  const application = scriptedApplication(() => decision.promise)
  const server = createServer({ settings: { enableConnectProtocol: true } })
  server.on('stream', (stream, headers) => {
    const session = stream.session as ServerHttp2Session // it is open
    const accepting = { socket: null, settings: null, closed: () => {} }
    const connection = new Http2Connection(session, environment.timers, accepting)
    const host = { application, environment, maxSocketsPerConnection: 1, unclaimed: () => {} }
    receiveConnect(host, { stream, headers, rawHeaders: [], connection })
    stream.once('close', () =>
      decision.resolve(
        accepted(
          () => expect.unreachable('the stream is gone'),
          [],
          (failure) => abandoned.resolve(failure),
        ),
      ),
    )
  })
  // It listens on TCP.
  await using client = await RawHttp2.connectPlainly(await listen(server))
  const stream = client.request(connectHeaders('/'))
  client.send(FrameKind.RST_STREAM, 0, stream, code(8))

  expect(await abandoned.promise).toBe(null)
  server.close()
})

it('memoryBudget counts what arrives before the upgrade is decided', async () => {
  const memoryBudget = createMemoryBudget(64 * 1024 * 1024)
  const asked = new Deferred<void>()
  const answer = new Deferred<void>()
  const arrived = new Deferred<number>()
  await using server = await embeddedServer(OPTIONS, (app) => {
    app.install(WebSockets, { memoryBudget })
    app.routing((route) => {
      route
        .webSocket('/', async ({ incoming }) => {
          const frame = await incoming.receive()
          arrived.resolve(frame.buffer.length)
        })
        .intercept(() => {
          asked.resolve()
          return answer.promise
        })
    })
  }).start()
  await using client = await RawHttp2.connect(server.address.port)
  const stream = client.request(connectHeaders('/'))
  await asked.promise
  const before = memoryBudget.used
  const message = clientFrame('binary', Buffer.alloc(120_000))
  for (let at = 0; at < message.length; at += 10_000) {
    client.send(FrameKind.DATA, 0, stream, message.subarray(at, at + 10_000))
  }
  await client.settle()
  const during = memoryBudget.used
  answer.resolve()

  expect(during - before).toBeGreaterThanOrEqual(120_000)
  expect(during - before).toBeLessThan(120_000 + 32 * 1024)
  expect(await arrived.promise).toBe(120_000)
})

it('memoryBudget counts what waits for a session that does not read', async () => {
  const memoryBudget = createMemoryBudget(64 * 1024 * 1024)
  const gone = new Deferred<void>()
  await using server = await embeddedServer(OPTIONS, (app) => {
    app.install(WebSockets, { memoryBudget, channels: { incoming: { maxBytes: 1024 } } })
    app.routing((route) => {
      route.webSocket('/', () => gone.promise)
    })
  }).start()
  await using client = await RawHttp2.connect(server.address.port)
  const peer = await client.open('/')
  const before = memoryBudget.used
  // As much as the read-ahead and the window of the stream take.
  const message = clientFrame('binary', Buffer.alloc(9_992))
  for (let times = 0; times < 26; times++) peer.send(message)
  await client.settle()
  const during = memoryBudget.used
  gone.resolve()

  expect(during - before).toBeGreaterThanOrEqual(250_000)
})

it('a refused stream whose client takes no answer is gone after 5 seconds, and then its connection', async () => {
  await using server = await serveInVirtualTime()
  await using client = await RawHttp2.connectPlainly(server.port)
  client.sendSettings([[Setting.INITIAL_WINDOW_SIZE, 0]])
  const streams = [
    client.request(connectHeaders('/nope')),
    client.request(
      [
        [':method', 'GET'],
        [':scheme', 'https'],
        [':path', '/nope'],
        [':authority', 'localhost'],
      ],
      END_HEADERS | END_STREAM,
    ),
  ]
  const statuses = await Promise.all(streams.map((stream) => client.status(stream)))
  await client.settle()
  const early = streams.filter((stream) => client.over.has(stream))
  await server.clock.advance(6_000)
  await client.until(() => streams.every((stream) => client.over.has(stream)))
  const resets = client.frames.filter(({ kind }) => kind === FrameKind.RST_STREAM)
  // The limit of idle connections, and a second for the end.
  await server.clock.advance(122_000)
  await client.closed

  expect(statuses).toEqual([404, 404])
  expect(early).toEqual([])
  // CANCEL: the answer is not whole.
  expect(resets.map(({ payload }) => payload.readUInt32BE(0))).toEqual([8, 8])
})
