/**
 * The HTTP/2 connections of one client, by destination.
 */

import type { Environment } from '../../../base/internal.ts'
import type { DialRequest } from '../../../client/internal.ts'
import type { DialerSettings } from '../dialing/client-options.ts'
import { Http2Place } from './http2-place.ts'

/** How many destinations without a connection are remembered. */
const MAX_MEMORIES = 256

/** The destinations of one client. */
export class Http2Pool {
  readonly #environment: () => Environment
  readonly #places = new Set<Http2Place>()

  /** @param environment is called for the first request that may use HTTP/2. */
  constructor(environment: () => Environment) {
    this.#environment = environment
  }

  /** Returns the place of a request; `null` if the request must use HTTP/1.1. */
  placeFor(request: DialRequest, settings: DialerSettings): Http2Place | null {
    const { http2, agent } = settings
    if (http2 === false || agent !== null) return null
    if (http2 === 'auto' && request.url.protocol === 'ws:') return null
    for (const place of this.#places) if (place.serves(request, settings)) return place
    this.#forget()
    const place = new Http2Place(request, settings, this.#environment())
    this.#places.add(place)
    return place
  }

  /** Closes all connections at once, and resolves when they have ended. */
  async close(): Promise<void> {
    await Promise.all([...this.#places].map((place) => place.close()))
  }

  #forget(): void {
    const empty = [...this.#places].filter((place) => place.isEmpty)
    const surplus = empty.length - MAX_MEMORIES
    empty.forEach((place, index) => {
      if (place.isSpent || index <= surplus) this.#places.delete(place)
    })
  }
}
