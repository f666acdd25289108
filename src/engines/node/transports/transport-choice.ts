/** Chooses the transport of each session on Node. */

import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'

import { choice, type OptionRule } from '../../../base/internal.ts'
import type { Transport } from '../../../session/index.ts'
import type { BareTls } from './bare-tls.ts'
import type { ConnectionFacts } from './connection-facts.ts'
import { StreamTransport } from './stream-transport.ts'
import { type TakenHandle, takeHandle } from './tcp-handle.ts'
import { tcpReactor } from './tcp-self-test.ts'
import type { TcpReactor } from './tcp-transport.ts'
import { bypassTls } from './tls-handle.ts'
import { bypassesTls } from './tls-self-test.ts'
import { TlsTransport } from './tls-transport.ts'

/**
 * - `auto`: the handle of TCP or TLS under the socket if a trial succeeded; a stream otherwise
 *   (Unix sockets, other runtimes).
 * - `stream`: always the public stream interface of Node.
 */
export type TransportMode = 'auto' | 'stream'

/** The option `transport` of servers and clients. */
export const TRANSPORT_OPTION: OptionRule<TransportMode> = choice('auto', ['auto', 'stream'])

const NO_BYTES = new Uint8Array(0)

/** Opens the transports of one server. */
export class TransportChoice {
  /** `null` until the trial has succeeded. */
  #reactor: TcpReactor | null = null
  #mayBypassTls = false
  readonly #ready: Promise<void>
  /** The transports that were taken out of their sockets, which the server does not know. */
  readonly #onHandles = new Set<Transport>()

  constructor(mode: TransportMode) {
    this.#ready = mode === 'auto' ? this.#find() : Promise.resolve()
  }

  /** Resolves when the choice has been made; until then streams are used. Never rejects. */
  ready(): Promise<void> {
    return this.#ready
  }

  /** The same for connections over TLS. */
  readyForTls(): Promise<void> {
    return this.#tryTls()
  }

  /**
   * Makes a transport of `stream`: no other code may read, write or listen from now on. Bytes that
   * were written to it before go out first.
   *
   * @param head bytes that were read behind the request; they are delivered first.
   * @param greeting goes out before everything else, as Latin-1; `''`: nothing.
   */
  open(stream: Duplex, head: Uint8Array, facts: ConnectionFacts, greeting = ''): Transport {
    const taken = this.#reactor === null ? null : takeHandle(stream)
    if (this.#reactor === null || taken === null) {
      const encrypted = this.#openSocketTls(stream, head, facts)
      if (encrypted !== null) {
        if (greeting !== '') encrypted.greet(greeting)
        return encrypted
      }
      // Not through the transport, which would report it to its receiver as drained.
      if (greeting !== '') stream.write(greeting, 'latin1')
      return new StreamTransport(stream, head, facts)
    }
    return this.#reactor.open(taken, head, facts, { registry: this.#onHandles, greeting })
  }

  /** The reactor for bare handles; `null` if connections may not use them. */
  get reactor(): TcpReactor | null {
    return this.#reactor
  }

  /**
   * Takes a bare handle over as a transport.
   *
   * @param greeting goes out before everything else, as Latin-1; `''`: nothing.
   * @throws {TypeError} where `reactor` is `null`.
   */
  openHandle(taken: TakenHandle, facts: ConnectionFacts, greeting = ''): Transport {
    if (this.#reactor === null) throw new TypeError('Cannot open a handle: none may be used here')
    return this.#reactor.open(taken, NO_BYTES, facts, { registry: this.#onHandles, greeting })
  }

  /**
   * The same for TLS over a bare handle.
   *
   * @param head bytes that were read behind the request; they are delivered first.
   */
  openTls(tls: BareTls, head: Uint8Array, facts: ConnectionFacts, greeting = ''): Transport {
    if (this.#reactor === null) throw new TypeError('Cannot open a handle: none may be used here')
    const transport = new TlsTransport(this.#reactor, tls, head, facts, this.#onHandles)
    this.#onHandles.add(transport)
    if (greeting !== '') transport.greet(greeting)
    return transport
  }

  /** Aborts all connections that were taken out of their sockets. The server drops the others. */
  dropAll(): void {
    for (const transport of this.#onHandles) transport.abort()
  }

  /** `null` where TLS is not used, or runs on streams. */
  #openSocketTls(stream: Duplex, head: Uint8Array, facts: ConnectionFacts): TlsTransport | null {
    if (this.#reactor === null || !(stream instanceof TLSSocket)) return null
    if (!this.#mayBypassTls) {
      // The first TLS connection starts the trial, and itself runs on its stream.
      void this.#tryTls()
      return null
    }
    const tls = bypassTls(stream)
    return tls === null ? null : new TlsTransport(this.#reactor, tls, head, facts)
  }

  async #tryTls(): Promise<void> {
    await this.#ready
    this.#mayBypassTls = this.#reactor !== null && (await bypassesTls(this.#reactor))
  }

  async #find(): Promise<void> {
    this.#reactor = await tcpReactor()
  }
}
