/**
 * The one place that decides what carries a session on Node.
 */

import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'

import { choice, type OptionRule } from '../../../base/internal.ts'
import type { Transport } from '../../../session/index.ts'
import type { ConnectionFacts } from './connection-facts.ts'
import { StreamTransport } from './stream-transport.ts'
import { type TakenHandle, takeHandle } from './tcp-handle.ts'
import { tcpReactor } from './tcp-self-test.ts'
import type { TcpReactor } from './tcp-transport.ts'
import { bypassTls } from './tls-handle.ts'
import { bypassesTls } from './tls-self-test.ts'
import { TlsTransport } from './tls-transport.ts'

/**
 * - `auto`: the handle of TCP or TLS under the socket, where a trial has shown that it does what we
 *   take it to do; a stream everywhere else (Unix sockets, other runtimes).
 * - `stream`: the public stream interface of Node, always.
 */
export type TransportMode = 'auto' | 'stream'

/** The option `transport` of servers and clients. */
export const TRANSPORT_OPTION: OptionRule<TransportMode> = choice('auto', ['auto', 'stream'])

const NO_BYTES = new Uint8Array(0)

/** Opens the transports of one server. */
export class TransportChoice {
  /** `null` while the trial is under way, and for good where it has failed. */
  #reactor: TcpReactor | null = null
  #mayBypassTls = false
  readonly #ready: Promise<void>
  /** Those that have left their sockets, whose server knows nothing of them any more. */
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
   * Takes `stream` over as a transport: from here on nobody else may read, write or listen. What was written
   * to it before goes out first.
   *
   * @param head bytes that were read behind the request; they are delivered first.
   * @param greeting goes out before everything else, as Latin-1; `''`: nothing.
   */
  open(stream: Duplex, head: Uint8Array, facts: ConnectionFacts, greeting = ''): Transport {
    const taken = this.#reactor === null ? null : takeHandle(stream)
    if (this.#reactor === null || taken === null) {
      const encrypted = this.#openTls(stream, head, facts)
      if (encrypted !== null) {
        if (greeting !== '') encrypted.greet(greeting)
        return encrypted
      }
      // Past the transport, which tells its receiver of writes that had to wait.
      if (greeting !== '') stream.write(greeting, 'latin1')
      return new StreamTransport(stream, head, facts)
    }
    return this.#reactor.open(taken, head, facts, { registry: this.#onHandles, greeting })
  }

  /** What bare handles work with; `null` where connections may not be carried by them. */
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

  /** Drops every connection that has been taken out of its socket; the others are its server's to drop. */
  dropAll(): void {
    for (const transport of this.#onHandles) transport.abort()
  }

  /** `null` where TLS is not used, or runs on streams. */
  #openTls(stream: Duplex, head: Uint8Array, facts: ConnectionFacts): TlsTransport | null {
    if (this.#reactor === null || !(stream instanceof TLSSocket)) return null
    if (!this.#mayBypassTls) {
      // Tried when it is first needed, which costs a few milliseconds; this one runs on its stream.
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
