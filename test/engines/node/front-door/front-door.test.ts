import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { Duplex } from 'node:stream'
import { connect, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'

import type { UpgradeOutcome } from '../../../../src/application/index.ts'
import { VirtualClock } from '../../../../src/base/index.ts'
import { Deferred, type Environment, TimerWheel } from '../../../../src/base/internal.ts'
import { createEnvironment } from '../../../../src/engines/node/environment.ts'
import type { Arrival } from '../../../../src/engines/node/front-door/arrival.ts'
import { FrontDoor } from '../../../../src/engines/node/front-door/front-door.ts'
import { OwedAnswers } from '../../../../src/engines/node/upgrades/owed-answers.ts'
import { TransportChoice } from '../../../../src/engines/node/transports/transport-choice.ts'
import type { UpgradeServer } from '../../../../src/engines/node/upgrades/upgrade-listener.ts'
import { certificate } from '../../../support/certificate.ts'
import { listen, RawClient } from '../../../support/loopback.ts'
import {
  accepted,
  type AskedUpgrade,
  echoBytes,
  scriptedApplication,
} from '../../../support/scripted-application.ts'

const UPGRADE =
  'GET /chat?room=1 HTTP/1.1\r\nHost: example.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'X-Twice: a\r\nX-Twice: b\r\n\r\n'
const SWITCHED = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n'
const REFUSED: UpgradeOutcome = {
  type: 'refused',
  status: 403,
  headers: [['content-type', 'text/plain']],
  body: Buffer.from('No.\n'),
}
const asksToUpgrade = ['Connection', 'Upgrade', 'Upgrade', 'websocket']
const PLAIN = 'GET /plain HTTP/1.1\r\nHost: a\r\n\r\n'

const LIMITS = {
  maxHeadSize: 1024,
  headLimitMs: 10_000,
  handshakeLimitMs: 4000,
  checkMs: 1000,
}

interface Opened extends AsyncDisposable {
  readonly door: FrontDoor
  readonly server: Server
  readonly port: number
  readonly clock: VirtualClock
  /** Connects a client, whose handshake is done on both sides. */
  connect(): Promise<RawClient>
}

/** What the connections of a door run over. */
type Over = 'TCP' | 'TLS'

/** A server behind a front door that asks `decide`; the HTTP server echoes bodies. */
async function openOver(
  over: Over,
  decide: (asked: AskedUpgrade) => Promise<UpgradeOutcome> | UpgradeOutcome,
  failures: unknown[] = [],
  changes: Partial<Environment> = {},
): Promise<Opened> {
  const clock = new VirtualClock()
  const transports = new TransportChoice('auto')
  await transports.ready()
  const echo = (request: IncomingMessage, response: ServerResponse): void => {
    request.pipe(response)
  }
  const server = over === 'TCP' ? createServer(echo) : createSecureServer(certificate, echo)
  const host: UpgradeServer = {
    application: scriptedApplication(decide, failures),
    environment: { ...createEnvironment(), clock, timers: new TimerWheel(clock), ...changes },
    transports,
    owed: new OwedAnswers(server),
    hasRivals: false,
    unclaimed: () => expect.unreachable('the front door gives it to the HTTP server'),
  }
  const port = await listen(server)
  const door = await FrontDoor.open(server, host, LIMITS)
  if (door === null) throw new Error('Cannot open the front door on this Node')
  return {
    door,
    server,
    port,
    clock,
    connect: () => connectOver(over, port),
    async [Symbol.asyncDispose]() {
      door.dropAll()
      transports.dropAll()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** The sockets of TCP under those of the clients; over TCP the clients' own. */
const tcpOf = new WeakMap<RawClient, Socket>()

async function connectOver(over: Over, port: number): Promise<RawClient> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
  await once(socket, 'connect')
  const client =
    over === 'TCP' ? new RawClient(socket) : await RawClient.connectTls(port, { socket })
  tcpOf.set(client, socket)
  return client
}

/** Resolves when the server behind counts no connection any more. */
async function connectionsOf(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)))
  })
}

/** A connection that has just been accepted, which says whether it is read or closed. */
function acceptedHandle() {
  const handle = {
    state: 'unread',
    /** Where a handle keeps its owner. */
    onconnection: null as Arrival | null,
    onread: () => {},
    setNoDelay: () => 0,
    setKeepAlive: () => 0,
    getpeername: () => 0,
    getsockname: () => 0,
    useUserBuffer: () => {},
    readStart: () => ((handle.state = 'read'), 0),
    readStop: () => 0,
    writeBuffer: () => 0,
    writeLatin1String: () => 0,
    shutdown: () => 0,
    close: (callback?: () => void) => ((handle.state = 'closed'), callback?.call(handle)),
    reset: () => -1,
  }
  return handle
}

