/**
 * The facts of a connection: the addresses of both ends, and whether it is encrypted. They are read
 * once, at the beginning: a socket forgets its addresses when it dies.
 */

import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'

import type { TransportAddress } from '../../../session/index.ts'

const NOWHERE: TransportAddress = { host: null, port: null }

/** Facts that hold as long as the connection does. */
export interface ConnectionFacts {
  readonly local: TransportAddress
  readonly remote: TransportAddress
  /** Whether the bytes travel in TLS that ends in this process. */
  readonly encrypted: boolean
}

/** Reads the facts of `stream`; a stream that is no socket has no addresses. */
export function connectionFacts(stream: Duplex): ConnectionFacts {
  if (!(stream instanceof Socket)) return { local: NOWHERE, remote: NOWHERE, encrypted: false }
  return {
    local: sharedLocal(address(stream.localAddress, stream.localPort)),
    remote: withSharedHost(address(stream.remoteAddress, stream.remotePort)),
    encrypted: stream instanceof TLSSocket,
  }
}

/** The facts of a connection whose facts are never looked at: it gets an error and ends. */
export const NO_FACTS: ConnectionFacts = {
  local: NOWHERE,
  remote: NOWHERE,
  encrypted: false,
}

/** The addresses of a handle of Node. Calls return 0, or an error number below 0. */
export interface AddressedHandle {
  getpeername(out: SocketName): number
  getsockname(out: SocketName): number
}

/** The object that these calls fill in. */
export interface SocketName {
  address?: string | undefined
  family?: string | undefined
  port?: number | undefined
}

/** One object for all calls. It has the fields that Node sets: adding a field is slow. */
const asked: SocketName = { address: undefined, family: undefined, port: undefined }

/** Asks the kernel for the address of the peer. It is unknown once the connection has died. */
export function remoteOf(handle: AddressedHandle): TransportAddress {
  if (handle.getpeername(asked) !== 0) return NOWHERE
  return withSharedHost(address(asked.address, asked.port))
}

/** Asks the kernel for the address of this end. */
export function localOf(handle: AddressedHandle): TransportAddress {
  if (handle.getsockname(asked) !== 0) return NOWHERE
  return sharedLocal(address(asked.address, asked.port))
}

// Connections keep their facts. Most have the same local address, and behind a proxy the same host.

function sharedLocal(local: TransportAddress): TransportAddress {
  if (local.host !== latest.local.host || local.port !== latest.local.port) latest.local = local
  return latest.local
}

function withSharedHost({ host, port }: TransportAddress): TransportAddress {
  if (host !== latest.remoteHost) latest.remoteHost = host
  return { host: latest.remoteHost, port }
}

const latest: { local: TransportAddress; remoteHost: string | null } = {
  local: NOWHERE,
  remoteHost: null,
}

/** A socket that listens on `::` serves IPv4 as well, and names those peers `::ffff:192.0.2.1`. */
const MAPPED_IPV4 = '::ffff:'

function address(host: string | undefined, port: number | undefined): TransportAddress {
  if (host === undefined || port === undefined) return NOWHERE
  const isMapped = host.startsWith(MAPPED_IPV4) && host.includes('.')
  return { host: isMapped ? host.slice(MAPPED_IPV4.length) : host, port }
}
