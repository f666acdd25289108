/**
 * What is known of a connection before any byte of ours: who is at which end, and whether it is
 * encrypted. Read once, at the beginning: a socket forgets its addresses when it dies.
 */

import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'

import type { TransportAddress } from '../../../session/index.ts'

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

/**
 * The facts of a plain connection by its handle. A handle forgets its addresses when the connection
 * dies: the peer's is read at once, for limits count by it. Ours is hardly ever asked for, and is
 * read then.
 */
export class HandleFacts implements ConnectionFacts {
  readonly remote: TransportAddress
  readonly encrypted: boolean = false
  readonly #handle: AddressedHandle
  #local: TransportAddress | null = null

  constructor(handle: AddressedHandle) {
    this.#handle = handle
    this.remote = withSharedHost(addressOf(handle, 'getpeername'))
  }

  get local(): TransportAddress {
    this.#local ??= sharedLocal(addressOf(this.#handle, 'getsockname'))
    return this.#local
  }
}

/** What knows its addresses: a handle of Node. Calls answer 0, or an error number below 0. */
export interface AddressedHandle {
  getpeername(out: SocketName): number
  getsockname(out: SocketName): number
}

/** What these calls fill in. */
export interface SocketName {
  address?: string
  port?: number
}

function addressOf(handle: AddressedHandle, call: keyof AddressedHandle): TransportAddress {
  const name: SocketName = {}
  return handle[call](name) === 0 ? address(name.address, name.port) : NOWHERE
}

// Connections keep their facts. Nearly all have come to one address, and behind a proxy from one host.

function sharedLocal(local: TransportAddress): TransportAddress {
  if (local.host !== latest.local.host || local.port !== latest.local.port) latest.local = local
  return latest.local
}

function withSharedHost(remote: TransportAddress): TransportAddress {
  if (remote.host !== latest.remoteHost) latest.remoteHost = remote.host
  return { host: latest.remoteHost, port: remote.port }
}

const NOWHERE: TransportAddress = { host: null, port: null }

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
