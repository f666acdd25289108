/**
 * Many clients that come back at once, as after a restart of a server: all are served, in the order
 * of their requests, or told when to try again. And many that leave at once, as when a proxy fails.
 */

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { describe, expect, it } from 'vitest'
import {
  type EmbeddedServer,
  embeddedServer,
  type EmbeddedServerOptions,
  WebSockets,
  type WebSocketsOptions,
} from '../../../src/index.ts'
import { certificate } from '../../support/certificate.ts'
import { RawClient } from '../../support/loopback.ts'

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
const upgradeOf = (client: number): string =>
  `GET /?client=${client} HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
  `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\n\r\n`

/** What the server is started with, how a client connects, and how many clients come. */
const DOORS: ReadonlyArray<
  readonly [
    name: string,
    options: EmbeddedServerOptions,
    open: (port: number) => Socket,
    count: number,
  ]
> = [
  ['the front door', {}, open, 200],
  ["Node's HTTP server", { transport: 'stream' }, open, 200],
  ['TLS', { tls: certificate }, openTls, 40],
]

function open(port: number): Socket {
  return connect({ host: '127.0.0.1', port, allowHalfOpen: true })
}

function openTls(port: number): Socket {
  return connectTls({ host: '127.0.0.1', port, ca: certificate.cert, servername: 'localhost' })
}

/** A server whose sessions last until their clients leave, and the clients in order. */
async function serve(
  options: EmbeddedServerOptions,
  limits: WebSocketsOptions,
): Promise<{ server: EmbeddedServer; order: number[] }> {
  const order: number[] = []
  const server = await embeddedServer(
    { host: '127.0.0.1', port: 0, signals: false, ...options },
    (app) => {
      app.install(WebSockets, limits)
      app.routing((route) => {
        route.webSocket('/', async ({ call, closed }) => {
          order.push(Number(call.request.queryParameters.get('client')))
          await closed
        })
      })
    },
  ).start()
  return { server, order }
}

/** Connects `count` clients, and lets all of them send their requests in one turn. */
async function storm(
  port: number,
  openOne: (port: number) => Socket,
  count: number,
): Promise<RawClient[]> {
  const sockets = Array.from({ length: count }, () => openOne(port))
  // A client over TLS gets its session ticket when the server has finished the handshake, too.
  const ready = sockets.map((socket) => once(socket, 'encrypted' in socket ? 'session' : 'connect'))
  await Promise.all(ready)
  // Not inside the callback of a ticket: Node keeps back what is written there.
  await new Promise((resolve) => setImmediate(resolve))
  const clients = sockets.map((socket) => new RawClient(socket))
  for (const [index, client] of clients.entries()) client.send(upgradeOf(index))
  await Promise.all(clients.map((client) => client.until((text) => text.includes('\r\n\r\n'))))
  return clients
}

async function end(server: EmbeddedServer, clients: readonly RawClient[]): Promise<void> {
  for (const { socket } of clients) socket.destroy()
  await server.stop({ grace: 0 })
}

describe.each(DOORS)('a storm of clients at %s', (_, options, openOne, count) => {
  it('is served in the order of its requests', async () => {
    const { server, order } = await serve(options, {})

    const clients = await storm(server.address.port, openOne, count)

    expect(clients.every(({ text }) => text.startsWith('HTTP/1.1 101 '))).toBe(true)
    expect(order).toEqual(Array.from({ length: count }, (_value, index) => index))
    await end(server, clients)
  })

  it('beyond maxUpgradesPerSecond gets 503 with Retry-After and the end, and is counted', async () => {
    const { server, order } = await serve(options, { maxUpgradesPerSecond: 1 })

    const clients = await storm(server.address.port, openOne, count)
    const refused = clients.filter(({ text }) => text.startsWith('HTTP/1.1 503 '))
    await Promise.all(refused.map(({ ended }) => ended))

    expect(refused.length).toBeGreaterThan(0)
    expect(order.length + refused.length).toBe(count)
    expect(refused.every(({ text }) => /\r\nretry-after: 5\r\n/.test(text))).toBe(true)
    expect(new Set(refused.map(({ text }) => text.split('\r\n\r\n')[1])).size).toBe(1)
    const { upgradesRefused, limitsReached } = server.application.statistics()
    expect(upgradesRefused).toEqual({ rate: refused.length })
    expect(limitsReached).toEqual({ maxUpgradesPerSecond: refused.length })
    await end(server, clients)
  })
})

describe.each(DOORS.filter(([name]) => name !== 'TLS'))(
  'clients that all leave %s at once',
  (_, options, openOne) => {
    it('end 64 sessions in one turn of the event loop, and all before stop() resolves', async () => {
      const count = 400
      const { server } = await serve(options, {})
      const clients = await storm(server.address.port, openOne, count)
      const endedIn = new Map<number, number>()
      let turn = 0
      const nextTurn = (): void => {
        turn++
        if (server.application.sessions.size > 0) setImmediate(nextTurn)
      }
      server.application.monitor.on('sessionClosed', () => {
        endedIn.set(turn, (endedIn.get(turn) ?? 0) + 1)
      })
      nextTurn()

      for (const { socket } of clients) socket.destroy()
      await server.stop({ grace: 0 })

      expect([...endedIn.values()].reduce((sum, ended) => sum + ended, 0)).toBe(count)
      // Two turns of the queue may fall into one turn of this test.
      expect(Math.max(...endedIn.values())).toBeLessThanOrEqual(128)
    })
  },
)
