/**
 * How a value gets from a channel to someone who asked for it, in whichever form it was asked for.
 *
 * A channel implements the few methods of `ReceiveCore`; all that users can do with a receive
 * channel is made of these, here and in the files beside this one, once for all kinds of channel.
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

/** "No value", where `undefined` would be one. Never given to users. */
export const NOTHING: unique symbol = Symbol('nothing')
export type Nothing = typeof NOTHING

/** How a channel has ended. */
export interface ChannelEnd {
  /** What all receivers are rejected with; `null` for a normal end. */
  readonly cause: Error | null
  /** What the error of a `receive` after a normal end has as its `cause`, if anything. */
  readonly detail: Error | null
  /** The `id` of the session whose channel it is. */
  readonly sessionId?: string
}

export const NORMAL_END: ChannelEnd = { cause: null, detail: null }

/**
 * Someone who waits at a channel for one value, or the end. The channel calls one of the two, once.
 */
export interface Receiver<T> extends Waiting<Receiver<T>> {
  /** On whose behalf it waits, if that may have to be taken back. */
  readonly owner: object | null
  deliver(value: T): void
  end(end: ChannelEnd): void
}

/** What a receive channel has to do itself. */
export interface ReceiveCore<T> {
  /**
   * Takes the next value; `NOTHING` if there is none at the moment, or those who wait are to have
   * it.
   */
  takeNext(): T | Nothing

  /** How the channel has ended; `null` while it is open, or there is still something to take. */
  readonly end: ChannelEnd | null

  /**
   * What the answer to a receive after the end has to wait for: see `ChannelHooks.onEndReceived`.
   */
  readonly delay: Promise<void> | null

  /**
   * Lets `receiver` wait, behind all others. Called right after `takeNext` had nothing and `end`
   * was `null`.
   */
  join(receiver: Receiver<T>): void

  /** Takes `receiver` out of those who wait; it must be one of them. */
  leave(receiver: Receiver<T>): void

  /** Takes out all who wait on behalf of `owner`, as if the channel had ended normally. */
  release(owner: object): void

  cancel(cause?: Error | null): void

  /** What the timeout of a `receive` runs on. */
  readonly clock: Clock
}

/** The core of a receive channel. Every channel of this package has one. */
export function coreOf<T>(channel: ReceiveChannel<T>): ReceiveCore<T> {
  return channel as ReceiveChannel<T> & ReceiveCore<T>
}

/** The form in which a value, or the end, is handed out. */
export interface Shape<T, R> {
  value(value: T): R
  /** Throws if the end is to be a rejection. */
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

// The shapes hand through what they are given: of values of T they make forms of T.

/** The value itself; the end is thrown. */
export function bare<T>(): Shape<T, T> {
  return BARE as Shape<T, T>
}

/** A tagged result; the end is one of them. */
export function result<T>(): Shape<T, ReceiveResult<T>> {
  return RESULT as Shape<T, ReceiveResult<T>>
}

/** A step of an iteration; a normal end is one of them, an end with a cause is thrown. */
export function step<T>(): Shape<T, IteratorResult<T, undefined>> {
  return STEP as Shape<T, IteratorResult<T, undefined>>
}

/**
 * Takes the next value of `core` in the form of `shape`, waiting if need be. With a value there, it
 * costs one settled promise beside what the shape allocates.
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
 * The end of `core` in the form of `shape`. A rejection is marked as handled: it only says that the
 * channel has ended.
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
        'Cannot receive: option "timeout" is invalid, expected milliseconds of 0 or above, or { seconds }',
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
  // This also marks a rejection as handled: the wait may be one that its caller has forgotten.
  receiver.promise.then(stop, stop)
}

/** Waits at `core`, which has nothing at the moment and has not ended. */
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

/** What is there of `core` right now. */
export function tryReceiveFrom<T>(core: ReceiveCore<T>): TryReceiveResult<T> {
  const value = core.takeNext()
  if (value !== NOTHING) return { type: 'value', value }
  const { end } = core
  return end === null ? EMPTY : { type: 'closed', cause: end.cause }
}

/** Ends the waiting of all in `queue` that wait on behalf of `owner`, as at a normal end. */
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

/** Waits for one value in the name of a promise. */
export class PromiseReceiver<T, R> implements Receiver<T> {
  readonly owner: object | null
  readonly promise: Promise<R>
  previous: Receiver<T> | null = null
  next: Receiver<T> | null = null
  /** Whether it still stands in the queue of its channel. */
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
    // What settles it is taken from where `capture` has put it: a closure for each wait would be
    // the dearer way.
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

  /** Gives up when the signal aborts, if there is one. */
  listen(): void {
    const signal = this.#signal
    if (signal === null) return
    this.#onAborted = () => this.giveUp(signal.reason)
    addAbortListener(signal, this.#onAborted)
  }

  /** Ends the wait with `reason`, having taken nothing. Does nothing once the wait is over. */
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

// Of the promise that was made last. Its function is called before `new Promise` returns.
let resolveCaptured: (value: never) => void = ignore
let rejectCaptured: (reason: unknown) => void = ignore

function capture(resolve: (value: never) => void, reject: (reason: unknown) => void): void {
  resolveCaptured = resolve
  rejectCaptured = reject
}

function closedError(end: ChannelEnd): ClosedReceiveChannelError {
  return new ClosedReceiveChannelError(errorOptions(end, end.detail))
}

/** The facts of an error about `end`, whose cause is `cause`, if there is one. */
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
