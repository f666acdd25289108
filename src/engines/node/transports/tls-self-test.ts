/**
 * Whether the TLS handle works here as expected: tried once in a process, over loopback, with a key
 * that both sides know instead of a certificate.
 *
 * The trial covers all that a session needs: reading, a pause, a small write, one that the kernel
 * does not take at once, and the end from both sides.
 */

import type { AddressInfo } from 'node:net'
import { connect, createServer, type TLSSocket } from 'node:tls'
import type { ConnectionFacts } from './connection-facts.ts'
import type { TcpReactor } from './tcp-transport.ts'
import { bypassTls } from './tls-handle.ts'
import { TlsTransport } from './tls-transport.ts'

/** More than the buffers of both sockets hold, so that a write has to wait. */
const TRIAL_BYTES = 8 * 1024 * 1024

/** Loopback takes milliseconds; a trial that takes this long has failed. */
const TRIAL_MS = 5000

const FACTS: ConnectionFacts = {
  local: { host: null, port: null },
  remote: { host: null, port: null },
  encrypted: true,
}

const NO_BYTES = new Uint8Array(0)

/** Protects nothing: both ends are here. */
const PSK = Buffer.alloc(16, 'towpath')
const SHARED_KEY = { ciphers: 'PSK', maxVersion: 'TLSv1.2' } as const

let found: Promise<boolean> | null = null

/** Resolves with whether it works. Tried once; never rejects. */
export function bypassesTls(reactor: TcpReactor): Promise<boolean> {
  found ??= tryOut(reactor)
  return found
}

function tryOut(reactor: TcpReactor): Promise<boolean> {
  return new Promise((resolve) => {
    let client: TLSSocket | null = null
    const server = createServer({ ...SHARED_KEY, pskCallback: () => PSK })
    const done = (works: boolean): void => {
      clearTimeout(timer)
      client?.destroy()
      server.close()
      resolve(works)
    }
    const timer = setTimeout(done, TRIAL_MS, false)
    server.on('error', () => done(false))
    server.on('tlsClientError', () => done(false))
    server.on('secureConnection', (socket) => {
      if (!serveTrial(reactor, socket)) done(false)
    })
    // Exclusive, because the workers of a cluster would share the port and its connections.
    server.listen({ port: 0, host: '127.0.0.1', exclusive: true }, () => {
      const { port } = server.address() as AddressInfo // it listens on TCP
      client = connect({
        ...SHARED_KEY,
        host: '127.0.0.1',
        port,
        pskCallback: () => ({ psk: PSK, identity: 'trial' }),
        checkServerIdentity: () => undefined,
      })
      runTrial(client, done)
    })
  })
}

/** The side of the handle: greets, answers the first bytes with the trial, waits for the end. */
function serveTrial(reactor: TcpReactor, socket: TLSSocket): boolean {
  const tls = bypassTls(socket)
  if (tls === null) return false
  const transport = new TlsTransport(reactor, tls, NO_BYTES, FACTS)
  transport.greet('towpath ')
  transport.start({
    receive: () => {
      transport.write(Buffer.alloc(TRIAL_BYTES, 'towpath '))
      transport.pause()
    },
    drained: () => transport.resume(),
    unread: () => {},
    receiveEnd: () => transport.end(),
    closed: () => {},
  })
  return true
}

/** The side of Node's own socket: counts what comes and ends when it is all there. */
function runTrial(client: TLSSocket, done: (works: boolean) => void): void {
  let received = 0
  let unchanged = true
  client.on('error', () => done(false))
  client.on('secureConnect', () => client.write('go'))
  client.on('data', (bytes: Buffer) => {
    unchanged &&= bytes[0] === 'towpath '.charCodeAt(received % 8)
    received += bytes.length
    if (received === TRIAL_BYTES + 8) client.end()
  })
  client.on('end', () => done(unchanged && received === TRIAL_BYTES + 8))
}
