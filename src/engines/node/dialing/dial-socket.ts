/**
 * Opens the sockets of a dialer: the destination, the time for each address, and TLS.
 */

import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { checkServerIdentity as checkName, connect as connectTls, TLSSocket } from 'node:tls'

import type { DialRequest, NetworkStep } from '../../../client/internal.ts'
import type { ClientTlsOptions, DialerSettings } from './client-options.ts'

/**
 * Each address of a name, except the last, gets this part of `connectTimeout`. Two seconds of the
 * default leave TCP time to send a lost packet again, which takes one second.
 */
const ADDRESS_SHARES = 5

/** The time for one address without a `connectTimeout`: its share of the default. */
const DEFAULT_ADDRESS_MS = 2_000

/** Node refuses a shorter time for one address. */
const MIN_ADDRESS_MS = 10

/**
 * TLS options that may be reused for another host. The rest identify the client or one host, and
 * are dropped on a redirect to another origin.
 */
const TLS_FOR_ANY_HOST = [
  'ALPNProtocols',
  'ca',
  'ciphers',
  'crl',
  'ecdhCurve',
  'maxVersion',
  'minDHSize',
  'minVersion',
  'sigalgs',
] as const satisfies ReadonlyArray<keyof ClientTlsOptions>

/** The versions of HTTP that TLS offers (ALPN), unless the options name others. */
const HTTP1_ONLY: readonly string[] = ['http/1.1']

/** The part of a request that a socket depends on. */
export type SocketRequest = Pick<DialRequest, 'url' | 'connectTimeout' | 'isElsewhere'>

/**
 * Connects a new socket, over TLS for `wss:`.
 *
 * @throws {TypeError} for an option in `tls` that Node refuses.
 */
export function openSocket(
  request: SocketRequest,
  { socketPath, tls }: DialerSettings,
  offered: readonly string[] = HTTP1_ONLY,
): Socket {
  const { url } = request
  const place =
    socketPath === null ? { host: hostOf(url), port: portOf(url) } : { path: socketPath }
  // The peer's FIN must not end our direction: a Close frame may still have to go out.
  const options = { ...place, allowHalfOpen: true }
  const addresses = { autoSelectFamilyAttemptTimeout: addressTimeout(request) }
  if (url.protocol !== 'wss:') return connectTcp({ ...addresses, ...options })
  const secure = { ...addresses, ...tlsOptions(request, tls, offered), ...options }
  try {
    return connectTls(secure)
  } catch (cause) {
    throw new TypeError('Cannot open WebSocket: node:tls refuses a value in option "tls"', {
      cause,
    })
  }
}

/**
 * How long Node waits for one address of a name before it tries the next. Node's own 250 ms are too
 * short for a lost packet or a distant server.
 */
export function addressTimeout({ connectTimeout }: SocketRequest): number {
  if (connectTimeout === null) return DEFAULT_ADDRESS_MS
  return Math.max(MIN_ADDRESS_MS, Math.floor(connectTimeout / ADDRESS_SHARES))
}

/**
 * Returns the TLS options for the host of the URL. The certificate is checked against that host,
 * whatever the headers say. Without a name (Unix socket, tunnel), Node would check `localhost`.
 */
export function tlsOptions(
  { url, isElsewhere }: SocketRequest,
  tls: ClientTlsOptions,
  offered: readonly string[] = HTTP1_ONLY,
): ClientTlsOptions & { readonly servername: string } {
  const host = hostOf(url)
  const own = isElsewhere ? forAnyHost(tls) : tls
  const { servername = isIP(host) === 0 ? host : '', checkServerIdentity = checkName } = own
  return {
    ALPNProtocols: [...offered],
    ...own,
    servername,
    checkServerIdentity: (_name, peer) => {
      try {
        return checkServerIdentity(servername === '' ? host : servername, peer)
      } catch (error) {
        // Node expects the error as the result. A thrown one would end the process.
        return error instanceof Error ? error : new Error('checkServerIdentity() has thrown')
      }
    },
  }
}

/** The steps of a socket that connects. `handshake`: it is ready for a request. */
type SocketStep = Exclude<NetworkStep, 'resolve' | 'proxy' | 'protocol'>

/**
 * Calls `enter` with each step of a socket that connects.
 *
 * @param isNamed whether its host is a name, which is looked up first.
 */
export function followSocket(
  socket: Socket,
  isNamed: boolean,
  enter: (step: SocketStep) => void,
): void {
  if (socket instanceof TLSSocket) socket.once('secureConnect', () => enter('handshake'))
  const connected = (): void => enter(isSecuring(socket) ? 'tls' : 'handshake')
  if (!socket.connecting) {
    connected()
    return
  }
  if (!isNamed) enter('connect')
  socket.once('lookup', (error: Error | null) => {
    if (error === null) enter('connect')
  })
  socket.once('connect', connected)
}

/** Whether the TLS handshake has not finished. */
function isSecuring(socket: Socket): boolean {
  return 'secureConnecting' in socket && socket.secureConnecting === true
}

/** Returns the host of a URL; an IPv6 address has no brackets. */
export function hostOf({ hostname }: URL): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
}

/** Returns the port of a URL, or the default of its scheme. */
export function portOf({ port, protocol }: URL): number {
  if (port !== '') return Number(port)
  return protocol === 'wss:' ? 443 : 80
}

function forAnyHost(tls: ClientTlsOptions): ClientTlsOptions {
  const kept = TLS_FOR_ANY_HOST.filter((name) => name in tls).map((name) => [name, tls[name]])
  return Object.fromEntries(kept) as ClientTlsOptions // a part of its fields, unchanged
}
