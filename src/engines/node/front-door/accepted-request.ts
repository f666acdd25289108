/**
 * An upgrade request that came through the front door, as the application sees it.
 */

import type { UpgradeRequest } from '../../../application/index.ts'
import type { RequestHead } from '../../../protocol/internal.ts'
import type { TransportAddress } from '../../../session/index.ts'
import type { ConnectionFacts } from '../transports/connection-facts.ts'

/** The bytes that are kept while the request is decided. */
export interface EarlyBytes {
  readonly earlyBytes: number
  watchEarlyBytes(listener: (bytes: number) => void): void
}

/** A session keeps its request: what all requests of this door have in common is not stored. */
export class AcceptedRequest implements UpgradeRequest {
  readonly target: string
  readonly rawHeaders: readonly string[]
  readonly #facts: ConnectionFacts

  #early: EarlyBytes | null

  constructor({ target, rawHeaders }: RequestHead, facts: ConnectionFacts, early: EarlyBytes) {
    this.target = target
    this.rawHeaders = rawHeaders
    this.#facts = facts
    this.#early = early
  }

  get earlyBytes(): number {
    return this.#early?.earlyBytes ?? 0
  }

  watchEarlyBytes(listener: (bytes: number) => void): void {
    this.#early?.watchEarlyBytes(listener)
  }

  /** The request has been decided: the connection keeps nothing for it. */
  decided(): void {
    this.#early = null
  }

  get method(): string {
    return 'GET'
  }

  get httpVersion(): string {
    return '1.1'
  }

  get hasBody(): boolean {
    return false
  }

  /** The HTTP server behind this door makes an `IncomingMessage` of a request that is not claimed here. */
  get comesAgain(): boolean {
    return true
  }

  get encrypted(): boolean {
    return false
  }

  get local(): TransportAddress {
    return this.#facts.local
  }

  get remote(): TransportAddress {
    return this.#facts.remote
  }
}
