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
 * field for what all requests of this door have in common, and no object for an address.
 */
export class AcceptedRequest implements UpgradeRequest, ConnectionFacts {
  readonly target: string
  readonly rawHeaders: readonly string[]
  readonly encrypted: boolean
  /** The handle until the address of this end is asked for; then that address. */
  #local: AddressedHandle | TransportAddress
  /** `undefined` until the address of the peer is asked for. */
  #remoteHost: string | null | undefined = undefined
  #remotePort: number | null = null
  #early: EarlyBytes | null

  constructor(
    { target, rawHeaders }: RequestHead,
    handle: AddressedHandle,
    early: EarlyBytes,
    encrypted: boolean,
  ) {
    this.target = target
    this.rawHeaders = rawHeaders
    this.encrypted = encrypted
    this.#local = handle
    this.#early = early
  }

  // A refused request costs no system call for its addresses.

  /** The address of the peer. A session keeps it: a dead connection has no address. */
  get remote(): TransportAddress {
    this.accepted()
    return { host: this.#remoteHost ?? null, port: this.#remotePort }
  }

  /** The address of this end. */
  get local(): TransportAddress {
    if (!isHandle(this.#local)) return this.#local
    this.accepted()
    this.#local = localOf(this.#local)
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

function isHandle(local: AddressedHandle | TransportAddress): local is AddressedHandle {
  return 'getsockname' in local
}
