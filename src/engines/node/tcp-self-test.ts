/**
 * Whether the TCP handle does here what we take it to do: tried out once in a process, over loopback.
 *
 * What is tried is everything that a session needs: bytes that were read before, reading, a pause, a write
 * that the kernel takes, one that it does not, and the end from both sides.
 */

import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { ConnectionFacts } from './connection-facts.ts'
import { findInternals, takeHandle } from './tcp-handle.ts'
import { TcpReactor } from './tcp-transport.ts'

/** More than two kernels hold between them, so that a write has to wait. */
const TRIAL_BYTES = 8 * 1024 * 1024

/** Loopback takes milliseconds; whatever takes this long does not work. */
const TRIAL_MS = 3000

const FACTS: ConnectionFacts = {
  local: { host: null, port: null },
  remote: { host: null, port: null },
  encrypted: false,
}

let found: Promise<TcpReactor | null> | null = null

/** Resolves with what opens transports over handles, or `null` where that does not work. Tried once. */
export function tcpReactor(): Promise<TcpReactor | null> {
  found ??= tryOut()
  return found
}

async function tryOut(): Promise<TcpReactor | null> {
  const internals = findInternals()
  if (internals === null) return null
  const reactor = new TcpReactor(internals)
  return (await echoes(reactor)) ? reactor : null
}

/** Whether a megabyte or more comes back unchanged through a handle, with a client that reads late. */
function echoes(reactor: TcpReactor): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true })
    const done = (works: boolean): void => {
      clearTimeout(timer)
      client?.destroy()
      server.close()
      resolve(works)
    }
    let client: Socket | null = null
    const timer = setTimeout(done, TRIAL_MS, false)
    server.on('error', () => done(false))
    server.on('connection', (socket) => {
      if (!serveTrial(reactor, socket)) done(false)
    })
    // Exclusive, because in a cluster the workers would share the port and get each other's connections.
    server.listen({ port: 0, host: '127.0.0.1', exclusive: true }, () => {
      const { port } = server.address() as AddressInfo // it listens on TCP
      client = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
      runTrial(client, done)
    })
  })
}

/** The side of the handle: when the first bytes are there it answers with the trial, then it waits for the end. */
function serveTrial(reactor: TcpReactor, socket: Socket): boolean {
  const taken = takeHandle(socket)
  if (taken === null) return false
  const transport = reactor.open(taken, Buffer.alloc(0), FACTS)
  let waits = false
  transport.start({
    receive: () => {
      waits = transport.write(Buffer.alloc(TRIAL_BYTES, 'towpath ')) === 'queued'
      transport.pause()
      if (!waits) transport.abort()
    },
    drained: () => transport.resume(),
    receiveEnd: () => transport.end(),
    closed: () => {},
  })
  return true
}

/** The side of Node's own socket: counts what comes and ends when it is all there. */
function runTrial(client: Socket, done: (works: boolean) => void): void {
  let received = 0
  let unchanged = true
  client.on('error', () => done(false))
  client.on('data', (bytes: Buffer) => {
    unchanged &&= bytes[0] === 'towpath '.charCodeAt(received % 8)
    received += bytes.length
    if (received === TRIAL_BYTES) client.end()
  })
  client.on('end', () => done(unchanged && received === TRIAL_BYTES))
  client.write('go')
}
