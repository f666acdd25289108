/**
 * The TCP connections of an embedded server, so that stopping can end them. Node forgets a
 * connection once it is upgraded, and does not treat a connection without any request as idle.
 */

import type { Server, Socket } from 'node:net'
import { Server as TlsServer } from 'node:tls'

/** Tracks the connections of one server until they end. */
export class OpenConnections {
  readonly #all = new Map<unknown, Socket>()
  readonly #silent = new Map<unknown, Socket>()
  /** Under TLS, a request's socket is not the accepted one, but it has the same peer. */
  readonly #keyOf: (socket: Socket) => unknown

  constructor(server: Server) {
    this.#keyOf = server instanceof TlsServer ? peerOf : itself
    server.on('connection', (socket) => this.#add(socket))
  }

  /** Number of open connections. */
  get size(): number {
    return this.#all.size
  }

  /** Records that a request has arrived on `socket`. */
  requestArrived(socket: Socket): void {
    this.#silent.delete(this.#keyOf(socket))
  }

  /** Drops connections without any request so far. */
  dropSilent(): void {
    for (const socket of this.#silent.values()) socket.destroy()
  }

  /** Drops all connections. */
  dropAll(): void {
    for (const socket of this.#all.values()) socket.destroy()
  }

  #add(socket: Socket): void {
    const key = this.#keyOf(socket)
    if (socket.destroyed || this.#all.has(key)) return
    this.#all.set(key, socket)
    this.#silent.set(key, socket)
    socket.on('close', () => {
      this.#all.delete(key)
      this.#silent.delete(key)
    })
  }
}

function peerOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`
}

function itself(socket: Socket): Socket {
  return socket
}
