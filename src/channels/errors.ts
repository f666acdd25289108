/**
 * What goes wrong with a channel: it has ended, or it held more than it may.
 */

import { TowpathError } from '../base/index.ts'

/**
 * Nothing can be received any more: the channel was closed or cancelled without a cause, and what
 * it held has been received. (With a cause, `receive` rejects with the cause itself.)
 *
 * `cause` is what the owner of the channel has to say about an end that is not a failure, if
 * anything.
 */
export class ClosedReceiveChannelError extends TowpathError {
  override readonly name = 'ClosedReceiveChannelError'
  readonly code = 'TOWPATH_CLOSED_RECEIVE_CHANNEL'

  /**
   * The `id` of the session whose channel it is; `null` for a channel that belongs to no session.
   */
  readonly sessionId: string | null

  constructor(options: ClosedChannelErrorOptions = {}) {
    const { sessionId = null, ...others } = options
    const what = sessionId === null ? 'the channel' : `incoming of session ${sessionId}`
    super(`Cannot receive: ${what} is closed and holds nothing more`, others)
    this.sessionId = sessionId
  }
}

/** What the errors of closed channels are made with. */
export interface ClosedChannelErrorOptions extends ErrorOptions {
  /** The `id` of the session whose channel it is. */
  readonly sessionId?: string
}

/** No value came in the time that `receive({ timeout })` allows. Nothing was taken. */
export class ReceiveTimeoutError extends TowpathError {
  override readonly name = 'ReceiveTimeoutError'
  readonly code = 'TOWPATH_RECEIVE_TIMEOUT'

  /** What was allowed, in milliseconds. */
  readonly timeoutMs: number

  constructor(timeoutMs: number) {
    super(`Cannot receive: nothing came within ${timeoutMs} ms`)
    this.timeoutMs = timeoutMs
  }
}

/**
 * Nothing can be sent any more: the channel was closed (`cause` is the cause of that, if it had
 * one) or cancelled.
 */
export class ClosedSendChannelError extends TowpathError {
  override readonly name = 'ClosedSendChannelError'
  readonly code = 'TOWPATH_CLOSED_SEND_CHANNEL'

  /** What was not sent. */
  readonly value: unknown

  /**
   * The `id` of the session whose channel it is; `null` for a channel that belongs to no session.
   */
  readonly sessionId: string | null

  constructor(value: unknown, options: ClosedChannelErrorOptions = {}) {
    const { sessionId = null, ...others } = options
    super(
      `Cannot send: ${sessionId === null ? 'the channel' : `session ${sessionId}`} is closed`,
      others,
    )
    this.value = value
    this.sessionId = sessionId
  }
}

/**
 * A value did not fit into a channel whose policy is to close then. What it held before can be
 * received.
 */
export class ChannelOverflowError extends TowpathError {
  override readonly name = 'ChannelOverflowError'
  readonly code = 'TOWPATH_CHANNEL_OVERFLOW'

  /** How many values the channel may hold; `Infinity` if only their bytes are bounded. */
  readonly capacity: number

  /** What did not fit. */
  readonly value: unknown

  constructor(capacity: number, value: unknown, options?: ErrorOptions) {
    super(
      `Cannot hold another value: the channel of capacity ${capacity} is full, and its policy is to close`,
      options,
    )
    this.capacity = capacity
    this.value = value
  }
}

/**
 * What a user threw, or gave as a reason, in the form of a channel's cause; `null` if it was
 * nothing.
 */
export function toCause(reason: unknown): Error | null {
  if (reason === undefined || reason === null) return null
  if (reason instanceof Error) return reason
  return new Error('Cannot go on with the channel: for a reason that is not an Error', {
    cause: reason,
  })
}
