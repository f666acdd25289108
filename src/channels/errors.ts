/** The errors of channels: the channel has ended, or it is full. */

import { TowpathError } from '../base/index.ts'

/**
 * The channel was closed or cancelled without a cause, and all of its values have been received.
 * (With a cause, `receive` rejects with the cause itself.)
 *
 * `cause` is what the channel's owner says about an end that is not a failure, if anything.
 */
export class ClosedReceiveChannelError extends TowpathError {
  override readonly name = 'ClosedReceiveChannelError'
  readonly code = 'TOWPATH_CLOSED_RECEIVE_CHANNEL'

  /** The `id` of the channel's session; `null` for a channel without a session. */
  readonly sessionId: string | null

  constructor(options: ClosedChannelErrorOptions = {}) {
    const { sessionId = null, ...others } = options
    const what = sessionId === null ? 'the channel' : `incoming of session ${sessionId}`
    super(`Cannot receive: ${what} is closed and empty`, others)
    this.sessionId = sessionId
  }
}

/** Options of the errors of closed channels. */
export interface ClosedChannelErrorOptions extends ErrorOptions {
  /** The `id` of the channel's session. */
  readonly sessionId?: string
}

/** No value arrived within `receive({ timeout })`. No value was taken. */
export class ReceiveTimeoutError extends TowpathError {
  override readonly name = 'ReceiveTimeoutError'
  readonly code = 'TOWPATH_RECEIVE_TIMEOUT'

  /** The timeout, in milliseconds. */
  readonly timeoutMs: number

  constructor(timeoutMs: number) {
    super(`Cannot receive: no value arrived within ${timeoutMs} ms`)
    this.timeoutMs = timeoutMs
  }
}

/**
 * The channel was closed or cancelled, and accepts no values. `cause` is the cause of the close, if
 * any.
 */
export class ClosedSendChannelError extends TowpathError {
  override readonly name = 'ClosedSendChannelError'
  readonly code = 'TOWPATH_CLOSED_SEND_CHANNEL'

  /** The unsent value. */
  readonly value: unknown

  /** The `id` of the channel's session; `null` for a channel without a session. */
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
 * A value did not fit into a channel with the overflow policy `close`. Earlier values can still be
 * received.
 */
export class ChannelOverflowError extends TowpathError {
  override readonly name = 'ChannelOverflowError'
  readonly code = 'TOWPATH_CHANNEL_OVERFLOW'

  /** How many values the channel may hold; `Infinity` if only their bytes are limited. */
  readonly capacity: number

  /** The value that did not fit. */
  readonly value: unknown

  constructor(capacity: number, value: unknown, options?: ErrorOptions) {
    super(`Cannot send: the channel of capacity ${capacity} is full`, options)
    this.capacity = capacity
    this.value = value
  }
}

/** Converts an error or a reason of a user into the cause of a channel; `null` if there is none. */
export function toCause(reason: unknown): Error | null {
  if (reason === undefined || reason === null) return null
  if (reason instanceof Error) return reason
  return new Error('Cannot continue: the reason is not an Error', {
    cause: reason,
  })
}
