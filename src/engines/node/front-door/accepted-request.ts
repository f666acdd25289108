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
import { headersWithKey, type SharedHeaders, sharedHeaders } from './header-lists.ts'

/** The bytes that are kept while the request is decided. */
export interface EarlyBytes {
  readonly earlyBytes: number
  watchEarlyBytes(listener: (bytes: number) => void): void
}

/**
 * A request with the facts of its connection. A session keeps its request, so this object has no
 * field for what all requests of this door have in common, and no object for an address.
 */
export class AcceptedRequest implements UpgradeRequest, ConnectionFacts {
  readonly target: string
  readonly encrypted: boolean
  /** The handle until the address of this end is asked for; then that address. */
  #local: AddressedHandle | TransportAddress
  /** `undefined` until the address of the peer is asked for. */
  #remoteHost: string | null | undefined = undefined
  #remotePort: number | null = null
  /** Those of a session may be shared; then the key is in `#rest`. */
  #headers: readonly string[] | SharedHeaders
  /** Until the request is decided, the bytes behind it; for shared headers, the key. */
  #rest: EarlyBytes | string | null

  constructor(
    { target, rawHeaders }: RequestHead,
    handle: AddressedHandle,
    early: EarlyBytes,
    encrypted: boolean,
  ) {
    this.target = target
    this.encrypted = encrypted
    this.#local = handle
    this.#headers = rawHeaders
    this.#rest = early
  }

  get rawHeaders(): readonly string[] {
    const headers = this.#headers
    const key = this.#rest
    if (!isShared(headers)) return headers
    return headersWithKey(headers, typeof key === 'string' ? key : '')
  }

  // A refused request costs no system call for its addresses.

  /** The address of the peer. A session keeps it: a dead connection has no address. */
  get remote(): TransportAddress {
    this.readRemote()
    return { host: this.#remoteHost ?? null, port: this.#remotePort }
  }

  /** The address of this end. */
  get local(): TransportAddress {
    if (!isHandle(this.#local)) return this.#local
    this.readRemote()
    this.#local = localOf(this.#local)
    return this.#local
  }

  get earlyBytes(): number {
    const rest = this.#rest
    return rest === null || typeof rest === 'string' ? 0 : rest.earlyBytes
  }

  watchEarlyBytes(listener: (bytes: number) => void): void {
    const rest = this.#rest
    if (rest !== null && typeof rest !== 'string') rest.watchEarlyBytes(listener)
  }

  /** The request has been decided: the connection keeps nothing more for it. */
  decided(): void {
    if (typeof this.#rest !== 'string') this.#rest = null
  }

  /** The request becomes a session, which may be asked for its peer after the end. */
  accepted(): void {
    this.readRemote()
    const headers = this.#headers
    if (isShared(headers)) return
    const shared = sharedHeaders(headers)
    if (shared === null) return
    this.#rest = headers[shared.keyAt] ?? ''
    this.#headers = shared
  }

  private readRemote(): void {
    if (this.#remoteHost !== undefined || !isHandle(this.#local)) return
    const { host, port } = remoteOf(this.#local)
    this.#remoteHost = host
    this.#remotePort = port
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
}

function isShared(headers: readonly string[] | SharedHeaders): headers is SharedHeaders {
  return 'keyAt' in headers
}

function isHandle(local: AddressedHandle | TransportAddress): local is AddressedHandle {
  return 'getsockname' in local
}
