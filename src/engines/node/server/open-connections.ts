/**
 * The TCP connections of a server of our own, so that stopping it can end them: Node forgets a connection
 * once it is upgraded, and does not count one as idle that has never sent a request.
 */

import type { Server, Socket } from 'node:net'
import { Server as TlsServer } from 'node:tls'

/** Keeps count of the connections of one server, from their acceptance to their end. */
export class OpenConnections {
  readonly #all = new Map<unknown, Socket>()
  readonly #silent = new Map<unknown, Socket>()
  /** Under TLS the socket of a request is not the one that was accepted, but has the same peer. */
  readonly #keyOf: (socket: Socket) => unknown

  constructor(server: Server) {
    this.#keyOf = server instanceof TlsServer ? peerOf : itself
    server.on('connection', (socket) => this.#add(socket))
  }

  /** How many are open. */
  get size(): number {
    return this.#all.size
  }

  /** A request has come on `socket`. */
  spoke(socket: Socket): void {
    this.#silent.delete(this.#keyOf(socket))
  }

  /** Ends those that have not sent a request yet. */
  dropSilent(): void {
    for (const socket of this.#silent.values()) socket.destroy()
  }

  /** Ends all. */
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
