/**
 * The TCP connections of an embedded server, so that stopping can end them. Node forgets a
 * connection once it is upgraded, and does not treat a connection without any request as idle.
 */

import { type Server, Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

/** Tracks the connections of one server until they end. */
export class OpenConnections {
  /** The sockets of TCP or of a Unix socket. Over TLS, requests arrive on another socket. */
  readonly #all = new Set<Socket>()
  readonly #silent = new Set<Socket>()

  constructor(server: Server) {
    server.on('connection', (socket) => this.#add(socket))
  }

  /** Number of open connections. */
  get size(): number {
    return this.#all.size
  }

  /** Records that a request has arrived on `socket`. */
  requestArrived(socket: Socket): void {
    this.#silent.delete(socket)
    if (!(socket instanceof TLSSocket)) return
    const carrier = carrierOf(socket) ?? this.#withAddressesOf(socket)
    if (carrier !== null) this.#silent.delete(carrier)
  }

  /** Drops connections without any request so far. */
  dropSilent(): void {
    for (const socket of this.#silent) socket.destroy()
  }

  /** Drops all connections. */
  dropAll(): void {
    for (const socket of this.#all) socket.destroy()
  }

  #add(socket: Socket): void {
    if (socket.destroyed || this.#all.has(socket)) return
    this.#all.add(socket)
    this.#silent.add(socket)
    socket.on('close', () => {
      this.#all.delete(socket)
      this.#silent.delete(socket)
    })
  }

  #withAddressesOf(secure: TLSSocket): Socket | null {
    for (const socket of this.#silent) if (hasSameAddresses(socket, secure)) return socket
    return null
  }
}

/**
 * Returns the socket under `secure`. Node does not document the field, so there is another way: it
 * is slower, and does not find Unix sockets, which have no addresses.
 */
function carrierOf(secure: TLSSocket): Socket | null {
  const { _parent: carrier } = secure as { readonly _parent?: unknown }
  return carrier instanceof Socket ? carrier : null
}

/** One peer may use one port for connections to several addresses of this machine. */
function hasSameAddresses(one: Socket, other: Socket): boolean {
  return (
    one.remotePort !== undefined &&
    one.remotePort === other.remotePort &&
    one.remoteAddress === other.remoteAddress &&
    one.localPort === other.localPort &&
    one.localAddress === other.localAddress
  )
}
