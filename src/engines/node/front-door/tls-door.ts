/**
 * The front door of a server with TLS. Node accepts the connection and does the handshake: ALPN,
 * server names, client certificates and new certificates are its own. This door reads the first
 * request of the decrypted side. An upgrade then needs no parser and no request of `node:http`.
 *
 * Every other connection goes to the listeners of the HTTPS server, byte for byte and for good:
 * HTTP/2, plain requests, unknown paths, heads that are invalid or too large. Both give the same
 * answers. Only the public interface of Node is used here.
 */

import type { Server as HttpsServer } from 'node:https'
import type { TLSSocket } from 'node:tls'

import type { UpgradeOutcome } from '../../../application/index.ts'
import { logFailure } from '../../../application/internal.ts'
import { type RequestHead, RequestHeadReader } from '../../../protocol/internal.ts'
import { connectionFacts, NO_FACTS } from '../transports/connection-facts.ts'
import { StreamTransport } from '../transports/stream-transport.ts'
import { answerAndEnd } from '../upgrades/final-answer.ts'
import { beginSession, refuseOn, type UpgradeServer } from '../upgrades/upgrade-listener.ts'
import { WaitingSocket } from '../upgrades/waiting-socket.ts'
import {
  asksForUpgrade,
  BAD_REQUEST,
  type FrontDoorLimits,
  REQUEST_TIMEOUT,
} from './first-request.ts'
import { SecureRequest } from './secure-request.ts'

const NO_BYTES = new Uint8Array(0)

type SecureListener = (this: HttpsServer, socket: TLSSocket) => void

/** Reads the first request of each connection of one HTTPS server. */
export class TlsDoor {
  readonly #server: HttpsServer
  readonly #host: UpgradeServer
  readonly #limits: Pick<FrontDoorLimits, 'maxHeadSize' | 'headLimitMs'>
  readonly #spoke: (socket: TLSSocket) => void
  /** The listeners that the server had before. */
  readonly #others: readonly SecureListener[]
  /** The server gives a socket to its listeners again after it has put bytes back. */
  readonly #seen = new WeakSet<TLSSocket>()

  /** @param spoke is called when a connection has sent a whole request. */
  constructor(
    server: HttpsServer,
    host: UpgradeServer,
    limits: Pick<FrontDoorLimits, 'maxHeadSize' | 'headLimitMs'>,
    spoke: (socket: TLSSocket) => void,
  ) {
    this.#server = server
    this.#host = host
    this.#limits = limits
    this.#spoke = spoke
    this.#others = server.listeners('secureConnection') as SecureListener[] // of this event
    server.removeAllListeners('secureConnection')
    server.on('secureConnection', (socket) => {
      if (socket.alpnProtocol === 'h2' || this.#seen.has(socket)) this.#pass(socket)
      else this.#read(socket)
    })
  }

  #pass(socket: TLSSocket): void {
    for (const listener of this.#others) listener.call(this.#server, socket)
  }

  /** Gives the connection to the other listeners, with every byte that was read. */
  #giveBack(socket: TLSSocket, read: Uint8Array): void {
    if (read.length > 0) socket.unshift(read)
    this.#pass(socket)
  }

  #read(socket: TLSSocket): void {
    this.#seen.add(socket)
    // The same reader as for every connection without TLS.
    const reader = new RequestHeadReader(this.#limits.maxHeadSize)
    let kept: Uint8Array = NO_BYTES
    const deadline = this.#host.environment.timers.schedule(this.#limits.headLimitMs, () => {
      stop()
      this.#say(socket, REQUEST_TIMEOUT)
    })
    const look = (): void => {
      const bytes = socket.read() as Buffer | null // without an encoding
      if (bytes === null) return
      kept = kept.length === 0 ? bytes : Buffer.concat([kept, bytes])
      const head = reader.read(kept)
      if (head === 'incomplete') return
      stop()
      if (head === 'other' || !asksForUpgrade(head.rawHeaders)) this.#giveBack(socket, kept)
      else this.#decide(socket, head, kept)
    }
    const ended = (): void => {
      stop()
      socket.on('error', failed)
      if (kept.length > 0) this.#say(socket, BAD_REQUEST)
      else socket.end()
    }
    const failed = (): void => {
      stop()
      socket.destroy()
    }
    const stop = (): void => {
      deadline.cancel()
      socket.off('readable', look).off('end', ended).off('error', failed).off('close', stop)
    }
    socket.on('readable', look).on('end', ended).on('error', failed).on('close', stop)
  }

  /** Asks the application. `read` has the head and the bytes behind it. */
  #decide(socket: TLSSocket, head: RequestHead, read: Uint8Array): void {
    this.#spoke(socket)
    const facts = connectionFacts(socket)
    const behind = read.subarray(head.byteLength)
    const request = new SecureRequest(head, facts, behind.length)
    let waiting: WaitingSocket | null = null
    const watch = (): AbortSignal => (waiting ??= new WaitingSocket(socket)).signal
    const conclude = (outcome: UpgradeOutcome): void => {
      const hasLeft = waiting?.signal.aborted ?? socket.destroyed
      waiting?.release()
      if (hasLeft || socket.writableEnded) socket.destroy()
      else if (outcome.type === 'unclaimed') this.#giveBack(socket, read)
      else if (outcome.type === 'accepted')
        beginSession(this.#host, { stream: socket, head: behind, method: 'GET' }, facts, outcome)
      else refuseOn(this.#host, socket, 'GET', facts, outcome)
    }
    const fail = (error: unknown): void => {
      logFailure(this.#host.application.logger, error, 'Upgrade failed')
      socket.destroy()
    }
    try {
      const outcome = this.#host.application.upgrade(request, this.#host.environment, watch)
      if (outcome instanceof Promise) outcome.then(conclude).catch(fail)
      else conclude(outcome)
    } catch (error) {
      fail(error)
    }
  }

  #say(socket: TLSSocket, answer: Uint8Array): void {
    answerAndEnd(this.#host.environment, new StreamTransport(socket, NO_BYTES, NO_FACTS), answer)
  }
}
