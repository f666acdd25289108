/**
 * What is known of a connection before any byte of ours: who is at which end, and whether it is
 * encrypted. Read once, at the beginning: a socket forgets its addresses when it dies.
 */

import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'

import type { TransportAddress } from '../../session/index.ts'

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
  const remote = address(stream.remoteAddress, stream.remotePort)
  const local = address(stream.localAddress, stream.localPort)
  // Connections keep their facts. Nearly all have come to one address, and behind a proxy from one host.
  if (local.host !== latest.local.host || local.port !== latest.local.port) latest.local = local
  if (remote.host !== latest.remoteHost) latest.remoteHost = remote.host
  return {
    local: latest.local,
    remote: { host: latest.remoteHost, port: remote.port },
    encrypted: stream instanceof TLSSocket,
  }
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
