/**
 * The errors of typed messages.
 */

import { TowpathError } from '../base/index.ts'
import { quoteName, shorten } from '../base/internal.ts'
import type { CloseReason } from '../protocol/index.ts'
import type { Issue } from '../schema/index.ts'

/** Failures that no contract declares. `DISCONNECTED` never travels. */
export type BuiltinFailure =
  | 'INVALID'
  | 'UNKNOWN'
  | 'BUSY'
  | 'CANCELLED'
  | 'TIMEOUT'
  | 'FAILED'
  | 'DISCONNECTED'

const REASONS: Readonly<Record<BuiltinFailure, string>> = {
  INVALID: 'the peer finds its data invalid',
  UNKNOWN: 'the peer does not know it',
  BUSY: 'the peer has too many requests to answer',
  CANCELLED: 'it was cancelled',
  TIMEOUT: 'its time is up',
  FAILED: 'its handler failed',
  DISCONNECTED: 'the session is over',
}

/** Whether a failure is one that no contract declares. */
export function isBuiltin(failure: string): failure is BuiltinFailure {
  return Object.hasOwn(REASONS, failure)
}

/** What `RequestFailedError` knows beside its failure. */
export interface RequestFailedFacts extends ErrorOptions {
  readonly data?: unknown
  readonly issues?: readonly Issue[] | undefined
  /** Stands in the message in the place of the usual reason. */
  readonly reason?: string
}

/** A request was not answered with a value. */
export class RequestFailedError extends TowpathError {
  override readonly name = 'RequestFailedError'
  readonly code = 'TOWPATH_REQUEST_FAILED'

  /** The name of the request. */
  readonly type: string
  /** A code of the contract, or a `BuiltinFailure`. */
  readonly failure: string
  /** What the contract declares for the failure; `undefined` for a failure without data. */
  readonly data: unknown
  /** Of `INVALID`: what the peer finds invalid, at most 10 issues. */
  readonly issues?: readonly Issue[]

  constructor(type: string, failure: string, facts: RequestFailedFacts = {}) {
    const { data, issues, reason, ...options } = facts
    const why = isBuiltin(failure)
      ? REASONS[failure]
      : 'the peer answered with a failure of the contract'
    super(
      `Cannot get an answer to ${quoteName(type)}: ${reason ?? why} (${shorten(failure, MAX_FAILURE_LENGTH)})`,
      options,
    )
    this.type = type
    this.failure = failure
    this.data = data
    if (issues !== undefined) this.issues = issues
  }
}

/** Whether a request has failed with its session. */
export function isLost(error: unknown): boolean {
  return error instanceof RequestFailedError && error.failure === 'DISCONNECTED'
}

/**
 * The session of typed messages was closed. It is the cause of the `ClosedReceiveChannelError` of
 * `incoming`, and of `DISCONNECTED`.
 */
export class SessionClosedError extends TowpathError {
  override readonly name = 'SessionClosedError'
  readonly code = 'TOWPATH_SESSION_CLOSED'

  /** What `closeReason` of the session resolved with. */
  readonly reason: CloseReason

  constructor(reason: CloseReason) {
    super(`Cannot exchange more messages: the session was closed with ${reason.code}`)
    this.reason = reason
  }
}

/**
 * A value does not match its schema on this side. It has not been sent, or has not been delivered.
 */
export class InvalidMessageError extends TowpathError {
  override readonly name = 'InvalidMessageError'
  readonly code = 'TOWPATH_INVALID_MESSAGE'

  /** The name of the message. */
  readonly type: string
  /** What is invalid, at most 10 issues; never the value itself. */
  readonly issues: readonly Issue[]

  constructor(type: string, issues: readonly Issue[]) {
    super(
      `Cannot use the value of ${quoteName(type)}: it does not match its schema${describeFirst(issues)}`,
    )
    this.type = type
    this.issues = issues
  }
}

/** The argument of `onInvalid`. */
export interface InvalidFact {
  /** The name of the message. */
  readonly type: string
  /** What is invalid, at most 10 issues; never the value. */
  readonly issues: readonly Issue[]
}

/**
 * Where the first of `issues` is and what it says, for the end of a message. The peer may have
 * chosen the keys of the path, and schemas quote them in what they say.
 */
export function describeFirst([first]: readonly Issue[]): string {
  if (first === undefined) return ''
  return ` at ${quoteName(first.path.join('.'))}: ${shorten(first.message, MAX_ISSUE_LENGTH)}`
}

const MAX_ISSUE_LENGTH = 200
const MAX_FAILURE_LENGTH = 64
