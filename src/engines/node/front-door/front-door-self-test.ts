/**
 * Whether this Node lets connections be accepted as bare handles: tried once in a process, over
 * loopback.
 *
 * One client sends an upgrade in two pieces, and uses the connection. Another client is given back
 * to Node: it sends a request with a body in several pieces, and a second request.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { Arrival, type ArrivalOwner } from './arrival.ts'
import { type AcceptedHandle, type Listener, listenOnHandle } from './tcp-listener.ts'
import { NO_FACTS } from '../transports/connection-facts.ts'
import type { Transport } from '../../../session/index.ts'
import type { CountingServer } from '../transports/tcp-handle.ts'
import type { TcpReactor } from '../transports/tcp-transport.ts'
import { TlsTransport } from '../transports/tls-transport.ts'
import { isEncrypted, TlsEntrance } from './tls-entrance.ts'

/** Loopback takes milliseconds; a trial that takes this long has failed. */
const TRIAL_MS = 3000

const MAX_HEAD_BYTES = 1024
const NO_BYTES = new Uint8Array(0)
const BODY_BYTES = 300_000

const UPGRADE = 'GET /trial HTTP/1.1\r\nHost: trial\r\n\r\n'
const REQUEST = `POST / HTTP/1.1\r\nHost: trial\r\nContent-Length: ${BODY_BYTES}\r\n\r\n`
const LAST_REQUEST = 'GET /last HTTP/1.1\r\nHost: trial\r\nConnection: close\r\n\r\n'

/** Without a certificate, which would have to be made. It protects nothing: both ends are here. */
const ANONYMOUS = {
  ciphers: 'AECDH-AES128-SHA:@SECLEVEL=0',
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.2',
} as const

let found: Promise<boolean> | null = null
let foundSecure: Promise<boolean> | null = null

/**
 * Resolves with whether it works. Tried once; never rejects.
 *
 * @param isSecure whether the connections are encrypted.
 */
export function acceptsOnHandles(reactor: TcpReactor, isSecure: boolean): Promise<boolean> {
  if (isSecure) return (foundSecure ??= tryOut(reactor, true))
  return (found ??= tryOut(reactor, false))
}

function tryOut(reactor: TcpReactor, isSecure: boolean): Promise<boolean> {
  return new Promise((resolve) => {
    const server = serverOfTrial(isSecure)
    if (server === null) {
      resolve(false)
      return
    }
    const clients: Socket[] = []
    const done = (works: boolean): void => {
      clearTimeout(timer)
      for (const client of clients) client.destroy()
      server.closeAllConnections()
      server.close()
      resolve(works)
    }
    const timer = setTimeout(done, TRIAL_MS, false)
    server.on('error', () => done(false))
    // Exclusive, because the workers of a cluster would share the port and its connections.
    server.listen({ port: 0, host: '127.0.0.1', exclusive: true }, () => {
      const listener = accept(server, reactor)
      if (listener === null) {
        done(false)
        return
      }
      const { port } = server.address() as AddressInfo // it listens on TCP
      const start = (): Socket => {
        const at = { port, host: '127.0.0.1' }
        const client = isSecure
          ? connectTls({ ...ANONYMOUS, ...at, rejectUnauthorized: false })
          : connect(at)
        client.on('error', () => done(false))
        clients.push(client)
        return client
      }
      upgrade(start(), (works) => {
        if (works) request(start(), done)
        else done(false)
      })
    })
  })
}

/** Returns `null` where this build of OpenSSL has no cipher without certificates. */
function serverOfTrial(isSecure: boolean): Server | null {
  try {
    return isSecure ? createSecureServer(ANONYMOUS, answer) : createServer(answer)
  } catch {
    return null
  }
}

/** Opens the door: a request for `/trial` becomes an echo, everything else goes to Node. */
function accept(server: Server, reactor: TcpReactor): Listener | null {
  const listener = listenOnHandle(server, reactor.buffer, (handle: AcceptedHandle) => {
    const arrival = new Arrival(handle, owner, tls === null ? null : tls.encrypt)
    if (listener !== null) listener.counter._connections++
    arrival.start()
  })
  if (listener === null) return null
  const isSecure = isEncrypted(server)
  const tls = isSecure ? TlsEntrance.find(server, listener, reactor) : null
  if (isSecure && tls === null) return null
  const owner: ArrivalOwner = {
    reactor,
    maxHeadSize: MAX_HEAD_BYTES,
    secured: () => {},
    headArrived: (arrival, head) => {
      arrival.decide(head.byteLength)
      const transport = open(reactor, arrival, listener.counter)
      transport.start({
        receive: (bytes) => void transport.write(Uint8Array.from(bytes)),
        unread: () => {},
        receiveEnd: () => transport.end(),
        drained: () => {},
        closed: () => {},
      })
    },
    headIsOther: (arrival) => {
      listener.counter._connections--
      const read = arrival.releaseToHttp()
      if (arrival.tls === null) listener.giveBack(arrival.handle, read)
      else tls?.giveBack(arrival.handle, arrival.tls, read)
    },
    headCutOff: (arrival) => arrival.close(),
    closed: () => {},
  }
  return listener
}

/** Opens the transport of an upgrade, which greets. */
function open(reactor: TcpReactor, arrival: Arrival, counter: CountingServer): Transport {
  const { tls } = arrival
  const greeting = 'hello '
  if (tls === null) {
    return reactor.open(arrival.releaseToSession(counter), NO_BYTES, NO_FACTS, { greeting })
  }
  const transport = new TlsTransport(reactor, tls, arrival.releaseTls(tls, counter), NO_FACTS)
  transport.greet(greeting)
  return transport
}

/** Answers with the size of the body. */
function answer(message: IncomingMessage, response: ServerResponse): void {
  let size = 0
  message.on('data', (bytes: Buffer) => (size += bytes.length))
  message.on('end', () => response.end(`<${message.url} ${size}>`))
}

function upgrade(client: Socket, done: (works: boolean) => void): void {
  let received = ''
  client.setNoDelay(true)
  client.write(UPGRADE.slice(0, 20))
  client.once('encrypted' in client ? 'secureConnect' : 'connect', () =>
    setImmediate(() => client.write(`${UPGRADE.slice(20)}echo`)),
  )
  client.on('data', (bytes) => {
    received += bytes.toString('latin1')
    if (received === 'hello echo') client.end()
  })
  client.on('end', () => done(received === 'hello echo'))
}

function request(client: Socket, done: (works: boolean) => void): void {
  let received = ''
  client.setNoDelay(true)
  client.write(REQUEST)
  client.write(Buffer.alloc(BODY_BYTES, 'x'))
  client.on('data', (bytes) => {
    const before = received
    received += bytes.toString('latin1')
    const first = `</ ${BODY_BYTES}>`
    if (!before.includes(first) && received.includes(first)) client.write(LAST_REQUEST)
  })
  client.on('end', () => done(received.includes('</last 0>')))
}
