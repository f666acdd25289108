/**
 * How a value gets from a channel to the caller that asked for it.
 *
 * A channel implements the few methods of `ReceiveCore`. All methods of a receive channel are built
 * on these, here and in the neighbouring files, once for all kinds of channel.
 */

import type { Clock } from '../base/index.ts'
import {
  addAbortListener,
  handled,
  rejected,
  removeAbortListener,
  sumInMilliseconds,
} from '../base/internal.ts'
import {
  type ClosedChannelErrorOptions,
  ClosedReceiveChannelError,
  ReceiveTimeoutError,
} from './errors.ts'
import type {
  ReceiveChannel,
  ReceiveOptions,
  ReceiveResult,
  TryReceiveResult,
} from './receive-channel.ts'
import type { Waiting, WaitQueue } from './wait-queue.ts'

/** "No value", since `undefined` is a value. Never returned to users. */
export const NOTHING: unique symbol = Symbol('nothing')
export type Nothing = typeof NOTHING

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

/**
 * A waiting call that takes one value or the end. The channel calls one of the two methods, once.
 */
export interface Receiver<T> extends Waiting<Receiver<T>> {
  /** The object on whose behalf it waits, if the wait may have to be ended for that object. */
  readonly owner: object | null
  deliver(value: T): void
  end(end: ChannelEnd): void
}

/** The methods that each kind of receive channel implements. */
export interface ReceiveCore<T> {
  /** Takes the next value; `NOTHING` if there is none now, or if waiting receivers will get it. */
  takeNext(): T | Nothing

  /** How the channel has ended; `null` while it is open or a value can still be taken. */
  readonly end: ChannelEnd | null

  /**
   * The promise that the result of a receive after the end waits for: see
   * `ChannelHooks.onEndReceived`.
   */
  readonly delay: Promise<void> | null

  /**
   * Appends `receiver` to the waiting ones. Called right after `takeNext` returned `NOTHING` and
   * `end` was `null`.
   */
  join(receiver: Receiver<T>): void

  /** Removes `receiver`, which must be waiting. */
  leave(receiver: Receiver<T>): void

  /** Ends the waits on behalf of `owner`, as if the channel had ended normally. */
  release(owner: object): void

  cancel(cause?: Error | null): void

  /** The clock for the timeout of a `receive`. */
  readonly clock: Clock
}

/** Returns the core of a session's `incoming`, which is always a `BufferedChannel`. */
export function coreOf<T>(channel: ReceiveChannel<T>): ReceiveCore<T> {
  return channel as ReceiveChannel<T> & ReceiveCore<T>
}

/** The form in which a value or the end is returned. */
export interface Shape<T, R> {
  value(value: T): R
  /** Throws if the end is reported as a rejection. */
  end(end: ChannelEnd): R
}

const BARE: Shape<unknown, unknown> = {
  value: (value) => value,
  end: (end) => {
    throw end.cause ?? closedError(end)
  },
}

const RESULT: Shape<unknown, ReceiveResult<unknown>> = {
  value: (value) => ({ type: 'value', value }),
  end: ({ cause }) => ({ type: 'closed', cause }),
}

const STEP: Shape<unknown, IteratorResult<unknown, undefined>> = {
  value: (value) => ({ done: false, value }),
  end: ({ cause }) => {
    if (cause !== null) throw cause
    return { done: true, value: undefined }
  },
}

const EMPTY = Object.freeze({ type: 'empty' as const })

// The shapes only pass values through: from values of T they make forms of T.

/** The value itself; the end throws. */
export function bare<T>(): Shape<T, T> {
  return BARE as Shape<T, T>
}

/** A tagged result; the end is one of them. */
export function result<T>(): Shape<T, ReceiveResult<T>> {
  return RESULT as Shape<T, ReceiveResult<T>>
}

/** An iterator result; a normal end is one of them, an end with a cause throws. */
export function step<T>(): Shape<T, IteratorResult<T, undefined>> {
  return STEP as Shape<T, IteratorResult<T, undefined>>
}

/**
 * Takes the next value of `core` in the form of `shape`, and waits if necessary. If a value is
 * available, this costs one settled promise beside the allocations of the shape.
 */
export function receiveAs<T, R>(
  core: ReceiveCore<T>,
  shape: Shape<T, R>,
  options: ReceiveOptions | undefined,
  owner: object | null,
): Promise<R> {
  if (options !== undefined) return receiveWith(core, shape, options, owner)
  const value = core.takeNext()
  if (value !== NOTHING) return Promise.resolve(shape.value(value))
  const { end } = core
  return end === null ? waitFor(core, shape, undefined, owner).promise : endOf(core, shape, end)
}

/**
 * The end of `core` in the form of `shape`. A rejection is marked as handled, because it only says
 * that the channel has ended.
 */
function endOf<T, R>(core: ReceiveCore<T>, shape: Shape<T, R>, end: ChannelEnd): Promise<R> {
  const { delay } = core
  return delay === null ? ended(shape, end) : handled(delay.then(() => ended(shape, end)))
}

function ended<T, R>(shape: Shape<T, R>, end: ChannelEnd): Promise<R> {
  try {
    return Promise.resolve(shape.end(end))
  } catch (error) {
    return handled(rejected(error))
  }
}

