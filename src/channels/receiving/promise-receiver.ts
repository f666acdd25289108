/**
 * The wait of one receiver: a promise that settles with a value, the end, an abort or a timeout.
 */

import type { Clock } from '../../base/index.ts'
import { addAbortListener, handled, removeAbortListener } from '../../base/internal.ts'
import type { ChannelEnd } from '../channel-end.ts'
import { ReceiveTimeoutError } from '../errors.ts'
import type { ReceiveCore, Receiver, Shape } from './receive-core.ts'

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

/** Ends the wait of `receiver` after `timeoutMs`. */
export function limitWait<T, R>(
  receiver: PromiseReceiver<T, R>,
  timeoutMs: number,
  clock: Clock,
): void {
  if (!receiver.isWaiting) return
  const timer = clock.setTimer(timeoutMs, () => receiver.giveUp(new ReceiveTimeoutError(timeoutMs)))
  const stop = (): void => timer[Symbol.dispose]()
  // This also marks a rejection as handled: the caller may not await the promise.
  receiver.promise.then(stop, stop)
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

function ignore(): void {
  // Never called.
}
