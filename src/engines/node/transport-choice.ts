/**
 * The one place that decides what carries a session on Node.
 */

import type { Duplex } from 'node:stream'

import type { Transport } from '../../session/index.ts'
import type { ConnectionFacts } from './connection-facts.ts'
import { StreamTransport } from './stream-transport.ts'
import { takeHandle } from './tcp-handle.ts'
import { tcpReactor } from './tcp-self-test.ts'
import type { TcpReactor } from './tcp-transport.ts'

/**
 * - `auto`: the TCP handle under the socket, where there is one and a trial at the start has shown that it
 *   does what we take it to do; a stream everywhere else (TLS, other runtimes).
 * - `stream`: the public stream interface of Node, always.
 */
export type TransportMode = 'auto' | 'stream'

/** Opens the transports of one server. */
export class TransportChoice {
  /** `null` while the trial is under way, and for good where it has failed. */
  #reactor: TcpReactor | null = null
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
      // Past the transport, which tells its receiver of writes that had to wait.
      if (greeting !== '') stream.write(greeting, 'latin1')
      return new StreamTransport(stream, head, facts)
    }
    return this.#reactor.open(taken, head, facts, { keeper: this.#onHandles, greeting })
  }

  /** Drops every connection that has been taken out of its socket; the others are its server's to drop. */
  dropAll(): void {
    for (const transport of this.#onHandles) transport.abort()
  }

  async #find(): Promise<void> {
    this.#reactor = await tcpReactor()
  }
}
