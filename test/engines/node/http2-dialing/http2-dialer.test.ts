import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent } from 'node:https'
import { createServer } from 'node:http2'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

import { ConnectError } from '../../../../src/client/index.ts'
import { dialing, failureOf, transportOf } from '../../../support/http2-dialing.ts'
import { code, FrameKind } from '../../../support/raw-http2.ts'
import { type RawHttp2Server, rawHttp2Server, WILLING } from '../../../support/raw-http2-server.ts'
import { rawServer, switchingHead } from '../../../support/raw-server.ts'

const urlOf = ({ port }: RawHttp2Server): string => `wss://localhost:${port}/`

const HTTP1_REQUIRED = 13
const REFUSED = 7

/** Answers upgrades on sockets that did not choose HTTP/2. */
function switching(heads: string[]): (socket: Socket) => void {
  return (socket) => {
    socket.once('data', (bytes: Buffer) => {
      const head = bytes.toString('latin1')
      heads.push(head)
      socket.write(switchingHead(head))
    })
  }
}

describe('Http2Dialer', () => {
  it('simultaneous requests to two new destinations share one connection for each', async () => {
    await using first = await rawHttp2Server()
    await using second = await rawHttp2Server()
    const { dial } = dialing()
    const openings = [first, second, first, second].map((server) => dial(urlOf(server)))
    for (const server of [first, second]) {
      const connection = await server.next()
      for (let stream = 0; stream < 2; stream++) connection.accept(await connection.nextRequest())
    }
    await Promise.all(openings)

    expect([first.connections.length, second.connections.length]).toEqual([1, 1])
  })

  it('auto uses HTTP/1.1 on the very socket on which the server chose it', async () => {
    const heads: string[] = []
    await using server = await rawServer(
      ({ socket, head }) => {
        heads.push(head)
        socket.write(switchingHead(head))
      },
      { tls: { ALPNProtocols: ['http/1.1'] } },
    )
    const { dial, steps } = dialing({ http2: 'auto' })

    const outcome = await dial(`wss://localhost:${server.port}/`)

    expect(outcome.response.status).toBe(101)
    expect(heads).toHaveLength(1)
    expect(server.sockets).toHaveLength(1)
    expect(steps).toEqual(['connect', 'tls', 'handshake'])
    transportOf(outcome).abort()
  })

  it('auto uses HTTP/1.1 with a server that knows no ALPN', async () => {
    await using server = await rawServer(({ socket, head }) => socket.write(switchingHead(head)), {
      tls: {},
    })
    const { dial } = dialing({ http2: 'auto' })

    const outcome = await dial(`wss://localhost:${server.port}/`)

    expect(outcome.response.status).toBe(101)
    transportOf(outcome).abort()
  })

  it('auto makes one HTTP/1.1 connection where HTTP/2 does not allow WebSockets, and remembers it', async () => {
    const heads: string[] = []
    await using server = await rawHttp2Server({
      settings: [],
      alpn: ['h2', 'http/1.1'],
      http1: switching(heads),
    })
    const { dial, clock } = dialing({ http2: 'auto' })

    const first = await dial(urlOf(server))
    const second = await dial(urlOf(server))

    expect([first.response.status, second.response.status]).toEqual([101, 101])
    expect(heads).toHaveLength(2)
    expect(server.connections).toHaveLength(1)
    transportOf(first).abort()
    transportOf(second).abort()

    await clock.advance(10 * 60_000)
    transportOf(await dial(urlOf(server))).abort()
    expect(server.connections).toHaveLength(2)
  })

  it('auto uses HTTP/1.1 for ws:, and through an agent', async () => {
    await using plain = await rawServer(({ socket, head }) => socket.write(switchingHead(head)))
    await using secure = await rawServer(({ socket, head }) => socket.write(switchingHead(head)), {
      tls: { ALPNProtocols: ['h2', 'http/1.1'] },
    })
    const agent = new Agent()

    const first = await dialing({ http2: 'auto' }).dial(`ws://localhost:${plain.port}/`)
    const second = await dialing({ http2: 'auto', agent }).dial(`wss://localhost:${secure.port}/`)

    expect([first.response.status, second.response.status]).toEqual([101, 101])
    transportOf(first).abort()
    transportOf(second).abort()
  })

  it.each([
    ['chooses HTTP/1.1', { tls: { ALPNProtocols: ['http/1.1'] } }],
    ['knows no ALPN', { tls: {} }],
  ])('true rejects with ConnectError where the server %s', async (_name, options) => {
    await using server = await rawServer(() => {}, options)
    const { dial } = dialing({ http2: true })

    const error = await failureOf(dial(`wss://localhost:${server.port}/`))

    expect(error).toBeInstanceOf(ConnectError)
    expect(error).toMatchObject({ step: 'protocol' })
  })

  it('true rejects with ConnectError where the server does not allow WebSockets', async () => {
    await using server = await rawHttp2Server({ settings: [] })
    const { dial } = dialing({ http2: true })

    const error = await failureOf(dial(urlOf(server)))

    expect(error).toMatchObject({ step: 'protocol' })
    expect(String(error)).toContain('does not allow WebSockets over HTTP/2')
    await server.connections[0]?.closed
  })

  it('true speaks HTTP/2 without TLS to ws:', async () => {
    await using server = await rawHttp2Server({ cleartext: true })
    const { dial, steps } = dialing({ http2: true })
    const opening = dial(`ws://127.0.0.1:${server.port}/`)
    const connection = await server.next()
    connection.accept(await connection.nextRequest())

    const outcome = await opening

    expect(outcome.response.status).toBe(200)
    expect(transportOf(outcome).encrypted).toBe(false)
    expect(steps).toEqual(['connect', 'handshake'])
  })

  it.each<[string, (socket: Socket) => void]>([
    ['answers with HTTP/1.1', (socket) => socket.end('HTTP/1.1 400 Bad\r\n\r\n')],
    ['ends the connection', (socket) => socket.end()],
    ['resets the connection', (socket) => socket.resetAndDestroy()],
  ])('true rejects with the step "protocol" where the server of ws: %s', async (_name, refuse) => {
    await using server = await rawServer(({ socket }) => refuse(socket))
    const { dial } = dialing({ http2: true })

    const error = await failureOf(dial(`ws://127.0.0.1:${server.port}/`))

    expect(error).toBeInstanceOf(ConnectError)
    expect(error).toMatchObject({ step: 'protocol' })
  })

  it('true speaks HTTP/2 over a Unix socket', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'towpath-'))
    const socketPath = join(folder, 'a.sock')
    const server = createServer({ settings: { enableConnectProtocol: true } })
    server.on('stream', (stream) => stream.respond({ ':status': 200 }))
    server.listen(socketPath)
    await once(server, 'listening')

    const { pool, dial } = dialing({ socketPath })
    const outcome = await dial('ws://localhost/')

    expect(outcome.response.status).toBe(200)
    transportOf(outcome).abort()
    await pool.close()
    server.close()
    await once(server, 'close')
    await rm(folder, { recursive: true })
  })

  it('repeats a request that the server refused unhandled, once, on another connection', async () => {
    await using server = await rawHttp2Server()
    const { dial } = dialing()
    const opening = dial(urlOf(server))
    const first = await server.next()
    first.send(FrameKind.RST_STREAM, 0, await first.nextRequest(), code(REFUSED))
    const second = await server.next()
    second.accept(await second.nextRequest())

    expect((await opening).response.status).toBe(200)
  })

  it('rejects with ConnectError when the server refuses twice', async () => {
    await using server = await rawHttp2Server()
    const { dial } = dialing()
    const failed = failureOf(dial(urlOf(server)))
    for (let times = 0; times < 2; times++) {
      const connection = await server.next()
      connection.send(FrameKind.RST_STREAM, 0, await connection.nextRequest(), code(REFUSED))
    }

    expect(await failed).toMatchObject({ step: 'handshake' })
    expect(server.connections).toHaveLength(2)
  })

  it.each([
    ['NO_ERROR', 0],
    ['ENHANCE_YOUR_CALM', 11],
  ])('a GOAWAY with %s in flight loses no request', async (_name, reason) => {
    await using server = await rawHttp2Server()
    const { dial } = dialing()
    const opening = Promise.all([dial(urlOf(server)), dial(urlOf(server))])
    const first = await server.next()
    await first.nextRequest()
    await first.nextRequest()
    first.send(FrameKind.GOAWAY, 0, 0, Buffer.concat([code(0), code(reason)]))
    const second = await server.next()
    second.accept(await second.nextRequest())
    second.accept(await second.nextRequest())

    expect((await opening).map(({ response }) => response.status)).toEqual([200, 200])
  })

  it('auto uses HTTP/1.1 where the server requires it for a stream', async () => {
    const heads: string[] = []
    await using server = await rawHttp2Server({
      settings: WILLING,
      alpn: ['h2', 'http/1.1'],
      http1: switching(heads),
    })
    const { dial } = dialing({ http2: 'auto' })
    const opening = dial(urlOf(server))
    const first = await server.next()
    first.send(FrameKind.RST_STREAM, 0, await first.nextRequest(), code(HTTP1_REQUIRED))

    const outcome = await opening

    expect(outcome.response.status).toBe(101)
    transportOf(outcome).abort()
  })

  it('checks the certificate against the host of the URL', async () => {
    await using server = await rawHttp2Server()
    const error = await failureOf(dialing({ tls: {} }).dial(urlOf(server)))

    expect(error).toMatchObject({ step: 'tls' })
  })
})
