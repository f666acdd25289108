/**
 * A channel of the values of several sources, one after another.
 *
 * A value stays in its source until somebody receives it here, so the bounds of the source hold and
 * its sender is slowed down. When a source is left, the values that it still holds are kept here,
 * up to a bound. A receiver that waits when a source ends waits for the next source.
 */

import type { Clock } from '../base/index.ts'
import { ChannelIterator } from './channel-iterator.ts'
import { arrayOf, consumeEachOf, firstOf } from './consuming.ts'
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
  type ReceiveCore,
  type Receiver,
  receiveAs,
  releaseReceivers,
  result,
  tryReceiveFrom,
} from './receiving.ts'
import { RingBuffer } from './ring-buffer.ts'
import { readableOf } from './streams.ts'
import { filterOf, mapNotNullOf, mapOf } from './transformed-channel.ts'
import { WaitQueue } from './wait-queue.ts'

/** What a joined channel keeps of sources that were left, and who tells it the time. */
export interface JoinedChannelOptions<T> {
  /** How many values are kept at most. */
  readonly maxKept: number
  /** No value is kept once the sum of the sizes has reached this. */
  readonly maxKeptSize: number
  /** The size of a value that is kept. */
  sizeOf(value: T): number
  /** What timeouts of `receive` run on. */
  readonly clock: Clock
  /** What a receive after the end waits for: see `ChannelHooks.onEndReceived`. */
  delay(): Promise<void> | null
}

/** The receiving side, and what its owner does: `follow` one source after another, then `close`. */
export class JoinedChannel<T> implements ReceiveChannel<T>, ReceiveCore<T> {
  readonly #options: JoinedChannelOptions<T>
  readonly #kept = new RingBuffer<T>()
  readonly #receivers = new WaitQueue<Receiver<T>>()
  readonly #wait = new SourceReceiver<T>((value) => this.#arrived(value))
  #source: ReceiveCore<T> | null = null
  #closing: ChannelEnd | null = null
  /** Called with each value that leaves its source, while that is the current one. */
  onTaken: ((value: T) => void) | null = null

  constructor(options: JoinedChannelOptions<T>) {
    this.#options = options
  }

  // For the owner

  /** How many values of former sources are kept. */
  get kept(): number {
    return this.#kept.size
  }

  /**
   * Receives from `source` from now on; it is cancelled if this channel has been closed or
   * cancelled.
   */
  follow(source: ReceiveCore<T>): void {
    this.leaveSource()
    if (this.#closing !== null) {
      source.cancel()
      return
    }
    this.#source = source
    this.#serve()
  }

  /**
   * Leaves the current source, if there is one. The values that it still holds are kept or dropped.
   */
  leaveSource(): void {
    const source = this.#source
    if (source === null) return
    this.#stopWaiting()
    const { maxKept, maxKeptSize } = this.#options
    for (let value = source.takeNext(); value !== NOTHING; value = source.takeNext()) {
      if (this.#kept.size >= maxKept || this.#kept.bytes >= maxKeptSize) continue
      this.onTaken?.(value)
      this.#kept.push(value, this.#options.sizeOf(value))
    }
    this.#source = null
  }

  /** No source follows: receivers get what is kept, then the end. Only the first call counts. */
  close(cause: Error | null): void {
    if (this.#closing !== null) return
    this.leaveSource()
    this.#closing = { cause, detail: null }
    this.#serve()
  }

  // ReceiveChannel

  receive(options?: ReceiveOptions): Promise<T> {
    return receiveAs(this, bare<T>(), options, null)
  }

  tryReceive(): TryReceiveResult<T> {
    return tryReceiveFrom(this)
  }

  receiveCatching(options?: ReceiveOptions): Promise<ReceiveResult<T>> {
    return receiveAs(this, result<T>(), options, null)
  }

  cancel(cause: Error | null = null): void {
    if (this.end !== null) return
    const source = this.#source
    this.#stopWaiting()
    this.#source = null
    this.#closing ??= { cause, detail: null }
    while (this.#kept.size > 0) this.#kept.shift()
    source?.cancel(cause)
    this.#serve()
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

  // ReceiveCore

  get end(): ChannelEnd | null {
    return this.#kept.size === 0 ? this.#closing : null
  }

  get clock(): Clock {
    return this.#options.clock
  }

  get delay(): Promise<void> | null {
    return this.#options.delay()
  }

  takeNext(): T | Nothing {
    if (this.#kept.size > 0) return this.#kept.shift()
    const value = this.#source === null ? NOTHING : this.#source.takeNext()
    if (value !== NOTHING) this.onTaken?.(value)
    return value
  }

  join(receiver: Receiver<T>): void {
    this.#receivers.append(receiver)
    this.#waitAtSource()
  }

  leave(receiver: Receiver<T>): void {
    this.#receivers.remove(receiver)
    if (this.#receivers.first === null) this.#stopWaiting()
  }

  release(owner: object): void {
    releaseReceivers(this.#receivers, owner)
    if (this.#receivers.first === null) this.#stopWaiting()
  }

  /**
   * Gives the receivers that wait what there is, or the end, and waits at the source for the rest.
   */
  #serve(): void {
    while (this.#receivers.first !== null) {
      const value = this.takeNext()
      const { end } = this
      if (value === NOTHING && end === null) {
        this.#waitAtSource()
        return
      }
      const receiver = this.#receivers.shift()
      if (value === NOTHING) receiver?.end(end ?? NORMAL_END)
      else receiver?.deliver(value)
    }
  }

  #waitAtSource(): void {
    const source = this.#source
    if (source === null || this.#wait.isWaiting || source.end !== null) return
    this.#wait.isWaiting = true
    source.join(this.#wait)
  }

  #stopWaiting(): void {
    if (!this.#wait.isWaiting) return
    this.#wait.isWaiting = false
    this.#source?.leave(this.#wait)
  }

  /** We wait at the source only while a receiver waits here. */
  #arrived(value: T): void {
    this.onTaken?.(value)
    this.#receivers.shift()?.deliver(value)
    this.#serve()
  }
}

/** Waits at a source for one value at a time, as often as it is joined. */
class SourceReceiver<T> implements Receiver<T> {
  readonly owner: null = null
  previous: Receiver<T> | null = null
  next: Receiver<T> | null = null
  isWaiting = false
  readonly #arrived: (value: T) => void

  constructor(arrived: (value: T) => void) {
    this.#arrived = arrived
  }

  deliver(value: T): void {
    this.isWaiting = false
    this.#arrived(value)
  }

  /** The source has ended: the receivers of the joined channel wait for the next one. */
  end(): void {
    this.isWaiting = false
  }
}
