/** An upgrade request that came through the front door of TLS, as the application sees it. */

import type { UpgradeRequest } from '../../../application/index.ts'
import type { RequestHead } from '../../../protocol/internal.ts'
import type { TransportAddress } from '../../../session/index.ts'
import type { ConnectionFacts } from '../transports/connection-facts.ts'

/** A request with the facts of its connection. A session keeps it. */
export class SecureRequest implements UpgradeRequest, ConnectionFacts {
  readonly target: string
  readonly rawHeaders: readonly string[]
  readonly local: TransportAddress
  readonly remote: TransportAddress
  readonly earlyBytes: number

  constructor(
    { target, rawHeaders }: RequestHead,
    { local, remote }: ConnectionFacts,
    earlyBytes: number,
  ) {
    this.target = target
    this.rawHeaders = rawHeaders
    this.local = local
    this.remote = remote
    this.earlyBytes = earlyBytes
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

  get encrypted(): boolean {
    return true
  }

  /** For an unclaimed request, the HTTPS server behind this door makes an `IncomingMessage`. */
  get comesAgain(): boolean {
    return true
  }
}
