/**
 * The types of contracts.
 */

import type { StandardSchemaV1 } from '@standard-schema/spec'

/** The failures that a request may be answered with, by code; `null`: a code without data. */
export type ErrorSchemas = Readonly<Record<string, StandardSchemaV1 | null>>

/** A message that is not answered. */
export interface EventEntry {
  readonly event: StandardSchemaV1
}

/** A message that is answered: with one value, or with a stream of items and a value at its end. */
export interface RequestEntry {
  /** What is asked with; `null`: nothing. */
  readonly request: StandardSchemaV1 | null
  /** What is answered with; absent or `null`: an answer without a value. */
  readonly response?: StandardSchemaV1 | null
  /** The items of the side that answers. Asked with `stream()` and not with `request()`. */
  readonly stream?: StandardSchemaV1
  /** The items of the side that asks. */
  readonly upload?: StandardSchemaV1
  /** Failures of this request, beside those of the contract. */
  readonly errors?: ErrorSchemas
  /** Whether `typedConnection` may ask it again after a reconnect. @defaultValue false */
  readonly idempotent?: boolean
}

/** The messages of one side, by name. */
export type Entries = Readonly<Record<string, EventEntry | RequestEntry>>

/** What `defineContract` takes. */
export interface ContractShape {
  /** Becomes a part of the subprotocol: a token (RFC 9110 §5.6.2). */
  readonly name: string
  /** Becomes a part of the subprotocol: `chat.2`. A whole number, 0 or above. @defaultValue none */
  readonly version?: number
  /**
   * The names of the codecs in order of preference; each gives one subprotocol. With `json` among
   * them, or by default, what travels has to be JSON.
   *
   * @defaultValue ['json']
   */
  readonly codecs?: readonly string[]
  /** Failures of every request. */
  readonly errors?: ErrorSchemas
  /** What the client sends. */
  readonly client?: Entries
  /** What the server sends. */
  readonly server?: Entries
}

/** A checked contract. It may be shared by any number of routes, sessions and connections. */
export interface Contract<C extends ContractShape = ContractShape> {
  /** What `defineContract` was given. Of `contractOf`, the name alone. */
  readonly shape: C
  /**
   * Its subprotocols in order of preference, for `protocols` of a route or of a client:
   * `['chat.2+json']`.
   */
  readonly protocols: readonly string[]
}
