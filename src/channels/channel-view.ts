/**
 * The methods of a receive channel, on top of any `ReceiveCore`.
 *
 * `BufferedChannel` repeats them instead of using a view: it is created for every session, and a
 * view would be one more object for each.
 */

import { ChannelIterator } from './channel-iterator.ts'
import { arrayOf, consumeEachOf, firstOf } from './consuming.ts'
import type {
  ReceiveChannel,
  ReceiveOptions,
  ReceiveResult,
  TryReceiveResult,
} from './receive-channel.ts'
import { bare, type ReceiveCore, receiveAs, result, tryReceiveFrom } from './receiving.ts'
import { readableOf } from './streams.ts'
import { filterOf, mapNotNullOf, mapOf } from './transformed-core.ts'

/** A receive channel over a core. See `ReceiveChannel` for the methods. */
export class ChannelView<T> implements ReceiveChannel<T> {
  readonly #core: ReceiveCore<T>

  constructor(core: ReceiveCore<T>) {
    this.#core = core
  }

  receive(options?: ReceiveOptions): Promise<T> {
    return receiveAs(this.#core, bare<T>(), options, null)
  }

  tryReceive(): TryReceiveResult<T> {
    return tryReceiveFrom(this.#core)
  }

  receiveCatching(options?: ReceiveOptions): Promise<ReceiveResult<T>> {
    return receiveAs(this.#core, result<T>(), options, null)
  }

  cancel(cause: Error | null = null): void {
    this.#core.cancel(cause)
  }

  get isClosedForReceive(): boolean {
    return this.#core.end !== null
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined, undefined> {
    return new ChannelIterator(this.#core)
  }

  map<R>(f: (value: T) => R | PromiseLike<R>): ReceiveChannel<R> {
    return new ChannelView(mapOf(this.#core, f))
  }

  filter<V extends T>(isWanted: (value: T) => value is V): ReceiveChannel<V>
  filter(isWanted: (value: T) => boolean | PromiseLike<boolean>): ReceiveChannel<T>
  filter(isWanted: (value: T) => boolean | PromiseLike<boolean>): ReceiveChannel<T> {
    return new ChannelView(filterOf(this.#core, isWanted))
  }

  mapNotNull<R>(f: (value: T) => R | PromiseLike<R>): ReceiveChannel<NonNullable<R>> {
    return new ChannelView(mapNotNullOf(this.#core, f))
  }

  consumeEach(f: (value: T) => unknown): Promise<void> {
    return consumeEachOf(this.#core, f)
  }

  toArray(): Promise<T[]> {
    return arrayOf(this.#core)
  }

  first(): Promise<T> {
    return firstOf(this.#core)
  }

  readable(): ReadableStream<T> {
    return readableOf(this.#core)
  }
}
