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
  readonly #handle: AddressedHandle
  #remote: TransportAddress | null = null
  #local: TransportAddress | null = null
  #early: EarlyBytes | null

  constructor({ target, rawHeaders }: RequestHead, handle: AddressedHandle, early: EarlyBytes) {
    this.target = target
    this.rawHeaders = rawHeaders
    this.#handle = handle
    this.#early = early
  }

  // A refused request costs no system call for its addresses.

  /** The address of the peer. A session keeps it: a dead connection has no address. */
  get remote(): TransportAddress {
    this.#remote ??= remoteOf(this.#handle)
    return this.#remote
  }

  /** The address of this end. */
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

  /** The request has been decided: the connection keeps nothing more for it. */
  decided(): void {
    this.#early = null
  }

  /** The request becomes a session, which may be asked for its peer after the end. */
  accepted(): void {
    this.#remote ??= remoteOf(this.#handle)
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
