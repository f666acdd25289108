/**
 * The methods of a receive channel, on top of any `ReceiveCore`.
 *
 * `BufferedChannel` borrows them instead of using a view: it is created for every session, and a
 * view would be one more object for each.
 */

import { ChannelIterator } from './channel-iterator.ts'
import { arrayOf, consumeEachOf, firstOf } from './consuming.ts'
import type {
  ReceiveChannel,
  ReceiveOptions,
  ReceiveResult,
  TryReceiveResult,
} from '../receive-channel.ts'
import type { ReceiveCore } from './receive-core.ts'
import { bare, receiveAs, result, tryReceiveFrom } from './receive-as.ts'
import { readableOf } from '../streams.ts'
import { filterOf, mapNotNullOf, mapOf } from './transformed-core.ts'

/** A receive channel over a core. See `ReceiveChannel` for the methods. */
export class ChannelView<T> implements ReceiveChannel<T> {
  /** The channel that holds the values. */
  readonly core: ReceiveCore<T>

  constructor(core: ReceiveCore<T>) {
    this.core = core
  }

  receive(options?: ReceiveOptions): Promise<T> {
    return receiveAs(this.core, bare<T>(), options, null)
  }

  tryReceive(): TryReceiveResult<T> {
    return tryReceiveFrom(this.core)
  }

  receiveCatching(options?: ReceiveOptions): Promise<ReceiveResult<T>> {
    return receiveAs(this.core, result<T>(), options, null)
  }

  cancel(cause: Error | null = null): void {
    this.core.cancel(cause)
  }

  get isClosedForReceive(): boolean {
    return this.core.end !== null
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined, undefined> {
    return new ChannelIterator(this.core)
  }

  map<R>(f: (value: T) => R | PromiseLike<R>): ReceiveChannel<R> {
    requireCallback(f)
    return new ChannelView(mapOf(this.core, f))
  }

  filter<V extends T>(isWanted: (value: T) => value is V): ReceiveChannel<V>
  filter(isWanted: (value: T) => boolean | PromiseLike<boolean>): ReceiveChannel<T>
  filter(isWanted: (value: T) => boolean | PromiseLike<boolean>): ReceiveChannel<T> {
    requireCallback(isWanted)
    return new ChannelView(filterOf(this.core, isWanted))
  }

  mapNotNull<R>(f: (value: T) => R | PromiseLike<R>): ReceiveChannel<NonNullable<R>> {
    requireCallback(f)
    return new ChannelView(mapNotNullOf(this.core, f))
  }

  consumeEach(f: (value: T) => unknown): Promise<void> {
    requireCallback(f)
    return consumeEachOf(this.core, f)
  }

  toArray(): Promise<T[]> {
    return arrayOf(this.core)
  }

  first(): Promise<T> {
    return firstOf(this.core)
  }

  readable(): ReadableStream<T> {
    return readableOf(this.core)
  }
}

/** Pages load this code: the message is short. */
function requireCallback(f: unknown): void {
  if (typeof f !== 'function') throw new TypeError('Cannot read a channel: expected a function')
}

/**
 * Gives a class of channels that are cores themselves the methods of a view that it does not
 * declare. Its `core` must return the channel.
 */
export function borrowMethods(channel: { readonly prototype: object }): void {
  const methods = Object.getOwnPropertyDescriptors(ChannelView.prototype)
  const own = Object.getOwnPropertyDescriptors(channel.prototype)
  Object.defineProperties(channel.prototype, { ...methods, ...own })
}
