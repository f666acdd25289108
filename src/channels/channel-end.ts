/**
 * How a channel ends, and the errors that the end gives to senders and receivers.
 */

import {
  type ClosedChannelErrorOptions,
  ClosedReceiveChannelError,
  ClosedSendChannelError,
} from './errors.ts'

/** How a channel has ended. */
export interface ChannelEnd {
  /** The error that receivers are rejected with; `null` for a normal end. */
  readonly cause: Error | null
  /** The `cause` in the error of a `receive` after a normal end, if any. */
  readonly detail: Error | null
  /** The `id` of the channel's session. */
  readonly sessionId?: string
}

export const NORMAL_END: ChannelEnd = { cause: null, detail: null }

/** The end of a channel of a session. Only an error asks for the id, which costs random bytes. */
export class SessionChannelEnd<O> implements ChannelEnd {
  readonly cause: Error | null
  readonly detail: Error | null
  readonly #owner: O
  readonly #idOf: (owner: O) => string

  constructor(cause: Error | null, detail: Error | null, owner: O, idOf: (owner: O) => string) {
    this.cause = cause
    this.detail = detail
    this.#owner = owner
    this.#idOf = idOf
  }

  get sessionId(): string {
    return this.#idOf(this.#owner)
  }
}

/** @throws {TypeError} if `cause` is neither an error nor `null`. */
export function checkCause(cause: Error | null): void {
  if (cause === null || cause instanceof Error) return
  throw new TypeError(`Cannot end a channel with a ${typeof cause} as the cause, expected an Error`)
}

/** Returns the error for a send to a channel that has ended. */
export function refusal(value: unknown, end: ChannelEnd): ClosedSendChannelError {
  return new ClosedSendChannelError(value, errorOptions(end, end.cause ?? end.detail))
}

/** Returns the error for a receive from a channel that has ended without a cause. */
export function closedError(end: ChannelEnd): ClosedReceiveChannelError {
  return new ClosedReceiveChannelError(errorOptions(end, end.detail))
}

function errorOptions({ sessionId }: ChannelEnd, cause: Error | null): ClosedChannelErrorOptions {
  return {
    ...(cause === null ? {} : { cause }),
    ...(sessionId === undefined ? {} : { sessionId }),
  }
}
