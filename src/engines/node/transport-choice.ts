/**
 * The one place that decides what carries a session on Node.
 */

import type { Duplex } from 'node:stream'

import type { Transport } from '../../session/index.ts'
import type { ConnectionFacts } from './connection-facts.ts'
import { acceptsOnHandles } from './front-door-self-test.ts'
import { StreamTransport } from './stream-transport.ts'
import { type TakenHandle, takeHandle } from './tcp-handle.ts'
import { tcpReactor } from './tcp-self-test.ts'
import type { TcpReactor } from './tcp-transport.ts'

/**
 * - `auto`: the TCP handle under the socket, where there is one and a trial at the start has shown that it
 *   does what we take it to do; a stream everywhere else (TLS, other runtimes).
 * - `stream`: the public stream interface of Node, always.
 */
export type TransportMode = 'auto' | 'stream'

const NO_BYTES = new Uint8Array(0)

/** Opens the transports of one server. */
export class TransportChoice {
  /** `null` while the trial is under way, and for good where it has failed. */
  #reactor: TcpReactor | null = null
  #mayAccept = false
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

  /** Whether connections may be accepted as bare handles. */
  get mayAccept(): boolean {
    return this.#mayAccept
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
    return this.#reactor.open(taken, NO_BYTES, facts, { keeper: this.#onHandles, greeting })
  }

  /** Drops every connection that has been taken out of its socket; the others are its server's to drop. */
  dropAll(): void {
    for (const transport of this.#onHandles) transport.abort()
  }

  async #find(): Promise<void> {
    const reactor = await tcpReactor()
    this.#mayAccept = reactor !== null && (await acceptsOnHandles(reactor))
    this.#reactor = reactor
  }
}
