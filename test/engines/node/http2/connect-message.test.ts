import type { IncomingMessage } from 'node:http'
import { expect, it } from 'vitest'

import { Deferred } from '../../../../src/base/internal.ts'
import { type Interceptor, nodeRequest, throughMiddleware } from '../../../../src/index.ts'
import { serveHttp2 } from '../../../support/http2-server.ts'
import { connectHeaders, FrameKind, RawHttp2 } from '../../../support/raw-http2.ts'

/** Serves `/guarded` behind interceptors, beside an echo. */
function guarded(...interceptors: readonly Interceptor[]) {
  return serveHttp2({ logger: { debug() {}, info() {}, warn() {}, error() {} } }, (app) =>
    app.routing((route) => {
      route.route('/guarded', (inner) => {
        for (const interceptor of interceptors) inner.intercept(interceptor)
        inner.webSocket('/', ({ send }) => send('hello'))
      })
    }),
  )
}

it('nodeRequest() returns a request like that of an upgrade of HTTP/1.1', async () => {
  const seen = new Deferred<IncomingMessage>()
  await using server = await guarded((call) => void seen.resolve(nodeRequest(call)))
  await using client = await RawHttp2.connect(server.address.port)
  const more = { cookie: 'a=1', 'x-one': '1' }
  await client.open('/guarded?b=2', more)
  const message = await seen.promise

  expect(message).toMatchObject({
    method: 'GET',
    url: '/guarded?b=2',
    httpVersion: '2.0',
    headers: { host: 'localhost', cookie: 'a=1', 'x-one': '1' },
    headersDistinct: { host: ['localhost'], 'x-one': ['1'] },
  })
  expect(Object.keys(message.headers).filter((name) => name.startsWith(':'))).toEqual([])
  expect(message.socket.remoteAddress).toBe('127.0.0.1')
  expect('encrypted' in message.socket && message.socket.encrypted).toBe(true)
})

it('throughMiddleware() refuses with the answer of a middleware, and adds headers to the 200', async () => {
  await using server = await guarded(
    throughMiddleware((request, response, next) => {
      response.setHeader('x-seen', 'yes')
      if (request.headers.cookie === 'user=ann') next()
      else response.writeHead(401).end('who are you?')
    }),
  )
  await using client = await RawHttp2.connect(server.address.port)

  expect(await client.status(client.request(connectHeaders('/guarded')))).toBe(401)
  const peer = await client.open('/guarded', { cookie: 'user=ann' })
  expect(await peer.read(7)).toBe('81 05 68 65 6c 6c 6f')
})

it('middleware that destroys its request resets one stream, and no other session', async () => {
  await using server = await guarded(
    throughMiddleware((request) => {
      request.socket.end()
      request.destroy()
      request.socket.destroy()
    }),
  )
  await using client = await RawHttp2.connect(server.address.port)
  const peer = await client.open('/echo')
  const stream = client.request(connectHeaders('/guarded'))
  const isReset = (): boolean =>
    client.frames.some((frame) => frame.kind === FrameKind.RST_STREAM && frame.stream === stream)
  await client.until(isReset)
  peer.text('Hi')

  expect(await peer.read(4)).toBe('81 02 48 69')
})
