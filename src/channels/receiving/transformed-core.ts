/**
 * The cores of `map`, `filter` and `mapNotNull`: channels of transformed values.
 *
 * It is lazy: a value is taken from the source only when a receiver asks here. At most one value is
 * being transformed, so the order is kept even if the function is async and receivers leave
 * meanwhile.
 */

import type { Clock } from '../../base/index.ts'
import { isThenable } from '../../base/internal.ts'
import { toCause } from '../errors.ts'
import type { ReceiveResult } from '../receive-channel.ts'
import { type ChannelEnd, NORMAL_END } from '../channel-end.ts'
import { type PromiseReceiver, waitFor } from './promise-receiver.ts'
import {
  type Nothing,
  NOTHING,
  type ReceiveCore,
  type Receiver,
  releaseReceivers,
} from './receive-core.ts'
import { result } from './receive-as.ts'
import { WaitQueue } from '../wait-queue.ts'

/** The result of the function: another value, or `NOTHING` if the value is dropped. */
type Transform<S, T> = (value: S) => T | Nothing | PromiseLike<T | Nothing>

/** Implements `ReceiveChannel.map`. */
export function mapOf<S, R>(
  source: ReceiveCore<S>,
  f: (value: S) => R | PromiseLike<R>,
): ReceiveCore<R> {
  return new TransformedCore<S, R>(source, f)
}

/** Implements `ReceiveChannel.filter`. */
export function filterOf<S>(
  source: ReceiveCore<S>,
  isWanted: (value: S) => boolean | PromiseLike<boolean>,
): ReceiveCore<S> {
  return new TransformedCore<S, S>(source, (value) => {
    const answer = isWanted(value)
    if (!isThenable(answer)) return answer ? value : NOTHING
    return Promise.resolve(answer).then((wanted) => (wanted ? value : NOTHING))
  })
}

/** Implements `ReceiveChannel.mapNotNull`. */
export function mapNotNullOf<S, R>(
  source: ReceiveCore<S>,
  f: (value: S) => R | PromiseLike<R>,
): ReceiveCore<NonNullable<R>> {
  return new TransformedCore<S, NonNullable<R>>(source, (value) => {
    const made = f(value)
    return isThenable(made)
      ? Promise.resolve(made).then((awaited) => awaited ?? NOTHING)
      : (made ?? NOTHING)
  })
}

class TransformedCore<S, T> implements ReceiveCore<T> {
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

  cancel(cause: Error | null = null): void {
    if (this.end !== null) return
    this.#source.cancel(cause)
    this.#finish(this.#source.end ?? NORMAL_END)
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
