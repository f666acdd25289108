/**
 * The wait of one receiver: a promise that settles with a value, the end, an abort or a timeout.
 */

import type { Clock } from '../../base/index.ts'
import { addAbortListener, handled, rejected, removeAbortListener } from '../../base/internal.ts'
import type { ChannelEnd } from '../channel-end.ts'
import { ReceiveTimeoutError } from '../errors.ts'
import { capturedPromise, type Settle, takeSettle } from './captured-promise.ts'
import type { ReceiveCore, Receiver, Shape } from './receive-core.ts'

/** Waits at `core`, which has no value now and has not ended. */
export function waitFor<T, R>(
  core: ReceiveCore<T>,
  shape: Shape<T, R>,
  signal: AbortSignal | undefined,
  owner: object | null,
): PromiseReceiver<T, R> {
  const receiver = new PromiseReceiver(core, shape, owner)
  if (signal !== undefined) receiver.listen(signal)
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

/** A signal that may end the wait. */
interface AbortWatch {
  readonly signal: AbortSignal
  readonly onAborted: () => void
}

/** Waits for one value on behalf of a promise. */
export class PromiseReceiver<T, R> implements Receiver<T> {
  readonly owner: object | null
  readonly promise: Promise<R>
  before: Receiver<T> | null = null
  after: Receiver<T> | null = null
  readonly #core: ReceiveCore<T>
  readonly #shape: Shape<T, R>
  /** Settles the promise; `null` once the wait is over. */
  #settle: Settle<R> | null
  #watch: AbortWatch | null = null

  constructor(core: ReceiveCore<T>, shape: Shape<T, R>, owner: object | null) {
    this.owner = owner
    this.#core = core
    this.#shape = shape
    this.promise = capturedPromise()
    this.#settle = takeSettle()
  }

  /** Whether it is still in the queue of its channel. */
  get isWaiting(): boolean {
    return this.#settle !== null
  }

  deliver(value: T): void {
    this.settle(this.#shape.value(value))
  }

  end(end: ChannelEnd): void {
    try {
      this.settle(this.#shape.end(end))
    } catch (error) {
      this.reject(error)
    }
  }

  /** Ends the wait when `signal` aborts. */
  listen(signal: AbortSignal): void {
    const onAborted = (): void => this.giveUp(signal.reason)
    this.#watch = { signal, onAborted }
    addAbortListener(signal, onAborted)
  }

  /** Rejects with `reason` without taking a value. Does nothing once the wait is over. */
  giveUp(reason: unknown): void {
    if (!this.isWaiting) return
    this.#core.leave(this)
    this.reject(reason)
  }

  /** Rejects the promise, which need not be handled. */
  reject(reason: unknown): void {
    void handled(this.promise)
    this.settle(rejected(reason))
  }

  /** The wait is over: it has left the queue. */
  settle(result: R | Promise<R>): void {
    const settle = this.#settle
    this.#settle = null
    if (this.#watch !== null) removeAbortListener(this.#watch.signal, this.#watch.onAborted)
    settle?.(result)
  }
}
