/**
 * An upgrade request that came through the front door, as the application sees it.
 */

import type { UpgradeRequest } from '../../../application/index.ts'
import type { RequestHead } from '../../../protocol/internal.ts'
import type { TransportAddress } from '../../../session/index.ts'
import type { ConnectionFacts } from '../transports/connection-facts.ts'

/** A session keeps its request: what all requests of this door have in common is not stored. */
export class AcceptedRequest implements UpgradeRequest {
  readonly target: string
  readonly rawHeaders: readonly string[]
  readonly #facts: ConnectionFacts

  constructor({ target, rawHeaders }: RequestHead, facts: ConnectionFacts) {
    this.target = target
    this.rawHeaders = rawHeaders
    this.#facts = facts
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
    return false
  }

  get local(): TransportAddress {
    return this.#facts.local
  }

  get remote(): TransportAddress {
    return this.#facts.remote
  }
}
