/**
 * A channel of transformed values: `map`, `filter` and `mapNotNull`.
 *
 * It is lazy: a value is taken from the source only when a receiver asks here. At most one value is
 * being transformed, so the order is kept even if the function is async and receivers leave
 * meanwhile.
 */

import type { Clock } from '../base/index.ts'
import { ChannelIterator } from './channel-iterator.ts'
import { arrayOf, consumeEachOf, firstOf, isThenable } from './consuming.ts'
import { toCause } from './errors.ts'
import type {
  ReceiveChannel,
  ReceiveOptions,
  ReceiveResult,
  TryReceiveResult,
} from './receive-channel.ts'
import {
  bare,
  type ChannelEnd,
  NORMAL_END,
  type Nothing,
  NOTHING,
  type PromiseReceiver,
  type ReceiveCore,
  type Receiver,
  receiveAs,
  releaseReceivers,
  result,
  tryReceiveFrom,
  waitFor,
} from './receiving.ts'
import { readableOf } from './streams.ts'
import { WaitQueue } from './wait-queue.ts'

/** The result of the function: another value, or `NOTHING` if the value is dropped. */
type Transform<S, T> = (value: S) => T | Nothing | PromiseLike<T | Nothing>

/** Implements `ReceiveChannel.map`. */
export function mapOf<S, R>(
  source: ReceiveCore<S>,
  f: (value: S) => R | PromiseLike<R>,
): ReceiveChannel<R> {
  return new TransformedChannel<S, R>(source, f)
}

/** Implements `ReceiveChannel.filter`. */
export function filterOf<S>(
  source: ReceiveCore<S>,
  isWanted: (value: S) => boolean | PromiseLike<boolean>,
): ReceiveChannel<S> {
  return new TransformedChannel<S, S>(source, (value) => {
    const answer = isWanted(value)
    if (!isThenable(answer)) return answer ? value : NOTHING
    return Promise.resolve(answer).then((wanted) => (wanted ? value : NOTHING))
  })
}

/** Implements `ReceiveChannel.mapNotNull`. */
export function mapNotNullOf<S, R>(
  source: ReceiveCore<S>,
  f: (value: S) => R | PromiseLike<R>,
): ReceiveChannel<NonNullable<R>> {
  return new TransformedChannel<S, NonNullable<R>>(source, (value) => {
    const made = f(value)
    return isThenable(made)
      ? Promise.resolve(made).then((awaited) => awaited ?? NOTHING)
      : (made ?? NOTHING)
  })
}

class TransformedChannel<S, T> implements ReceiveChannel<T>, ReceiveCore<T> {
  readonly #source: ReceiveCore<S>
  readonly #transform: Transform<S, T>
  readonly #receivers = new WaitQueue<Receiver<T>>()
  /** A value whose receiver has left; the next receiver gets it. */
  #ready: T | Nothing = NOTHING
  #isTransforming = false
  #sourceWait: PromiseReceiver<S, ReceiveResult<S>> | null = null
  /** Set when this channel ended before its source: it was cancelled, or the function threw. */
  #end: ChannelEnd | null = null

  constructor(source: ReceiveCore<S>, transform: Transform<S, T>) {
    this.#source = source
    this.#transform = transform
  }

  receive(options?: ReceiveOptions): Promise<T> {
    return receiveAs(this, bare<T>(), options, null)
  }

  /**
   * With an async function it may start to transform a value, and return `empty` until that is
   * done.
   */
  tryReceive(): TryReceiveResult<T> {
    return tryReceiveFrom(this)
  }

  receiveCatching(options?: ReceiveOptions): Promise<ReceiveResult<T>> {
    return receiveAs(this, result<T>(), options, null)
  }

  cancel(cause: Error | null = null): void {
    if (this.end !== null) return
    this.#source.cancel(cause)
    this.#finish(this.#source.end ?? NORMAL_END)
  }

