/**
 * Dials over HTTP/2 where the options and the server want it, and over HTTP/1.1 elsewhere.
 */

import type { Socket } from 'node:net'

import { ConnectError } from '../../../client/index.ts'
import type { Dialer, DialOutcome, DialRequest } from '../../../client/internal.ts'
import type { DialerSettings } from '../dialing/client-options.ts'
import { NodeDialer } from '../dialing/dialer.ts'
import type { TransportChoice } from '../transports/transport-choice.ts'
import type { Http2Place } from './http2-place.ts'
import type { Http2Pool } from './http2-pool.ts'
import type { PooledConnection } from './pooled-connection.ts'
import { StreamDialing } from './stream-dialing.ts'

/** Dials for the sessions of one call. */
export class Http2Dialer implements Dialer {
  readonly #settings: DialerSettings
  readonly #transports: TransportChoice
  readonly #pool: Http2Pool

  constructor(settings: DialerSettings, transports: TransportChoice, pool: Http2Pool) {
    this.#settings = settings
    this.#transports = transports
    this.#pool = pool
  }

  async dial(request: DialRequest): Promise<DialOutcome> {
    // A socket that chooses HTTP/1.1 must find the choice of its transport made.
    await this.#transports.ready()
    request.signal.throwIfAborted()
    // The pool forgets a place without a connection, so the request enters it in the same turn.
    const place = this.#pool.placeFor(request, this.#settings)
    if (place === null) return this.#dialHttp1(request, null)
    return this.#dialAt(place, request)
  }

  /** A request that the server has not handled is repeated once, on another connection. */
  async #dialAt(place: Http2Place, request: DialRequest): Promise<DialOutcome> {
    const name = this.#settings.socketPath ?? request.url.host
    let refusing: PooledConnection | null = null
    for (;;) {
      const way = await place.enter(request, refusing)
      if (way.type === 'http1') return this.#dialHttp1(request, way.socket)
      const { connection, leave } = way
      const outcome = await new StreamDialing(request, connection, name, leave).outcome
      if (outcome.type === 'http1') {
        if (this.#settings.http2 === true) {
          throw new ConnectError('protocol', `${name} wants HTTP/1.1, expected HTTP/2`)
        }
        place.preferHttp1()
      } else if (outcome.type !== 'unhandled') {
        return outcome
      } else if (refusing !== null) {
        throw new ConnectError('handshake', `${name} refused the stream twice`)
      } else refusing = connection
    }
  }

  #dialHttp1(request: DialRequest, socket: Socket | null): Promise<DialOutcome> {
    const usable = socket?.destroyed === true ? null : socket
    return new NodeDialer(this.#settings, this.#transports).dial(request, usable)
  }
}
