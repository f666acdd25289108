import { once } from 'node:events'
import {
  createSecureServer,
  createServer,
  type Http2Server,
  type ServerHttp2Session,
} from 'node:http2'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'

import { VirtualClock } from '../../../../src/base/index.ts'
import { TimerWheel } from '../../../../src/base/internal.ts'
import { attachIn } from '../../../../src/engines/node/attach.ts'
import { createEnvironment } from '../../../../src/engines/node/environment.ts'
import { type Application, attach, createApplication, WebSockets } from '../../../../src/index.ts'
import { Pulse } from '../../../../src/engines/node/http2/pulse.ts'
import { certificate } from '../../../support/certificate.ts'
import type { Peer } from '../../../support/peer.ts'
import { connectHeaders, RawHttp2 } from '../../../support/raw-http2.ts'

function echoAt(...paths: readonly string[]): Application {
  return createApplication((app) => {
    app.install(WebSockets)
    app.routing((route) => {
      for (const path of paths) {
        route.webSocket(path, async ({ incoming, send }) => {
          for await (const frame of incoming) await send(frame)
        })
      }
    })
  })
}

/** Listens, and resolves with the port. */
async function portOf(server: Pick<Http2Server, 'listen' | 'once' | 'address'>): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server as Http2Server, 'listening')
  return (server.address() as AddressInfo).port // it listens on TCP
}

async function echoes(peer: Peer): Promise<void> {
  peer.text('Hi')
  expect(await peer.read(4)).toBe('81 02 48 69')
}

it('an application takes sockets from a server of node:http2 without a listener for requests', async () => {
  const server = createServer()
  await using attachment = attach(echoAt('/echo'), server)
  await using client = await RawHttp2.connectPlainly(await portOf(server))

  await echoes(await client.open('/echo'))
  const nowhere = await client.status(client.request(connectHeaders('/nothing')))
  expect(nowhere).toBe(404)
  await attachment.stop({ grace: 0, timeout: { milliseconds: 100 } })
  await client[Symbol.asyncDispose]()
  server.close()
})

it('beside a listener for requests, the compatibility layer ends no socket of ours', async () => {
  const server = createServer((request, response) => void response.end(`page ${request.url}`))
  await using attachment = attach(echoAt('/echo'), server)
  await using client = await RawHttp2.connectPlainly(await portOf(server))
  const peer = await client.open('/echo')
  await client.settle()
  await echoes(peer)
  const page = client.request([
    [':method', 'GET'],
    [':scheme', 'http'],
    [':path', '/page'],
    [':authority', 'localhost'],
  ])

  expect(await client.status(page)).toBe(200)
  // Node's answer to a CONNECT that nobody wants.
  expect(await client.status(client.request(connectHeaders('/nothing')))).toBe(405)
  await echoes(peer)
  await attachment.stop({ grace: 0, timeout: { milliseconds: 100 } })
  await client[Symbol.asyncDispose]()
  server.close()
})

it('streams without a route go to other listeners of the server', async () => {
  const server = createServer()
  server.on('stream', (stream, headers) => {
    if (headers[':path'] === '/theirs') stream.respond({ ':status': 204 }, { endStream: true })
  })
  await using attachment = attach(echoAt('/echo'), server)
  await using client = await RawHttp2.connectPlainly(await portOf(server))

  expect(await client.status(client.request(connectHeaders('/theirs')))).toBe(204)
  await echoes(await client.open('/echo'))
  await attachment.stop({ grace: 0, timeout: { milliseconds: 100 } })
  await client[Symbol.asyncDispose]()
  server.close()
})

it('two applications on one server answer their own paths, and 404 for the rest', async () => {
  const server = createServer()
  await using first = attach(echoAt('/a'), server)
  await using second = attach(echoAt('/b'), server)
  await using client = await RawHttp2.connectPlainly(await portOf(server))

  await echoes(await client.open('/a'))
  await echoes(await client.open('/b'))
  expect(await client.status(client.request(connectHeaders('/c')))).toBe(404)
  await Promise.all([
    first.stop({ grace: 0, timeout: { milliseconds: 100 } }),
    second.stop({ grace: 0, timeout: { milliseconds: 100 } }),
  ])
  await client[Symbol.asyncDispose]()
  server.close()
})

it('a secure server with allowHTTP1 takes sockets over HTTP/2 with the option http2 only', async () => {
  for (const http2 of [false, true]) {
    const server = createSecureServer({ ...certificate, allowHTTP1: true }, (_, response) =>
      response.end('page'),
    )
    await using attachment = attach(echoAt('/echo'), server, { http2 })
    const port = await portOf(server)
    await using client = await RawHttp2.connect(port)
    expect(client.allowsConnect).toBe(http2)
    if (http2) await echoes(await client.open('/echo'))
    const socket = new WebSocket(`wss://localhost:${port}/echo`, { ca: certificate.cert })
    await once(socket, 'open')
    socket.send('over HTTP/1.1')
    expect(String((await once(socket, 'message'))[0])).toBe('over HTTP/1.1')
    await attachment.stop({ grace: 0, timeout: { milliseconds: 100 } })
    socket.terminate()
    await client[Symbol.asyncDispose]()
    server.close()
  }
})

it('stop() leaves the server and its connections as they are', async () => {
  const server = createServer((_, response) => void response.end('page'))
  const attachment = attach(echoAt('/echo'), server)
  await using client = await RawHttp2.connectPlainly(await portOf(server))
  const peer = await client.open('/echo')
  const stopped = attachment.stop({ grace: 0 })
  expect(await peer.read(4)).toBe('88 02 03 e9')
  peer.close(1001)
  await stopped

  expect(server.listenerCount('connect')).toBe(0)
  expect(await client.status(client.request(connectHeaders('/echo')))).toBe(405)
  expect(client.socket.destroyed).toBe(false)
  await client[Symbol.asyncDispose]()
  server.close()
})

it('a connection is watched for silence while it has sockets', async () => {
  const start = vi.spyOn(Pulse.prototype, 'start')
  const server = createServer()
  await using attachment = attach(echoAt('/echo'), server)
  await using client = await RawHttp2.connectPlainly(await portOf(server))
  await echoes(await client.open('/echo'))
  const starts = start.mock.calls.length
  start.mockRestore()

  expect(starts).toBe(1)
  await attachment.stop({ grace: 0, timeout: { milliseconds: 100 } })
  await client[Symbol.asyncDispose]()
  server.close()
})

it('a peer that does not end its side after the session is cut off a second later', async () => {
  const clock = new VirtualClock()
  const environment = { ...createEnvironment(), clock, timers: new TimerWheel(clock) }
  const server = createSecureServer(certificate)
  await using attachment = attachIn(environment, echoAt('/echo'), server, {})
  const port = await portOf(server)
  const arrived = once(server, 'secureConnection') as Promise<[Socket]>
  const made = once(server, 'session') as Promise<[ServerHttp2Session]>
  const tcp = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
  const options = { socket: tcp, ca: certificate.cert, servername: 'localhost' }
  const peer = connectTls({ ...options, ALPNProtocols: ['h2'] })
  peer.resume()
  const [[socket], [session]] = await Promise.all([arrived, made])
  const ended = once(peer, 'end')
  session.destroy()
  await ended
  expect(socket.destroyed).toBe(false)
  await clock.advance(1001)

  expect(socket.destroyed).toBe(true)
  peer.destroy()
  await attachment.stop()
  server.close()
})
