/**
 * The receiving side of a channel (Ktor: `ReceiveChannel`).
 */

import type { Duration } from '../base/index.ts'

/** Options of `receive`. */
export interface ReceiveOptions {
  /**
   * Aborts the wait: the call rejects with `signal.reason`, and no value is taken. If the signal
   * has already aborted, no value is taken even if one is available.
   */
  readonly signal?: AbortSignal | undefined

  /**
   * The longest wait: milliseconds, or `{ seconds: 10 }`; 0 or above, `Infinity` is no limit. Then
   * the call rejects with `ReceiveTimeoutError`, and no value is taken. The timeout runs on the
   * application's clock for a session's channel, and in real time for others.
   *
   * @defaultValue Infinity
   */
  readonly timeout?: Duration | undefined
}

/** A value was received. */
export interface ReceivedValue<T> {
  readonly type: 'value'
  readonly value: T
}

/** The channel has ended. `cause` is the reason, `null` for a normal end. */
export interface ReceivedEnd {
  readonly type: 'closed'
  readonly cause: Error | null
}

/** The result of `receiveCatching()`. */
export type ReceiveResult<T> = ReceivedValue<T> | ReceivedEnd

/** The result of `tryReceive()`; `empty` if there is no value now. */
export type TryReceiveResult<T> = ReceivedValue<T> | { readonly type: 'empty' } | ReceivedEnd

/**
 * The receiving side of a channel. Each value goes to one receiver, in the order of sending.
 * `undefined` is a value like any other.
 *
 * Any number of receivers may wait; they are served in the order of their calls. Values are
 * received until the channel has been closed *and* is empty. Then, if it was closed without a
 * cause, `receive` rejects with `ClosedReceiveChannelError`, and methods that read to the end
 * return normally. If it was closed with a cause, all of them reject with the cause.
 *
 * @typeParam T the type of the values. Avoid promises: `receive` would await them.
 */
export interface ReceiveChannel<T> {
  /**
   * Takes the next value, and waits for it if necessary.
   *
   * @throws {ClosedReceiveChannelError} (by rejecting) after a normal end, before or during the
   *   wait; the cause after another end; the reason of `options.signal` when that aborts;
   *   {ReceiveTimeoutError} when `options.timeout` has passed. A timeout that is not awaited causes
   *   no unhandled rejection.
   *
   * @example
   * const first = await incoming.receive({ timeout: seconds(10) })
   */
  receive(options?: ReceiveOptions): Promise<T>

  /** Takes the next value if one is available; never waits and never throws. */
  tryReceive(): TryReceiveResult<T>

  /**
   * Like `receive`, but returns the end as a result. Rejects only when the signal aborts or the
   * timeout has passed.
   */
  receiveCatching(options?: ReceiveOptions): Promise<ReceiveResult<T>>

  /**
   * Cancels the channel: drops its values and ends it, for senders too. Waiting receivers and
   * senders are rejected as by `close(cause)`. Does nothing if everything has already been
   * received; keeps the cause of an earlier `close`.
   */
  cancel(cause?: Error | null): void

  /** Whether the channel has been closed and is empty, or has been cancelled. */
  readonly isClosedForReceive: boolean

  /**
   * Receives one value at each step, until the end. Leaving the loop with `break` leaves the
   * channel open, and the next loop continues where this one stopped; a pending step ends and takes
   * no value. Several loops share the values between them.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined, undefined>

  /**
   * Returns a channel of the results of `f`. It is lazy: a value is taken from this channel, and
   * `f` called, when a receiver asks for one; one at a time, in order. `f` may be async.
   *
   * Receiving from the result takes from this channel, and cancelling it cancels this channel. If
   * `f` throws, both are cancelled with the error. If a receiver leaves while `f` is running, the
   * next receiver gets the result.
   */
  map<R>(f: (value: T) => R | PromiseLike<R>): ReceiveChannel<R>

  /**
   * Returns a channel of the values for which `isWanted` returns true; other values are dropped.
   * Otherwise like `map`.
   */
  filter<S extends T>(isWanted: (value: T) => value is S): ReceiveChannel<S>
  filter(isWanted: (value: T) => boolean | PromiseLike<boolean>): ReceiveChannel<T>

  /**
   * Returns a channel of the results of `f` that are not `null` or `undefined`. Otherwise like
   * `map`.
   *
   * @example
   * const texts = incoming.mapNotNull((frame) => (frame instanceof Frame.Text ? frame : null))
   */
  mapNotNull<R>(f: (value: T) => R | PromiseLike<R>): ReceiveChannel<NonNullable<R>>

  /**
   * Calls `f` for each value until the end, and awaits its result before it takes the next value.
   * Cancels the channel in every case; if `f` throws, with the error as the cause.
   */
  consumeEach(f: (value: T) => unknown): Promise<void>

  /**
   * Returns all values until the end, in order. If the end has a cause, rejects with it, and the
   * values are lost.
   */
  toArray(): Promise<T[]>

  /**
   * Takes the next value, then cancels the channel. Rejects like `receive`. (`receive` leaves the
   * channel open.)
   */
  first(): Promise<T>

  /**
   * Returns the channel as a WHATWG stream. It takes a value only when its reader asks for one (its
   * high-water mark is 0). Cancelling the stream cancels the channel; the channel's end closes the
   * stream, or errors it with the cause.
   */
  readable(): ReadableStream<T>
}
