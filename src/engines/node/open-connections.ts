/**
 * The TCP connections of a server of our own, so that stopping it can end them: Node forgets a connection
 * once it is upgraded, and does not count one as idle that has never sent a request.
 */

import type { Server, Socket } from 'node:net'

/** Keeps count of the connections of one server, from their acceptance to their end. */
export class OpenConnections {
  // By the peer's address, because under TLS the socket of a request is not the one that was accepted.
  readonly #all = new Map<string, Socket>()
  readonly #silent = new Map<string, Socket>()

  constructor(server: Server) {
    server.on('connection', (socket) => this.#add(socket))
  }

  /** How many are open. */
  get size(): number {
    return this.#all.size
  }

  /** A request has come on `socket`. */
  spoke(socket: Socket): void {
    this.#silent.delete(peerOf(socket))
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
    const peer = peerOf(socket)
    if (socket.destroyed || this.#all.has(peer)) return
    this.#all.set(peer, socket)
    this.#silent.set(peer, socket)
    socket.once('close', () => {
      this.#all.delete(peer)
      this.#silent.delete(peer)
    })
  }
}

function peerOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`
}
