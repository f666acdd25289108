/**
 * TLS for the connections of the front door: begins a handshake on a bare handle, and gives
 * connections without an upgrade to the HTTPS server behind.
 */

import { Server as HttpsServer } from 'node:https'
import type { Server } from 'node:net'
import type { TlsOptions, TLSSocket } from 'node:tls'

import {
  BareTls,
  contextOf,
  findTlsInternals,
  type TlsNewcomer,
  type TlsServerSettings,
} from '../transports/bare-tls.ts'
import type { TcpReactor } from '../transports/tcp-transport.ts'
import type { AcceptedHandle, Listener } from './tcp-listener.ts'

/** An HTTPS server, as far as we reach into it. */
interface OpenedServer {
  readonly _sharedCreds?: Parameters<typeof contextOf>[0]
  readonly ALPNProtocols?: Uint8Array
}

/** Whether connections of `server` are encrypted. */
export function isEncrypted(server: Server): boolean {
  return server instanceof HttpsServer
}

/** The TLS of one server. */
export class TlsEntrance {
  readonly #server: Server
  readonly #settings: TlsServerSettings
  readonly #listener: Listener
  readonly #reactor: TcpReactor

  /** @returns `null`, with nothing changed, where Node is not as expected. */
  static find(server: Server, listener: Listener, reactor: TcpReactor): TlsEntrance | null {
    const internals = findTlsInternals()
    const opened = server as unknown as OpenedServer // the fields are looked at before they are used
    const context = (): unknown =>
      opened._sharedCreds === undefined ? undefined : contextOf(opened._sharedCreds)
    if (internals === null || typeof context() !== 'object') return null
    const protocols = opened.ALPNProtocols ?? null
    if (protocols !== null && !(protocols instanceof Uint8Array)) return null
    return new TlsEntrance(server, { internals, context, protocols }, listener, reactor)
  }

  private constructor(
    server: Server,
    settings: TlsServerSettings,
    listener: Listener,
    reactor: TcpReactor,
  ) {
    this.#server = server
    this.#settings = settings
    this.#listener = listener
    this.#reactor = reactor
  }

  /** Makes the TLS over a handle that has just been accepted. */
  readonly encrypt = (handle: AcceptedHandle, newcomer: TlsNewcomer): BareTls => {
    const { internals, buffer } = this.#reactor
    return new BareTls(handle, this.#settings, internals, newcomer, buffer)
  }

  /**
   * Gives a connection whose handshake is done to Node, which makes its sockets as for one that has
   * just arrived. Instead of a new TLS handle, the `TLSSocket` gets the one that is there.
   *
   * @param read what has been read from it, to be read again; memory of its own.
   */
  giveBack(handle: AcceptedHandle, { handle: encrypted }: BareTls, read: Uint8Array): void {
    const { internals } = this.#settings
    const { wrap } = internals
    const putBack = (socket: TLSSocket): void => {
      if (read.length > 0) socket.unshift(read)
    }
    this.#server.prependOnceListener('secureConnection', putBack)
    internals.wrap = (lower, ...rest) =>
      lower === handle ? encrypted : wrap.call(internals, lower, ...rest)
    try {
      this.#listener.accept(handle)
    } finally {
      internals.wrap = wrap
    }
    encrypted.onhandshakedone()
    this.#server.off('secureConnection', putBack)
    this.#listener.readForNode(encrypted)
  }
}

/** The options of TLS that concern certificates, keys, ciphers and sessions alone. */
const CONTEXT_OPTIONS: ReadonlySet<string> = new Set([
  'allowPartialTrustChain',
  'ca',
  'cert',
  'ciphers',
  'crl',
  'dhparam',
  'ecdhCurve',
  'handshakeTimeout',
  'honorCipherOrder',
  'key',
  'maxVersion',
  'minVersion',
  'passphrase',
  'pfx',
  'secureOptions',
  'secureProtocol',
  'sessionIdContext',
  'sessionTimeout',
  'sigalgs',
  'ticketKeys',
] satisfies (keyof TlsOptions | 'allowPartialTrustChain')[])

/**
 * Whether the front door can do what `options` ask for. Others, such as client certificates and
 * callbacks, need a `TLSSocket` in the handshake.
 */
export function areForFrontDoor(options: TlsOptions): boolean {
  return Object.entries(options).every(
    ([name, value]) => value === undefined || CONTEXT_OPTIONS.has(name),
  )
}
/** Node's own time limit for a TLS handshake, in milliseconds. */
const NODE_HANDSHAKE_LIMIT_MS = 120_000

/**
 * Returns the time limit for a TLS handshake in milliseconds, `absentMs` without the option. Node
 * takes 0 and NaN as its own limit, so both doors do.
 */
export function handshakeLimitOf(tls: TlsOptions | null, absentMs: number): number {
  const { handshakeTimeout = absentMs } = tls ?? {}
  return handshakeTimeout || NODE_HANDSHAKE_LIMIT_MS
}
