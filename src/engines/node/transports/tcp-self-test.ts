/**
 * Whether the TCP handle works here as expected: tried once in a process, over loopback.
 *
 * The trial covers all that a session needs: bytes that were read before, reading, a pause, a write
 * that the kernel takes at once, one that it does not, and the end from both sides.
 */

import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'

import type { ConnectionFacts } from './connection-facts.ts'
import { findInternals, takeHandle } from './tcp-handle.ts'
import { TcpReactor } from './tcp-transport.ts'

/** More than the buffers of both sockets hold, so that a write has to wait. */
const TRIAL_BYTES = 8 * 1024 * 1024

/** The request whose socket is tried, and the first byte that comes back over it. */
const UPGRADE = 'GET / HTTP/1.1\r\nHost: trial\r\nConnection: Upgrade\r\nUpgrade: trial\r\n\r\n'
const GREETING = '!'

/** Loopback takes milliseconds; whatever takes this long does not work. */
const TRIAL_MS = 3000

const FACTS: ConnectionFacts = {
  local: { host: null, port: null },
  remote: { host: null, port: null },
  encrypted: false,
}

let found: Promise<TcpReactor | null> | null = null

/** Resolves with the reactor for transports over handles; `null` if the trial fails. Tried once. */
export function tcpReactor(): Promise<TcpReactor | null> {
  found ??= tryOut()
  return found
}

async function tryOut(): Promise<TcpReactor | null> {
  if (isOtherRuntime(process.versions)) return null
  const internals = findInternals()
  if (internals === null) return null
  const reactor = new TcpReactor(internals)
  return (await echoes(reactor)) ? reactor : null
}

/** Whether `TRIAL_BYTES` come back unchanged through a handle, to a client that reads late. */
function echoes(reactor: TcpReactor): Promise<boolean> {
  return new Promise((resolve) => {
    // Through an upgrade, as sessions come: elsewhere a handle may work until HTTP has had it.
    const server = createServer()
    const done = (works: boolean): void => {
      clearTimeout(timer)
      client?.destroy()
      server.close()
      resolve(works)
    }
    let client: Socket | null = null
    const timer = setTimeout(done, TRIAL_MS, false)
    server.on('error', () => done(false))
    server.on('upgrade', (_request, stream: Duplex, head: Buffer) => {
      if (!serveTrial(reactor, stream, head)) done(false)
    })
    // Exclusive: the workers of a cluster would share the port and its connections.
    server.listen({ port: 0, host: '127.0.0.1', exclusive: true }, () => {
      const { port } = server.address() as AddressInfo // it listens on TCP
      client = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
      runTrial(client, done)
    })
  })
}

/** Whether this is no Node: handles of other runtimes look alike and behave otherwise. */
export function isOtherRuntime(versions: Readonly<Record<string, string | undefined>>): boolean {
  return versions['deno'] !== undefined || versions['bun'] !== undefined
}

/** The side of the handle: greets, answers the first bytes with the trial, waits for the end. */
function serveTrial(reactor: TcpReactor, stream: Duplex, head: Buffer): boolean {
  const taken = takeHandle(stream)
  if (taken === null) return false
  const transport = reactor.open(taken, head, FACTS)
  let waits = false
  transport.start({
    receive: () => {
      waits = transport.write(Buffer.alloc(TRIAL_BYTES, 'towpath ')) === 'queued'
      transport.pause()
      if (!waits) transport.abort()
    },
    drained: () => transport.resume(),
    unread: () => {},
    receiveEnd: () => transport.end(),
    closed: () => {},
  })
  transport.write(Buffer.from(GREETING))
  return true
}

/** The side of Node's own socket: counts what comes and ends when it is all there. */
function runTrial(client: Socket, done: (works: boolean) => void): void {
  let received = 0
  let unchanged = true
  let isGreeted = false
  client.on('error', () => done(false))
  client.on('data', (bytes: Buffer) => {
    if (!isGreeted) {
      // One byte, and all there is until it has been answered.
      isGreeted = true
      unchanged = String(bytes) === GREETING
      client.write('go')
      return
    }
    unchanged &&= bytes[0] === 'towpath '.charCodeAt(received % 8)
    received += bytes.length
    if (received === TRIAL_BYTES) client.end()
  })
  client.on('end', () => done(unchanged && received === TRIAL_BYTES))
  client.write(UPGRADE)
}