describe('FrontDoor', () => {
  it('FrontDoor begins to read 64 connections in a turn, and the others in later turns, in order', async () => {
    const turns: (() => void)[] = []
    const deferPastIo: Environment['deferPastIo'] = (task, argument) =>
      void turns.push(() => task(argument))
    await using opened = await openOver('TCP', () => accepted(echoBytes), [], { deferPastIo })
    const handles = Array.from({ length: 150 }, acceptedHandle)
    const firstUnread = (): number => handles.findIndex(({ state }) => state !== 'read')

    for (const handle of handles.slice(0, 100)) opened.door.accept(handle)
    expect(firstUnread()).toBe(64)
    turns.shift()?.()
    expect(firstUnread()).toBe(100)
    for (const handle of handles.slice(100)) opened.door.accept(handle)
    expect(firstUnread()).toBe(128)
    turns.shift()?.()
    expect(firstUnread()).toBe(-1)
    turns.shift()?.()
    expect(turns).toEqual([])
  })

  it('FrontDoor decides 64 requests in a turn, and closes a client that left before its own', async () => {
    const turns: (() => void)[] = []
    const deferPastIo: Environment['deferPastIo'] = (task, argument) =>
      void turns.push(() => task(argument))
    let decided = 0
    await using opened = await openOver('TCP', () => (decided++, accepted(echoBytes)), [], {
      deferPastIo,
    })
    const head = { target: '/', rawHeaders: asksToUpgrade, byteLength: 1 }
    const handles = Array.from({ length: 66 }, acceptedHandle)
    for (const handle of handles) opened.door.accept(handle)
    const arrivals = handles.map(({ onconnection }) => onconnection)

    for (const arrival of arrivals) if (arrival !== null) opened.door.headArrived(arrival, head)
    expect(decided).toBe(64)
    arrivals[64]?.close()
    for (const turn of turns.splice(0)) turn()

    expect(decided).toBe(65)
  })

  it('FrontDoor closes connections that it has not read, when the server drops them', async () => {
    const turns: (() => void)[] = []
    const deferPastIo: Environment['deferPastIo'] = (task, argument) =>
      void turns.push(() => task(argument))
    await using opened = await openOver('TCP', () => accepted(echoBytes), [], { deferPastIo })
    const handles = Array.from({ length: 70 }, acceptedHandle)
    for (const handle of handles) opened.door.accept(handle)
    expect(await connectionsOf(opened.server)).toBe(70)

    opened.door.dropSilent()
    turns.shift()?.()
    await nextTurn()

    expect(handles.every(({ state }) => state === 'closed')).toBe(true)
    expect(await connectionsOf(opened.server)).toBe(0)
  })

  it('FrontDoor closes a client that has left a second after its answer, sent or not', async () => {
    await using opened = await openOver('TCP', () => REFUSED)
    opened.door.accept(acceptedHandle())
    let isClosed = false
    const close = (): void => void (isClosed = true)
    // TLS reports no write after one that has failed.
    const arrival = { isSpent: true, answer() {}, close } as unknown as Arrival

    opened.door.headCutOff(arrival)
    await opened.clock.advance(999)
    expect(isClosed).toBe(false)
    await opened.clock.advance(1_001)

    expect(isClosed).toBe(true)
  })

  it('FrontDoor sends the whole of a large answer to a client that has ended its side', async () => {
    // More than the kernel keeps for a client that does not read.
    const body = Buffer.alloc(24 * 1024 * 1024, 'x')
    await using opened = await openOver('TCP', () => ({ ...REFUSED, body }))
    await using client = await opened.connect()
    let received = 0
    // RawClient would copy all of it with every piece.
    client.socket.removeAllListeners('data')
    client.socket.on('data', (bytes: Buffer) => (received += bytes.length))

    client.send(UPGRADE)
    await once(client.socket, 'data')
    client.socket.pause()
    client.socket.end()
    for (let turn = 0; turn < 20; turn++) await nextTurn()
    await opened.clock.advance(2_000)
    client.socket.resume()
    await client.ended

    expect(received).toBeGreaterThan(body.length)
  })

  it('FrontDoor is not opened where handles may not be used', async () => {
    const transports = new TransportChoice('stream')
    await transports.ready()
    const server = createServer()
    await listen(server)
    const host: UpgradeServer = {
      application: scriptedApplication(() => REFUSED),
      environment: createEnvironment(),
      transports,
      owed: new OwedAnswers(server),
      hasRivals: false,
      unclaimed: () => {},
    }

    expect(await FrontDoor.open(server, host, LIMITS)).toBe(null)
    server.close()
    await once(server, 'close')
  })
})

