/**
 * A channel of the values of several sources, one after another.
 *
 * A value stays in its source until it is received here, so the limits of the source apply and its
 * sender is slowed down. When a source is left, the values that it still holds are kept here, up to
 * a limit. A receiver that waits when a source ends waits for the next source.
 */

import type { Clock } from '../../base/index.ts'
import { ChannelView } from './channel-view.ts'
import type { ReceiveChannel } from '../receive-channel.ts'
import { type ChannelEnd, NORMAL_END } from '../channel-end.ts'
import {
  type Nothing,
  NOTHING,
  type ReceiveCore,
  type Receiver,
  releaseReceivers,
} from './receive-core.ts'
import { RingBuffer } from '../ring-buffer.ts'
import { WaitQueue } from '../wait-queue.ts'

/** The options of a joined channel, not checked. */
export interface JoinedChannelOptions<T> {
  /** The limit of values that are kept of sources that were left. */
  readonly maxKept: number
  /** The limit of their sizes together: once it is reached, no value is kept. */
  readonly maxKeptSize: number
  /** Returns the size of a value. */
  sizeOf(value: T): number
  /** The clock for timeouts of `receive`. */
  readonly clock: Clock
  /** The promise that a receive after the end waits for: see `ChannelHooks.onEndReceived`. */
  delay(): Promise<void> | null
}

/** The owner calls `follow` for one source after another, then `close`. Users have `channel`. */
export class JoinedChannel<T> implements ReceiveCore<T> {
  /** The methods for users. */
  readonly channel: ReceiveChannel<T> = new ChannelView(this)
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
   * Gives waiting receivers the values that are there, or the end. Waits at the source for the
   * other receivers.
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
  before: Receiver<T> | null = null
  after: Receiver<T> | null = null
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