function receiveWith<T, R>(
  core: ReceiveCore<T>,
  shape: Shape<T, R>,
  { signal, timeout = Infinity }: ReceiveOptions,
  owner: object | null,
): Promise<R> {
  try {
    const timeoutMs = sumInMilliseconds(timeout)
    if (!(timeoutMs >= 0)) {
      throw new RangeError(
        'Cannot receive: option "timeout" is invalid, expected a duration of 0 or above',
      )
    }
    if (signal !== undefined && signal.aborted) return handled(rejected(signal.reason))
    const value = core.takeNext()
    if (value !== NOTHING) return Promise.resolve(shape.value(value))
    const { end } = core
    if (end !== null) return endOf(core, shape, end)
    const receiver = waitFor(core, shape, signal, owner)
    if (timeoutMs !== Infinity) limitWait(receiver, timeoutMs, core.clock)
    return receiver.promise
  } catch (error) {
    return rejected(error)
  }
}

function limitWait<T, R>(receiver: PromiseReceiver<T, R>, timeoutMs: number, clock: Clock): void {
  if (!receiver.isWaiting) return
  const timer = clock.setTimer(timeoutMs, () => receiver.giveUp(new ReceiveTimeoutError(timeoutMs)))
  const stop = (): void => timer[Symbol.dispose]()
  // This also marks a rejection as handled: the caller may not await the promise.
  receiver.promise.then(stop, stop)
}

/** Waits at `core`, which has no value now and has not ended. */
export function waitFor<T, R>(
  core: ReceiveCore<T>,
  shape: Shape<T, R>,
  signal: AbortSignal | undefined,
  owner: object | null,
): PromiseReceiver<T, R> {
  const receiver = new PromiseReceiver(core, shape, signal ?? null, owner)
  receiver.listen()
  core.join(receiver)
  return receiver
}

/** Takes the value or the end that is available now. */
export function tryReceiveFrom<T>(core: ReceiveCore<T>): TryReceiveResult<T> {
  const value = core.takeNext()
  if (value !== NOTHING) return { type: 'value', value }
  const { end } = core
  return end === null ? EMPTY : { type: 'closed', cause: end.cause }
}

/** Ends the waits in `queue` on behalf of `owner`, as at a normal end. */
export function releaseReceivers<T>(queue: WaitQueue<Receiver<T>>, owner: object): void {
  let receiver = queue.first
  while (receiver !== null) {
    const { next } = receiver
    if (receiver.owner === owner) {
      queue.remove(receiver)
      receiver.end(NORMAL_END)
    }
    receiver = next
  }
}

/** Waits for one value on behalf of a promise. */
export class PromiseReceiver<T, R> implements Receiver<T> {
  readonly owner: object | null
  readonly promise: Promise<R>
  previous: Receiver<T> | null = null
  next: Receiver<T> | null = null
  /** Whether it is still in the queue of its channel. */
  isWaiting = true
  readonly #core: ReceiveCore<T>
  readonly #shape: Shape<T, R>
  readonly #signal: AbortSignal | null
  #onAborted: () => void = ignore
  readonly #resolve: (value: R) => void
  readonly #reject: (reason: unknown) => void

  constructor(
    core: ReceiveCore<T>,
    shape: Shape<T, R>,
    signal: AbortSignal | null,
    owner: object | null,
  ) {
    this.owner = owner
    this.#core = core
    this.#shape = shape
    this.#signal = signal
    // `capture` stores the functions that settle the promise; a closure for each wait would cost
    // more.
    this.promise = new Promise<R>(capture)
    this.#resolve = resolveCaptured as (value: R) => void // of this very promise
    this.#reject = rejectCaptured
  }

  deliver(value: T): void {
    this.#stopWaiting()
    this.#resolve(this.#shape.value(value))
  }

  end(end: ChannelEnd): void {
    this.#stopWaiting()
    try {
      this.#resolve(this.#shape.end(end))
    } catch (error) {
      void handled(this.promise)
      this.#reject(error)
    }
  }

  /** Ends the wait when the signal aborts, if there is a signal. */
  listen(): void {
    const signal = this.#signal
    if (signal === null) return
    this.#onAborted = () => this.giveUp(signal.reason)
    addAbortListener(signal, this.#onAborted)
  }

  /** Rejects with `reason` without taking a value. Does nothing once the wait is over. */
  giveUp(reason: unknown): void {
    if (!this.isWaiting) return
    this.#core.leave(this)
    this.#stopWaiting()
    void handled(this.promise)
    this.#reject(reason)
  }

  #stopWaiting(): void {
    this.isWaiting = false
    if (this.#signal !== null) removeAbortListener(this.#signal, this.#onAborted)
  }
}

// From the promise that was made last. Its function is called before `new Promise` returns.
let resolveCaptured: (value: never) => void = ignore
let rejectCaptured: (reason: unknown) => void = ignore

function capture(resolve: (value: never) => void, reject: (reason: unknown) => void): void {
  resolveCaptured = resolve
  rejectCaptured = reject
}

function closedError(end: ChannelEnd): ClosedReceiveChannelError {
  return new ClosedReceiveChannelError(errorOptions(end, end.detail))
}

/** The options of an error about `end`, with `cause` as its cause, if any. */
export function errorOptions(
  { sessionId }: ChannelEnd,
  cause: Error | null,
): ClosedChannelErrorOptions {
  return {
    ...(cause === null ? {} : { cause }),
    ...(sessionId === undefined ? {} : { sessionId }),
  }
}

function ignore(): void {
  // Never called.
}