describe.each<Over>(['TCP', 'TLS'])('FrontDoor over %s', (over) => {
  const open = (
    ...rest: Parameters<typeof openOver> extends [Over, ...infer Rest] ? Rest : never
  ) => openOver(over, ...rest)

  it('FrontDoor makes a session of an upgrade without a socket of Node', async () => {
    let sockets = 0
    const count = (): void => void sockets++
    await using opened = await open(() => accepted(echoBytes))
    subscribe('net.server.socket', count)
    await using client = await opened.connect()

    client.send(`${UPGRADE}early`)
    await client.until((text) => text === `${SWITCHED}early`)
    client.send(' late')
    await client.until((text) => text === `${SWITCHED}early late`)

    unsubscribe('net.server.socket', count)
    expect(sockets).toBe(0)
  })

  it('FrontDoor describes the request as it came', async () => {
    const asked = new Deferred<AskedUpgrade>()
    await using opened = await open((each) => {
      asked.resolve(each)
      return accepted(echoBytes)
    })
    await using client = await opened.connect()
    client.send(UPGRADE)
    const { request } = await asked.promise

    expect(request).toMatchObject({ method: 'GET', httpVersion: '1.1', hasBody: false })
    expect(request).toMatchObject({ target: '/chat?room=1', encrypted: over === 'TLS' })
    expect(request.rawHeaders).toEqual(
      ['Host', 'example.test', 'Connection', 'Upgrade', 'Upgrade', 'websocket'].concat([
        'X-Twice',
        'a',
        'X-Twice',
        'b',
      ]),
    )
    expect(request.local).toEqual({ host: '127.0.0.1', port: opened.port })
    expect(request.remote).toEqual({ host: '127.0.0.1', port: client.socket.localPort })
  })

  it('FrontDoor reads a head that comes in pieces', async () => {
    await using opened = await open(() => accepted(echoBytes))
    await using client = await opened.connect()
    client.socket.setNoDelay(true)

    for (const character of UPGRADE) client.send(character)
    client.send('early')

    await client.until((text) => text === `${SWITCHED}early`)
  })

  it('FrontDoor gives plain requests to the HTTP server, and later upgrades on their connection', async () => {
    await using opened = await open(() => expect.unreachable('it is not for the front door'))
    opened.server.on('upgrade', (_: IncomingMessage, stream: Duplex, head: Buffer) => {
      stream.end(`upgraded ${head.toString()}`)
    })
    await using client = await opened.connect()

    client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody`)
    await client.until((text) => text.includes('body'))
    client.send(`${UPGRADE}early`)

    expect(await client.until((text) => text.includes('upgraded'))).toContain('upgraded early')
  })

  it('FrontDoor gives large bodies to the HTTP server unchanged', async () => {
    await using opened = await open(() => expect.unreachable('it is not for the front door'))
    await using client = await opened.connect()
    const body = Buffer.alloc(3_000_000, 'towpath ').toString('latin1')

    client.send(
      `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`,
    )
    client.send(body)
    await client.ended

    // Answered in chunks.
    expect(client.text.replaceAll(/\r\n[0-9a-f]*\r\n/g, '')).toContain('towpath towpath')
    expect(client.text.length).toBeGreaterThan(body.length)
  })

  it('FrontDoor gives unclaimed upgrades to the HTTP server', async () => {
    await using opened = await open(() => ({ type: 'unclaimed' }))
    opened.server.on('upgrade', ({ url }: IncomingMessage, stream: Duplex) =>
      stream.end(`<${url}>`),
    )
    await using client = await opened.connect()

    client.send(UPGRADE)

    await client.until((text) => text === '</chat?room=1>')
  })

  it('FrontDoor writes a refusal and ends the connection', async () => {
    await using opened = await open(() => REFUSED)
    await using client = await opened.connect()

    client.send(UPGRADE)
    await client.ended
    client.socket.end()
    await client.closed

    expect(client.text).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n[^]*\r\n\r\nNo\.\n$/)
  })

  it('FrontDoor closes a client that does not end its side within 5 seconds of an answer', async () => {
    await using opened = await open(() => REFUSED)
    await using client = await opened.connect()
    client.send(UPGRADE)
    await client.ended

    await opened.clock.advance(4_000)
    expect(await connectionsOf(opened.server)).toBe(1)
    opened.server.close()
    const closed = once(opened.server, 'close')
    await opened.clock.advance(2_000)
    await closed

    expect(await connectionsOf(opened.server)).toBe(0)
  })

  it('FrontDoor keeps what comes while the application decides', async () => {
    const decision = new Deferred<UpgradeOutcome>()
    const asked = new Deferred<void>()
    await using opened = await open(() => {
      asked.resolve()
      return decision.promise
    })
    await using client = await opened.connect()
    client.socket.setNoDelay(true)

    client.send(UPGRADE)
    await asked.promise
    client.send('a'.repeat(100_000))
    decision.resolve(accepted(echoBytes))

    await client.until((text) => text === `${SWITCHED}${'a'.repeat(100_000)}`)
  })

  it.each(['end', 'resetAndDestroy'] as const)(
    'FrontDoor tells the application of a client that leaves while it decides (%s)',
    async (leave) => {
      const asked = new Deferred<AbortSignal>()
      const decision = new Deferred<UpgradeOutcome>()
      await using opened = await open(({ signal }) => {
        asked.resolve(signal)
        return decision.promise
      })
      await using client = await opened.connect()

      client.send(UPGRADE)
      const signal = await asked.promise
      const aborted = once(signal, 'abort')
      if (leave === 'end') client.socket.end()
      else tcpOf.get(client)?.resetAndDestroy()
      await aborted
      const abandoned: unknown[] = []
      decision.resolve(
        accepted(
          () => expect.unreachable('the client has left'),
          [],
          (failure) => abandoned.push(failure),
        ),
      )
      await client.closed

      expect(signal.aborted).toBe(true)
      expect(abandoned).toEqual([null])
    },
  )

  it('FrontDoor answers 500 and logs a header that HTTP does not allow', async () => {
    const failures: unknown[] = []
    const abandoned: unknown[] = []
    await using opened = await open(
      () => accepted(echoBytes, [['x', 'a\r\nb']], (failure) => abandoned.push(failure)),
      failures,
    )
    await using client = await opened.connect()

    client.send(UPGRADE)
    await client.ended

    expect(client.text).toMatch(/^HTTP\/1\.1 500 /)
    expect(failures).toHaveLength(1)
    expect(abandoned).toEqual([expect.any(TypeError)])
  })

  it('FrontDoor ends the connection of an upgrade that throws, and logs it', async () => {
    const failures: unknown[] = []
    await using opened = await open(() => Promise.reject(new Error('broken')), failures)
    await using client = await opened.connect()

    client.send(UPGRADE)
    await client.ended

    expect(client.text).toBe('')
    expect(failures).toHaveLength(1)
  })

  it('FrontDoor answers 408 to a client whose head takes longer than the limit', async () => {
    await using opened = await open(() => expect.unreachable('there is no request'))
    await using silent = await opened.connect()
    await using slow = await opened.connect()
    slow.send('GET / HT')
    // A third client is answered after the two have been accepted.
    await using witness = await opened.connect()
    witness.send(PLAIN)
    await witness.until((text) => text.includes('200 OK'))

    await opened.clock.advance(9_000)
    expect([silent.text, slow.text]).toEqual(['', ''])
    await opened.clock.advance(2_000)
    await Promise.all([silent.ended, slow.ended])

    const answer = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n'
    expect([silent.text, slow.text]).toEqual([answer, answer])
  })

  it('FrontDoor gives a head that is too large to the HTTP server', async () => {
    await using opened = await open(() => expect.unreachable('the head is too large'))
    await using client = await opened.connect()

    client.send(`GET /plain HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(2000)}\r\n\r\n`)

    await client.until((text) => text.startsWith('HTTP/1.1 200 OK'))
  })

  it('dropSilent() ends clients that have not asked, and no others', async () => {
    const decision = new Deferred<UpgradeOutcome>()
    const asked = new Deferred<void>()
    await using opened = await open(() => {
      asked.resolve()
      return decision.promise
    })
    await using silent = await opened.connect()
    await using waiting = await opened.connect()
    waiting.send(UPGRADE)
    await asked.promise

    opened.door.dropSilent()
    await silent.ended
    decision.resolve(accepted(echoBytes))

    await waiting.until((text) => text === SWITCHED)
  })

  it('FrontDoor has its connections counted by the server until they are closed', async () => {
    await using opened = await open(() => accepted(echoBytes))
    const client = await opened.connect()
    client.send(UPGRADE)
    await client.until((text) => text === SWITCHED)
    expect(await connectionsOf(opened.server)).toBe(1)

    opened.server.close()
    const closed = once(opened.server, 'close')
    client.socket.end()
    await client.closed
    await closed

    expect(await connectionsOf(opened.server)).toBe(0)
  })
})

describe('FrontDoor over TLS, before the handshake is done', () => {
  /** A client that has been accepted, and that has sent `bytes` of its own. */
  async function newcomer({ door, port }: Opened, bytes: Uint8Array): Promise<RawClient> {
    const accept = door.accept.bind(door)
    const isAccepted = new Deferred<void>()
    door.accept = (handle) => {
      accept(handle)
      isAccepted.resolve()
    }
    const client = await RawClient.connect(port)
    client.send(bytes)
    await isAccepted.promise
    door.accept = accept
    return client
  }

  const CLIENT_HELLO_BEGINS = Buffer.from('16030100c8010000c4', 'hex')

  it('FrontDoor closes a client whose handshake takes longer than its own limit', async () => {
    await using opened = await openOver('TLS', () => expect.unreachable('there is no request'))
    await using silent = await newcomer(opened, Buffer.alloc(0))
    await using slow = await newcomer(opened, CLIENT_HELLO_BEGINS)

    await opened.clock.advance(3_000)
    expect(await connectionsOf(opened.server)).toBe(2)
    await opened.clock.advance(2_000)
    await Promise.all([silent.ended, slow.ended])

    expect(silent.text + slow.text).toBe('')
  })

  it('FrontDoor counts the time limit for the head from the end of the handshake', async () => {
    await using opened = await openOver('TLS', () => accepted(echoBytes))
    await opened.clock.advance(1_000)
    await using client = await opened.connect()
    // Answered, so that the server has done the handshake of the client before it.
    await using witness = await opened.connect()
    witness.send(PLAIN)
    await witness.until((text) => text.includes('200 OK'))

    await opened.clock.advance(9_000)
    client.send(UPGRADE)

    await client.until((text) => text === SWITCHED)
  })

  it('dropSilent() ends clients in the middle of their handshake', async () => {
    await using opened = await openOver('TLS', () => expect.unreachable('there is no request'))
    await using client = await newcomer(opened, CLIENT_HELLO_BEGINS)

    opened.door.dropSilent()
    await client.ended
    opened.server.close()
    await once(opened.server, 'close')
  })

  it.each([
    ['no TLS', UPGRADE],
    ['half of its greeting, and ends', null],
  ])('FrontDoor closes a client that sends %s', async (_, text) => {
    await using opened = await openOver('TLS', () => expect.unreachable('there is no request'))
    await using client = await newcomer(
      opened,
      text === null ? CLIENT_HELLO_BEGINS : Buffer.from(text),
    )

    if (text === null) client.socket.end()
    await client.ended
    client.socket.end()
    opened.server.close()
    await once(opened.server, 'close')

    expect(client.text).toBe('')
  })

  it('FrontDoor ends a refused connection with an alert, also when its client ended first', async () => {
    await using opened = await openOver('TLS', () => REFUSED)
    const tcp = connect({ host: '127.0.0.1', port: opened.port, allowHalfOpen: true })
    // Node reads a socket below TLS without its events, but not another stream.
    const below = new Duplex({
      read() {},
      write: (bytes, _encoding, done) => void tcp.write(bytes, done),
      final: (done) => void tcp.end(done),
    })
    let records = Buffer.alloc(0)
    tcp.on('data', (bytes) => {
      records = Buffer.concat([records, bytes])
      below.push(bytes)
    })
    tcp.on('end', () => below.push(null))
    await using client = await RawClient.connectTls(opened.port, { socket: below })

    client.send(`GET / HTTP/1.1\r\nHost: a\r\n`)
    client.socket.end()
    await client.ended

    expect(client.text).toMatch(/^HTTP\/1\.1 400 /)
    // An encrypted alert of TLS 1.3: 2 bytes, their type, and a tag of 16 bytes.
    expect(records.subarray(-24, -19).toString('hex')).toBe('1703030013')
  })

  it('FrontDoor gives the HTTP server a TLSSocket with the facts of its handshake', async () => {
    await using opened = await openOver('TLS', () => expect.unreachable('it is not for the door'))
    const requested = once(opened.server, 'request')
    await using client = await opened.connect()

    client.send(PLAIN)
    const [{ socket }] = (await requested) as [{ socket: TLSSocket }]

    expect(socket).toBeInstanceOf(TLSSocket)
    expect(socket).toMatchObject({ encrypted: true, servername: 'localhost', authorized: false })
    expect(socket.getProtocol()).toBe('TLSv1.3')
    expect([socket.remotePort, socket.localPort]).toEqual([client.socket.localPort, opened.port])
  })
})
