import { EventEmitter } from 'node:events'
import type { ClientHttp2Session } from 'node:http2'
import { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'

import { TimerWheel } from '../../../../src/base/internal.ts'
import { VirtualClock } from '../../../../src/base/virtual-clock.ts'
import { PooledConnection } from '../../../../src/engines/node/http2-dialing/pooled-connection.ts'
import { dialing, failureOf, transportOf } from '../../../support/http2-dialing.ts'
import { loopbackTurn } from '../../../support/node-host.ts'
import { code, frame, FrameKind, type RawHttp2, Setting } from '../../../support/raw-http2.ts'
import { type RawHttp2Server, rawHttp2Server, WILLING } from '../../../support/raw-http2-server.ts'

const urlOf = ({ port }: RawHttp2Server): string => `wss://localhost:${port}/`

/** The kind of ORIGIN frames (RFC 8336). */
const ORIGIN = 12

/** Opens one stream, and resolves with its connection and its transport. */
async function opened(server: RawHttp2Server, { dial } = dialing()) {
  const opening = dial(urlOf(server))
  const connection = await server.next()
  const peer = connection.accept(await connection.nextRequest())
  return { connection, peer, transport: transportOf(await opening) }
}

/** A connection over a session whose peer takes nothing. */
function fakeConnection() {
  const clock = new VirtualClock()
  const calls: string[] = []
  const session = Object.assign(new EventEmitter(), {
    calls,
    closed: false,
    destroyed: false,
    ref: () => calls.push('ref'),
    unref: () => calls.push('unref'),
    close(): void {
      session.closed = true
      calls.push('close')
    },
    destroy(): void {
      calls.push('destroy')
      session.destroyed = true
      session.emit('close')
    },
  })
  // What a pooled connection uses of a session.
  const given = session as unknown as ClientHttp2Session
  const connection = new PooledConnection(given, new Socket(), new TimerWheel(clock))
  return { session, connection, clock }
}

const saidGoaway = ({ frames }: RawHttp2): boolean =>
  frames.some(({ kind }) => kind === FrameKind.GOAWAY)

describe('PooledConnection', () => {
  it('is closed with GOAWAY five seconds after its last stream', async () => {
    await using server = await rawHttp2Server()
    const client = dialing()
    const { connection, transport } = await opened(server, client)

    await client.clock.advance(60_000)
    await connection.settle()
    expect(saidGoaway(connection)).toBe(false)
    transport.abort()
    await connection.until(() => connection.frames.some(({ kind }) => kind === 3))
    await connection.settle()
    await client.clock.advance(4_999)
    await connection.settle()
    expect(saidGoaway(connection)).toBe(false)
    await client.clock.advance(1)
    await connection.until(() => saidGoaway(connection))
    await client.clock.advance(1_000)
    await connection.closed
  })

  it('lets go of a stream a second after both Close frames, if the server never ends it', async () => {
    await using server = await rawHttp2Server()
    const client = dialing()
    const { connection, peer, transport } = await opened(server, client)
    const closed = new Promise<Error | null>((resolve) => {
      transport.start({
        receive() {},
        unread() {},
        receiveEnd() {},
        drained() {},
        closed: resolve,
      })
    })
    const reset = (): boolean => connection.frames.some(({ kind }) => kind === FrameKind.RST_STREAM)

    transport.end(true)
    expect(await peer.rest()).toBe('')
    await client.clock.advance(999)
    await connection.settle()
    expect(reset()).toBe(false)
    await client.clock.advance(1)
    await connection.until(reset)

    expect(await closed).toBe(null)
  })

  it('is dropped after a GOAWAY if its last bytes are never taken', async () => {
    const { session, connection, clock } = fakeConnection()
    const leave = connection.enter()
    // Node closes the session at the GOAWAY of the peer.
    session.closed = true
    leave()
    expect(session.calls).toEqual(['ref', 'unref'])

    await clock.advance(5_000)
    // `SessionEnd` destroys past the turn.
    await setImmediate()

    expect(session.destroyed).toBe(true)
  })

  it('takes no more streams after a GOAWAY, and those that are open go on', async () => {
    await using server = await rawHttp2Server()
    const client = dialing()
    const { connection, peer } = await opened(server, client)
    connection.send(FrameKind.GOAWAY, 0, 0, Buffer.concat([code(1), code(0)]))
    await connection.settle()

    const second = client.dial(urlOf(server))
    const another = await server.next()
    another.accept(await another.nextRequest())

    expect((await second).response.status).toBe(200)
    peer.text('still here')
    await connection.settle()
    expect(server.connections).toHaveLength(2)
  })

  it('its death ends all of its streams with the same cause', async () => {
    await using server = await rawHttp2Server()
    const { dial } = dialing()
    const openings = [dial(urlOf(server)), dial(urlOf(server))]
    const connection = await server.next()
    for (const _ of openings) connection.accept(await connection.nextRequest())
    const transports = (await Promise.all(openings)).map(transportOf)
    const ends = transports.map(
      (transport) =>
        new Promise<Error | null>((resolve) => {
          const receiver = { receive() {}, unread() {}, receiveEnd() {}, drained() {} }
          transport.start({ ...receiver, closed: resolve })
        }),
    )
    connection.socket.destroy()

    const causes = await Promise.all(ends)

    expect(causes[0]).toMatchObject({ code: 'ECONNRESET' })
    expect(causes[0]).toBe(causes[1])
  })

  it('obeys a limit of streams that the server lowers later', async () => {
    await using server = await rawHttp2Server()
    const client = dialing()
    const { connection } = await opened(server, client)
    connection.sendSettings([[Setting.MAX_CONCURRENT_STREAMS, 1]])
    await connection.settle()

    const second = client.dial(urlOf(server))
    const another = await server.next()
    another.accept(await another.nextRequest())

    expect((await second).response.status).toBe(200)
  })

  it('takes no stream where the server switches extended CONNECT off, which it must not', async () => {
    await using server = await rawHttp2Server()
    const client = dialing()
    const { connection } = await opened(server, client)
    connection.sendSettings([[Setting.ENABLE_CONNECT_PROTOCOL, 0]])
    await loopbackTurn()

    const second = client.dial(urlOf(server))
    const another = await server.next()
    another.accept(await another.nextRequest())

    expect((await second).response.status).toBe(200)
    expect(connection.frames.filter(({ kind }) => kind === FrameKind.HEADERS)).toHaveLength(1)
  })

  it('close() says GOAWAY at once, and resolves when the connection has ended', async () => {
    await using server = await rawHttp2Server()
    const client = dialing()
    const { connection, transport } = await opened(server, client)
    transport.abort()
    await connection.until(() =>
      connection.frames.some(({ kind }) => kind === FrameKind.RST_STREAM),
    )
    await connection.settle()
    expect(saidGoaway(connection)).toBe(false)
    await client.pool.close()
    await connection.closed

    expect(saidGoaway(connection)).toBe(true)
    // There is nothing left to close.
    await client.pool.close()
  })

  it('close() waits for the last stream, and a second for a peer that takes nothing', async () => {
    const { session, connection, clock } = fakeConnection()
    const leave = connection.enter()
    let isClosed = false
    const closing = connection.close().then(() => (isClosed = true))
    await clock.advance(20_000)
    expect(session.calls).toEqual(['ref', 'ref', 'close'])
    leave()
    await clock.advance(999)
    expect(isClosed).toBe(false)
    await clock.advance(1)
    await setImmediate()
    await closing

    expect(session.calls).toEqual(['ref', 'ref', 'close', 'destroy'])
  })

  it('takes 100 streams, whatever more the server allows', async () => {
    await using server = await rawHttp2Server({
      settings: [...WILLING, [Setting.MAX_CONCURRENT_STREAMS, 1000]],
    })
    const { dial } = dialing()
    const openings = Array.from({ length: 200 }, () => dial(urlOf(server)))
    for (let times = 0; times < 2; times++) {
      const connection = await server.next()
      for (let stream = 0; stream < 100; stream++) {
        connection.accept(await connection.nextRequest())
      }
    }

    expect(await Promise.all(openings)).toHaveLength(200)
    expect(server.connections).toHaveLength(2)
  })

  it('ends with a server that claims origins without end (RFC 8336)', async () => {
    await using server = await rawHttp2Server()
    const { connection } = await opened(server)
    const origin = Buffer.from('https://a.example')
    const length = Buffer.from([0, origin.length])
    const claim = frame(ORIGIN, 0, 0, Buffer.concat([length, origin]))

    connection.socket.write(Buffer.concat(Array.from({ length: 101 }, () => claim)))

    await connection.closed
  })

  it('a connection without a stream that the server ends is replaced', async () => {
    await using server = await rawHttp2Server()
    const client = dialing()
    const { connection, transport } = await opened(server, client)
    transport.abort()
    await connection.until(() => connection.frames.some(({ kind }) => kind === 3))
    connection.socket.end()
    await connection.closed

    const second = client.dial(urlOf(server))
    const another = await server.next()
    another.accept(await another.nextRequest())

    expect(await failureOf(second)).toBe(null)
  })
})