  get isClosedForReceive(): boolean {
    return this.end !== null
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined, undefined> {
    return new ChannelIterator(this)
  }

  map<R>(f: (value: T) => R | PromiseLike<R>): ReceiveChannel<R> {
    return mapOf(this, f)
  }

  filter<V extends T>(isWanted: (value: T) => value is V): ReceiveChannel<V>
  filter(isWanted: (value: T) => boolean | PromiseLike<boolean>): ReceiveChannel<T>
  filter(isWanted: (value: T) => boolean | PromiseLike<boolean>): ReceiveChannel<T> {
    return filterOf(this, isWanted)
  }

  mapNotNull<R>(f: (value: T) => R | PromiseLike<R>): ReceiveChannel<NonNullable<R>> {
    return mapNotNullOf(this, f)
  }

  consumeEach(f: (value: T) => unknown): Promise<void> {
    return consumeEachOf(this, f)
  }

  toArray(): Promise<T[]> {
    return arrayOf(this)
  }

  first(): Promise<T> {
    return firstOf(this)
  }

  readable(): ReadableStream<T> {
    return readableOf(this)
  }

  get end(): ChannelEnd | null {
    if (this.#end !== null) return this.#end
    return this.#isBusy || this.#ready !== NOTHING ? null : this.#source.end
  }

  get clock(): Clock {
    return this.#source.clock
  }

  get delay(): Promise<void> | null {
    return this.#source.delay
  }

  takeNext(): T | Nothing {
    const value = this.#take()
    // A receiver may have started to wait while the function ran.
    if (this.#receivers.first !== null) this.#serve()
    return value
  }

  join(receiver: Receiver<T>): void {
    this.#receivers.append(receiver)
    this.#serve()
  }

  leave(receiver: Receiver<T>): void {
    this.#receivers.remove(receiver)
    if (this.#receivers.first === null) this.#leaveSource()
  }

  release(owner: object): void {
    releaseReceivers(this.#receivers, owner)
    if (this.#receivers.first === null) this.#leaveSource()
  }

  /** Whether a value is on its way here for earlier receivers. */
  get #isBusy(): boolean {
    return this.#isTransforming || this.#sourceWait !== null
  }

  #take(): T | Nothing {
    const ready = this.#ready
    if (ready !== NOTHING) {
      this.#ready = NOTHING
      return ready
    }
    while (this.#end === null && !this.#isBusy) {
      const value = this.#source.takeNext()
      if (value === NOTHING) return NOTHING
      const made = this.#apply(value)
      if (made !== NOTHING) return made
    }
    return NOTHING
  }

  /** Hands available values to waiting receivers, and waits at the source for the rest. */
  #serve(): void {
    while (this.#receivers.first !== null) {
      const value = this.#take()
      if (value === NOTHING && this.#isBusy) return
      if (value === NOTHING && this.end === null) {
        this.#waitAtSource()
        return
      }
      const receiver = this.#receivers.shift()
      if (value === NOTHING) receiver?.end(this.end ?? NORMAL_END)
      else if (receiver !== null) receiver.deliver(value)
      else this.#ready = value
    }
  }

  /**
   * Through a promise: the function must not run inside the call of the source's sender, but in the
   * turn and the async context of the receivers.
   */
  #waitAtSource(): void {
    const wait = waitFor(this.#source, result<S>(), undefined, null)
    this.#sourceWait = wait
    void wait.promise.then((arrival) => {
      this.#sourceWait = null
      if (arrival.type === 'value' && this.#end === null) this.#ready = this.#apply(arrival.value)
      this.#serve()
    })
  }

  #leaveSource(): void {
    const wait = this.#sourceWait
    // The wait is over: its value is on its way here, and will be ready for the next receiver.
    if (wait === null || !wait.isWaiting) return
    this.#source.leave(wait)
    this.#sourceWait = null
  }

  #apply(value: S): T | Nothing {
    this.#isTransforming = true
    try {
      const made = this.#transform(value)
      if (!isThenable(made)) {
        this.#isTransforming = false
        return this.#end === null ? made : NOTHING
      }
      // Not `made.then`: a thenable may call back before it returns, or twice, and would then
      // overwrite a value that no receiver has taken yet.
      Promise.resolve(made).then(
        (awaited) => this.#applied(awaited),
        (error: unknown) => this.#fail(error),
      )
    } catch (error) {
      this.#fail(error)
    }
    return NOTHING
  }

  #applied(made: T | Nothing): void {
    this.#isTransforming = false
    if (this.#end !== null) return
    this.#ready = made
    this.#serve()
  }

  #fail(error: unknown): void {
    this.#isTransforming = false
    if (this.#end !== null) return
    const cause = toCause(error) ?? toCause('nothing was thrown')
    this.#finish({ cause, detail: null })
    this.#source.cancel(cause)
  }

  #finish(end: ChannelEnd): void {
    this.#end = end
    this.#ready = NOTHING
    this.#leaveSource()
    for (;;) {
      const receiver = this.#receivers.shift()
      if (receiver === null) return
      receiver.end(end)
    }
  }
}
