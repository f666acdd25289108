/**
 * An upgrade request that came through the front door, as the application sees it.
 */

import type { UpgradeRequest } from '../../../application/index.ts'
import type { RequestHead } from '../../../protocol/internal.ts'
import type { TransportAddress } from '../../../session/index.ts'
import {
  type AddressedHandle,
  type ConnectionFacts,
  localOf,
  remoteOf,
} from '../transports/connection-facts.ts'

/** The bytes that are kept while the request is decided. */
export interface EarlyBytes {
  readonly earlyBytes: number
  watchEarlyBytes(listener: (bytes: number) => void): void
}

/**
 * A request with the facts of its connection. A session keeps its request, so this object has no
 * field for what all requests of this door have in common.
 */
export class AcceptedRequest implements UpgradeRequest, ConnectionFacts {
  readonly target: string
  readonly rawHeaders: readonly string[]
  /** Read at once: the limits count by it, and a dead connection has no address. */
  readonly remote: TransportAddress
  readonly #handle: AddressedHandle
  #local: TransportAddress | null = null
  #early: EarlyBytes | null

  constructor({ target, rawHeaders }: RequestHead, handle: AddressedHandle, early: EarlyBytes) {
    this.target = target
    this.rawHeaders = rawHeaders
    this.remote = remoteOf(handle)
    this.#handle = handle
    this.#early = early
  }

  /** The address of this end, which is asked for when it is first needed. */
  get local(): TransportAddress {
    this.#local ??= localOf(this.#handle)
    return this.#local
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

  /** For an unclaimed request, the HTTP server behind this door makes an `IncomingMessage`. */
  get comesAgain(): boolean {
    return true
  }

  get encrypted(): boolean {
    return false
  }
}
