import { expect, it } from 'vitest'

import { Deferred } from '../../../../src/base/internal.ts'
import { asksForSocket } from '../../../../src/engines/node/http2/extended-connect.ts'
import { serveHttp2 } from '../../../support/http2-server.ts'
import { connectHeaders, FrameKind, RawHttp2 } from '../../../support/raw-http2.ts'

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
