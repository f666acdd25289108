/**
 * Whether this Node lets connections be accepted as bare handles: tried once in a process, over
 * loopback.
 *
 * One client sends an upgrade in two pieces, and uses the connection. Another client is given back
 * to Node: it sends a request with a body in several pieces, and a second request.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { Arrival, type ArrivalOwner } from './arrival.ts'
import { type AcceptedHandle, type Listener, listenOnHandle } from './tcp-listener.ts'
import { NO_FACTS } from '../transports/connection-facts.ts'
import type { TcpReactor } from '../transports/tcp-transport.ts'

/** Loopback takes milliseconds; a trial that takes this long has failed. */
const TRIAL_MS = 3000

const MAX_HEAD_BYTES = 1024
const BODY_BYTES = 300_000

const UPGRADE = 'GET /trial HTTP/1.1\r\nHost: trial\r\n\r\n'
const REQUEST = `POST / HTTP/1.1\r\nHost: trial\r\nContent-Length: ${BODY_BYTES}\r\n\r\n`
const LAST_REQUEST = 'GET /last HTTP/1.1\r\nHost: trial\r\nConnection: close\r\n\r\n'

let found: Promise<boolean> | null = null

/** Resolves with whether it works. Tried once; never rejects. */
export function acceptsOnHandles(reactor: TcpReactor): Promise<boolean> {
  found ??= tryOut(reactor)
  return found
}

function tryOut(reactor: TcpReactor): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer(answer)
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
      const start = (client: Socket): Socket => {
        client.on('error', () => done(false))
        clients.push(client)
        return client
      }
      upgrade(start(connect(port, '127.0.0.1')), (works) => {
        if (works) request(start(connect(port, '127.0.0.1')), done)
        else done(false)
      })
    })
  })
}

/** Opens the door: a request for `/trial` becomes an echo, everything else goes to Node. */
function accept(server: Server, reactor: TcpReactor): Listener | null {
  const listener = listenOnHandle(server, reactor.buffer, (handle: AcceptedHandle) => {
    const arrival = new Arrival(handle, owner)
    if (listener !== null) listener.counter._connections++
    arrival.start()
  })
  const owner: ArrivalOwner = {
    reactor,
    maxHeadSize: MAX_HEAD_BYTES,
    headArrived: (arrival, head) => {
      if (listener === null) return
      arrival.decide(head.byteLength)
      const taken = arrival.releaseToSession(listener.counter)
      const transport = reactor.open(taken, new Uint8Array(0), NO_FACTS, { greeting: 'hello ' })
      transport.start({
        receive: (bytes) => void transport.write(Uint8Array.from(bytes)),
        unread: () => {},
        receiveEnd: () => transport.end(),
        drained: () => {},
        closed: () => {},
      })
    },
    headIsOther: (arrival) => {
      if (listener === null) return
      listener.counter._connections--
      listener.giveBack(arrival.handle, arrival.releaseToHttp())
    },
    headCutOff: (arrival) => arrival.close(),
    closed: () => {},
  }
  return listener
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
  client.once('connect', () => setImmediate(() => client.write(`${UPGRADE.slice(20)}echo`)))
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
