/**
 * What a link needs of the session that carries it, and what it has been told.
 */

import type { Clock, Duration } from '../../base/index.ts'
import type { RequestReports } from '../../base/internal.ts'
import type { TrySendResult } from '../../channels/index.ts'
import type { CloseReason } from '../../protocol/index.ts'
import type { Codec } from '../codec.ts'
import type { CompiledContract } from '../contract.ts'
import type { Side } from '../message-types.ts'
import type { InvalidFact } from '../errors.ts'

/** One message as it travels: a text frame or a binary frame. */
export type Wire = string | Uint8Array

/** The session below a link. */
export interface LinkPort {
  /** Of the session: in tests it is virtual. */
  readonly clock: Clock
  /** As `trySend` of a session. */
  trySend(message: Wire): TrySendResult
  /** As `send` of a session. */
  send(message: Wire, signal?: AbortSignal): Promise<void>
  /**
   * Resolves when the event loop has had its turn, if the session is over: a loop of calls that
   * fail at once must not block it. `null`: the session is not over.
   */
  turn(): Promise<void> | null
  /** Ends the session because the peer has broken a rule. @returns what the peer is sent. */
  fail(code: number, message: string): CloseReason
  /** The session or the connection itself. */
  readonly owner: object
  /** Observes requests; `undefined`: they are not observed. */
  readonly requests: RequestReports | undefined
  /** Writes down a failure of our own code, once. Never throws. */
  report(error: unknown, type: string): void
}

/** The options of a link, read. Times are in milliseconds. */
export interface LinkSettings {
  /** The side that this is. */
  readonly side: Side
  /** `null`: the entries are not known here. */
  readonly contract: CompiledContract | null
  readonly codec: Codec
  /** Reads the timeout of one request. */
  readonly readDuration: (duration: Duration, what: string) => number
  /** `null`: none. */
  readonly requestTimeout: number | null
  readonly maxRequests: number
  readonly credit: number
  readonly readAhead: number
  readonly validatesIncoming: boolean
  readonly validatesOutgoing: boolean
  readonly closesAtInvalidEvents: boolean
  readonly onInvalid: (fact: InvalidFact) => void
}
