/**
 * What the parts of a link share.
 */

import type { Validated } from '../../schema/index.ts'
import type { Outbox } from './outbox.ts'
import type { LinkPort, LinkSettings } from './port.ts'

/** A link, as its requests and answers see it. */
export interface LinkParts {
  readonly port: LinkPort
  readonly settings: LinkSettings
  readonly outbox: Outbox
  /** Messages that have arrived and wait for the application: for the message of a timeout. */
  readonly unread: number
  /** A request of this side is under way: what is held back may hold its answer. */
  asked(): void
  /** A value of the peer for `type` does not match its schema, or the schema has thrown. */
  invalid(type: string, outcome: Validated | { readonly error: unknown }): void
}
