import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect, it } from 'vitest'
import { WebSocket } from 'ws'

import { Deferred } from '../../../../src/base/internal.ts'
import { embeddedServer, type EmbeddedServer, WebSockets } from '../../../../src/index.ts'
import { FrameKind, RawHttp2 } from '../../../support/raw-http2.ts'

const TRANSPORTS = ['auto', 'stream'] as const

function serve(transport: 'auto' | 'stream'): Promise<EmbeddedServer> {
  const options = { port: 0, host: '127.0.0.1', signals: false, transport }
  const http2 = { cleartext: true }
  return embeddedServer(
    { ...options, http2, http: (request, response) => void response.end(request.httpVersion) },
    (app) => {
      app.install(WebSockets)
      app.routing((route) => {
        route.webSocket('/echo', async ({ incoming, send }) => {
          for await (const frame of incoming) await send(frame)
        })
      })
    },
  ).start()
}

/** What the server says until it ends the connection. */
async function answerTo(socket: Socket): Promise<string> {
  let text = ''
  for await (const bytes of socket) text += String(bytes)
  return text
}

it.each(TRANSPORTS)('HTTP/1.1 and HTTP/2 share a port without TLS (%s)', async (transport) => {
  await using server = await serve(transport)
  const { port } = server.address
  await using client = await RawHttp2.connectPlainly(port)
  const peer = await client.open('/echo')
  peer.text('Hi')
  expect(await peer.read(4)).toBe('81 02 48 69')

  const socket = new WebSocket(`ws://127.0.0.1:${port}/echo`)
  await once(socket, 'open')
  socket.send('over HTTP/1.1')
  expect(String((await once(socket, 'message'))[0])).toBe('over HTTP/1.1')
  socket.close()
  await once(socket, 'close')
  expect(await (await fetch(`http://127.0.0.1:${port}/page`)).text()).toBe('1.1')
})

it.each(TRANSPORTS)('the first bytes may come one by one (%s)', async (transport) => {
  await using server = await serve(transport)
  const socket = connect({ port: server.address.port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  for (const byte of 'POST /page HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\nconnection: close\r\n\r\n') {
    socket.write(byte)
    await new Promise((resolve) => setImmediate(resolve))
  }

  expect(await answerTo(socket)).toMatch(/^HTTP\/1.1 200 OK/)
})

it.each(TRANSPORTS)(
  'a client that begins with PR and goes on otherwise gets 400 (%s)',
  async (transport) => {
    await using server = await serve(transport)
    const socket = connect({ port: server.address.port, host: '127.0.0.1' })
    socket.end('PROPFIN\r\n\r\n')

    expect(await answerTo(socket)).toMatch(/^HTTP\/1.1 400/)
  },
)

it('a client that leaves before it has said what it speaks leaves nothing behind', async () => {
  await using server = await serve('stream')
  const socket = connect({ port: server.address.port, host: '127.0.0.1' })
  socket.end('P')

  expect(await answerTo(socket)).toBe('')
})

it('stop() lets a request over HTTP/2 without TLS end', async () => {
  const arrived = new Deferred<() => void>()
  await using server = await embeddedServer(
    {
      port: 0,
      host: '127.0.0.1',
      signals: false,
      http2: { cleartext: true },
      http: (_, response) => arrived.resolve(() => void response.end('page')),
    },
    (app) => void app.install(WebSockets),
  ).start()
  await using client = await RawHttp2.connectPlainly(server.address.port)
  const page = client.request([
    [':method', 'GET'],
    [':scheme', 'http'],
    [':path', '/page'],
    [':authority', 'localhost'],
  ])
  const answer = await arrived.promise
  const stopped = server.stop({ grace: 0 })
  await client.until(() => client.frames.some(({ kind }) => kind === FrameKind.GOAWAY))
  await client.settle()
  answer()

  expect(await client.status(page)).toBe(200)
  await client[Symbol.asyncDispose]()
  await stopped
})
