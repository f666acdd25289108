/**
 * What the parts of a link share.
 */

import type { Check, Validated } from '../../schema/index.ts'
import type { CompiledEntry } from '../contract.ts'
import type { Order } from './order.ts'
import type { Outbox } from './outbox.ts'
import type { LinkPort, LinkSettings } from './port.ts'

/** What is wrong with a value: it does not match its schema, or the schema has thrown. */
export type Invalid = Validated | { readonly error: unknown }

/** What a request needs of the checks of its link. */
export interface AnswerChecks {
  /** Calls `use` with the value of an answer if it is valid, and `invalid` otherwise. */
  answered(
    check: Check | null,
    data: unknown,
    use: (value: unknown) => void,
    invalid: (outcome: Invalid) => void,
  ): void
  /**
   * A failure of the peer. A side that validates takes no failure that the contract does not
   * declare, and no data but of one that it declares.
   */
  failureOf(entry: CompiledEntry | null, code: string, data: unknown): KnownFailure
  /** Reports a value of the peer for `type` that is invalid. Never throws. */
  invalid(type: string, outcome: Invalid): void
}

/** A failure of the peer, and what its data has to match. */
export interface KnownFailure {
  readonly code: string
  readonly check: Check | null
  readonly data: unknown
}

/** A link, as its requests and answers see it. */
export interface LinkParts {
  readonly port: LinkPort
  readonly settings: LinkSettings
  readonly outbox: Outbox
  /** `null`: the entries are not known here, and nothing is validated. */
  readonly checks: AnswerChecks | null
  /** Of `checks`. */
  readonly order: Order | null
  /** Messages that have arrived and wait for the application: for the message of a timeout. */
  readonly unread: number
  /** A request of this side is under way: what is held back may hold its answer. */
  asked(): void
}
