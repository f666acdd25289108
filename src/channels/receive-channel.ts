/**
 * The receiving side of a channel (Ktor: `ReceiveChannel`).
 */

import type { Duration } from '../base/index.ts'

/** How to wait for a value. */
export interface ReceiveOptions {
  /**
   * Gives up the waiting: the call rejects with `signal.reason` and has taken nothing. A signal
   * that has aborted already takes nothing even if a value is there.
   */
  readonly signal?: AbortSignal | undefined

  /**
   * The longest wait: milliseconds, or `{ seconds: 10 }`; 0 or above, `Infinity` is no limit. When
   * it has passed, the call rejects with `ReceiveTimeoutError` and has taken nothing. It runs on
   * the clock of the application for a session's channel, and in real time for others.
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

/** Nothing will be received any more. `cause` is why, `null` for a normal end. */
export interface ReceivedEnd {
  readonly type: 'closed'
  readonly cause: Error | null
}

/** The answer of `receiveCatching()`. */
export type ReceiveResult<T> = ReceivedValue<T> | ReceivedEnd

/** The answer of `tryReceive()`; `empty` if there is nothing at the moment. */
export type TryReceiveResult<T> = ReceivedValue<T> | { readonly type: 'empty' } | ReceivedEnd

/**
 * Values to be received, each by one receiver, in the order in which they were sent. `undefined` is
 * a value like others.
 *
 * Any number of receivers may wait; they are served in the order of their calls. Values are
 * received until the channel has been closed *and* holds nothing more. Then, if it was closed
 * without a cause, `receive` rejects with `ClosedReceiveChannelError`, and everything that reads to
 * the end returns normally; if it was closed with a cause, all of them reject with the cause
 * itself.
 *
 * @typeParam T what is received. A promise is not a good choice: `receive` would await it.
 */
export interface ReceiveChannel<T> {
  /**
   * Takes the next value, waiting for it if need be.
   *
   * @throws {ClosedReceiveChannelError} (by rejecting) after a normal end, whether it came before
   *   or during the wait; the cause after another end; the reason of `options.signal` when that
   *   aborts; {ReceiveTimeoutError} when `options.timeout` has passed. A timeout need not be
   *   awaited: it is never an unhandled rejection
   *
   * @example const first = await incoming.receive({ timeout: seconds(10) })
   */
  receive(options?: ReceiveOptions): Promise<T>

  /** Takes the next value if there is one; never waits and never throws. */
  tryReceive(): TryReceiveResult<T>

  /**
   * As `receive`, but the end is an answer and not a rejection. Rejects only when the signal
   * aborts or the timeout has passed.
   */
  receiveCatching(options?: ReceiveOptions): Promise<ReceiveResult<T>>

  /**
   * Gives up receiving: drops what the channel holds and ends it, for senders too. Waiting
   * receivers and senders are told as by `close(cause)`. Does nothing if everything has been
   * received already; keeps the cause of an earlier `close`.
   */
  cancel(cause?: Error | null): void

  /** Whether the channel has been closed and everything in it received (or it was cancelled). */
  readonly isClosedForReceive: boolean

  /**
   * Receives one value at each step, until the end. Leaving the loop with `break` leaves the
   * channel open, and the next loop goes on where this one stopped; a step that still waits is
   * freed and has taken nothing. Several loops share the values between them.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined, undefined>

  /**
   * A channel of what `f` makes of each value. Lazy: a value is taken from this channel, and `f`
   * called, when one is asked for; one at a time, in order; `f` may be async.
   *
   * Receiving from the result takes from this channel; cancelling it cancels this one. If `f`
   * throws, both are cancelled with what it threw. When a receiver goes away while `f` is at work,
   * the value is kept for the next.
   */
  map<R>(f: (value: T) => R | PromiseLike<R>): ReceiveChannel<R>

  /**
   * A channel of the values for which `isWanted` holds; the others are dropped. Otherwise as `map`.
   */
  filter<S extends T>(isWanted: (value: T) => value is S): ReceiveChannel<S>
  filter(isWanted: (value: T) => boolean | PromiseLike<boolean>): ReceiveChannel<T>

  /**
   * A channel of what `f` makes of each value, without those for which it gives `null` or
   * `undefined`. Otherwise as `map`.
   *
   * @example const texts = incoming.mapNotNull((frame) => (frame instanceof Frame.Text ? frame :
   *   null))
   */
  mapNotNull<R>(f: (value: T) => R | PromiseLike<R>): ReceiveChannel<NonNullable<R>>

  /**
   * Calls `f` for each value until the end, awaiting what it returns before the next one is taken.
   * Cancels the channel however it ends: with the failure as the cause if `f` throws.
   */
  consumeEach(f: (value: T) => unknown): Promise<void>

  /**
   * All values until the end, in order. If the end has a cause, rejects with it, and they are lost.
   */
  toArray(): Promise<T[]>

  /**
   * The next value; then cancels the channel. Rejects as `receive` does. (`receive` leaves the
   * channel open.)
   */
  first(): Promise<T>

  /**
   * The channel as a WHATWG stream. It takes a value only when its reader asks for one (its
   * high-water mark is 0). Cancelling the stream cancels the channel; the channel's end closes the
   * stream, or errors it with the cause.
   */
  readable(): ReadableStream<T>
}
