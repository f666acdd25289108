/**
 * The channel implementation: a bounded queue between senders and receivers, which both wait when
 * necessary.
 *
 * At any time at least one of three is empty: the waiting receivers, the buffer, and the free room
 * while senders wait. Each value therefore goes to the first waiting receiver. Otherwise it goes
 * into the buffer if there is room and no sender waits; otherwise it waits or is dropped.
 *
 * Every message of every session passes through here, and most channels are idle. Nothing is
 * allocated before it is needed. A call that need not wait costs no promise (send), or a settled
 * one (receive).
 */

import type { Clock } from '../base/index.ts'
import { handled, rejected } from '../base/internal.ts'
import {
  type ChannelEnd,
  checkCause,
  NORMAL_END,
  refusal,
  SessionChannelEnd,
} from './channel-end.ts'
import type { ChannelHooks, ChannelInternals } from './channel-hooks.ts'
import { type ChannelOptions, ChannelSettings } from './channel-settings.ts'
import { borrowMethods } from './receiving/channel-view.ts'
import { ChannelOverflowError } from './errors.ts'
import type { ReceiveChannel } from './receive-channel.ts'
import {
  type Nothing,
  NOTHING,
  type ReceiveCore,
  type Receiver,
  releaseReceivers,
} from './receiving/receive-core.ts'
import { RingBuffer } from './ring-buffer.ts'
import type { SendChannel, SendOptions, TrySendResult } from './send-channel.ts'
import { writableOf } from './streams.ts'
import { WaitQueue } from './wait-queue.ts'
import { type SenderRoom, WaitingSenders } from './waiting-senders.ts'

/** What every send returns that need not wait. */
export const SENT: Promise<void> = Promise.resolve()

const NO_HOOKS: Readonly<Record<never, never>> = {}

// Used instead of a buffer until the channel needs one. Nothing is ever put in.
const UNUSED = new RingBuffer<never>()

/** The methods that a channel borrows. */
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging, no-unused-vars
export interface BufferedChannel<T, O = null> extends Omit<ReceiveChannel<T>, 'cancel'> {}

/** A channel with the methods for its owner. See `Channel` for the methods for users. */
// `borrowMethods` below makes the interface of the same name true.
export class BufferedChannel<T, O = null>
  implements ReceiveChannel<T>, SendChannel<T>, ReceiveCore<T>, SenderRoom<T>
{
  readonly #settings: ChannelSettings<T>
  readonly #owner: O
  readonly #hooks: ChannelHooks<T, O>
  #buffer: RingBuffer<T> = UNUSED
  /** The receiver that has waited longest; `null`: none waits. Most channels have one reader. */
  #receiver: Receiver<T> | null = null
  /** The receivers behind it. */
  #receivers: WaitQueue<Receiver<T>> | null = null
  /** Made when a sender first has to wait. */
  #senders: WaitingSenders<T> | null = null
  /** How the channel ends or has ended; `null` while it accepts values. */
  #closing: ChannelEnd | null = null

  /**
   * @param options not checked here: the owner checks them. The same settings may serve any number
   *   of channels.
   */
  constructor(
    options: ChannelOptions<T> | ChannelSettings<T> = {},
    internals?: ChannelInternals<T, O>,
  ) {
    this.#settings = options instanceof ChannelSettings ? options : new ChannelSettings(options)
    // Without internals there is no hook that could receive the owner.
    this.#owner = internals === undefined ? (null as O) : internals.owner
    this.#hooks = internals === undefined ? NO_HOOKS : internals.hooks
  }

  // ReceiveChannel; `borrowMethods` adds the other methods

  cancel(cause: Error | null = null): void {
    checkCause(cause)
    if (this.end !== null) return
    this.#closing ??= this.endOf(cause, null)
    this.#buffer = UNUSED
    this.#senders?.refuse(this.#closing)
    this.endReceivers(this.#closing)
    this.#hooks.onCancel?.(this.#owner, cause)
  }

  // SendChannel

  send(value: T, options?: SendOptions): Promise<void> {
    const signal = options?.signal
    if (signal !== undefined && signal.aborted) return handled(rejected(signal.reason))
    try {
      const outcome = this.trySend(value)
      if (outcome === 'sent') return SENT
      if (outcome === 'full') return this.waitForRoom(value, signal)
      return handled(rejected(refusal(value, this.#closing ?? NORMAL_END)))
    } catch (error) {
      return rejected(error)
    }
  }

  trySend(value: T): TrySendResult {
    if (this.#closing !== null) return 'closed'
    if (this.#receiver !== null) {
      const admitted = this.admit(value)
      this.nextReceiver()?.deliver(admitted)
      return 'sent'
    }

    const bytes = this.#settings.measure(value)
    if (!this.sendersWait && this.hasRoomFor(bytes)) {
      this.put(this.admit(value), bytes)
      return 'sent'
    }
    return this.overflow(value, bytes)
  }

  close(cause: Error | null = null, detail: Error | null = null): boolean {
    checkCause(cause)
    if (this.#closing !== null) return false
    const end = this.endOf(cause, detail)
    this.#closing = end
    this.#senders?.refuse(end)
    if (this.#buffer.size === 0) this.endReceivers(end)
    this.#hooks.onClose?.(this.#owner, cause)
    return true
  }

  get isClosedForSend(): boolean {
    return this.#closing !== null
  }

  writable(): WritableStream<T> {
    return writableOf(this)
  }

  // For the owner

  /** How many values are in the buffer, not counting those of waiting senders. */
  get size(): number {
    return this.#buffer.size
  }

  /** Whether a receiver waits. */
  get isAwaited(): boolean {
    return this.#receiver !== null
  }

  /** The sum of the sizes of buffered values; 0 without `sizeOf`. */
  get bytes(): number {
    return this.#buffer.bytes
  }

  /** How many senders wait for room. */
  get waitingSenders(): number {
    return this.#senders?.size ?? 0
  }

  /** The sum of the sizes of the values of waiting senders. */
  get waitingBytes(): number {
    return this.#senders?.bytes ?? 0
  }

  /** Whether `value` would be accepted now. */
  fits(value: T): boolean {
    return !this.sendersWait && this.hasRoomFor(this.#settings.measure(value))
  }

  /**
   * Accepts the values of all senders that wait, past the bounds: before a `close` that follows
   * them.
   */
  acceptWaiting(): void {
    this.#senders?.letAllIn()
  }

  /** Rejects the waiting senders as at the end of the channel; the channel stays open. */
  refuseWaiting(): void {
    this.#senders?.refuse(this.endOf(null, null))
  }

  /**
   * Whether the channel is at or over a limit, so that the next `trySend` would not be accepted
   * unchanged.
   */
  get isFull(): boolean {
    if (this.#receiver !== null) return false
    return this.#settings.isFull(this.#buffer)
  }

  /**
   * Puts `value` in regardless of limits and policy, or hands it to a waiting receiver. Does
   * nothing once the channel has been closed.
   *
   * @param bytes the size of the value, if known: the result of `sizeOf`.
   */
  offer(value: T, bytes: number = this.#settings.measure(value)): void {
    if (this.#closing !== null) return
    const receiver = this.nextReceiver()
    if (receiver === null) this.put(value, bytes)
    else receiver.deliver(value)
  }

  /**
   * Returns the oldest value in the buffer without removing it; `NOTHING` if the buffer is empty.
   */
  peek(): T | Nothing {
    return this.#buffer.size === 0 ? NOTHING : this.#buffer.peekAt(0)
  }

  /** Returns the value `offset` places behind the oldest without removing it; it must exist. */
  peekAt(offset: number): T {
    return this.#buffer.peekAt(offset)
  }

  /**
   * Replaces the value `offset` places behind the oldest, which must exist, with `value`. Does not
   * call `admit`, and lets no waiting sender in even if there is more room now; the next `takeNext`
   * does.
   *
   * @returns the replaced value.
   */
  replace(offset: number, value: T): T {
    return this.#buffer.replace(offset, value, this.#settings.measure(value))
  }

  takeNext(): T | Nothing {
    const buffer = this.#buffer
    if (buffer.size === 0) return this.#senders === null ? NOTHING : this.#senders.take()
    const wasFull = this.isFull
    const value = buffer.shift()
    if (wasFull) this.madeRoom()
    else this.#senders?.letIn()
    return value
  }

  // ReceiveCore

  /** For the borrowed methods. */
  get core(): ReceiveCore<T> {
    return this
  }

  get end(): ChannelEnd | null {
    return this.#buffer.size === 0 ? this.#closing : null
  }

  get clock(): Clock {
    const { clock } = this.#hooks
    if (clock === undefined) throw new TypeError('Cannot limit the wait: the channel has no clock')
    return clock(this.#owner)
  }

  get delay(): Promise<void> | null {
    return this.#hooks.onEndReceived?.(this.#owner) ?? null
  }

  join(receiver: Receiver<T>): void {
    const wasFull = this.isFull
    if (this.#receiver === null) this.#receiver = receiver
    else (this.#receivers ??= new WaitQueue()).append(receiver)
    // Only with capacity 0: there is room now for one value, which this receiver takes.
    if (wasFull) this.#hooks.onRoom?.(this.#owner)
  }

  leave(receiver: Receiver<T>): void {
    if (receiver === this.#receiver) this.nextReceiver()
    else this.#receivers?.remove(receiver)
  }

  release(owner: object): void {
    while (this.#receiver !== null && this.#receiver.owner === owner) {
      this.nextReceiver()?.end(NORMAL_END)
    }
    if (this.#receivers !== null) releaseReceivers(this.#receivers, owner)
  }

  // SenderRoom

  hasRoomFor(bytes: number): boolean {
    return this.#settings.hasRoomFor(this.#buffer, bytes)
  }

  admit(value: T): T {
    const { admit } = this.#hooks
    return admit === undefined ? value : admit(this.#owner, value)
  }

  put(value: T, bytes: number): void {
    if (this.#buffer === UNUSED) this.#buffer = new RingBuffer()
    this.#buffer.push(value, bytes)
    this.#hooks.onBuffered?.(this.#owner)
  }

  // How it works

  private endOf(cause: Error | null, detail: Error | null): ChannelEnd {
    const { sessionId } = this.#hooks
    if (sessionId !== undefined) return new SessionChannelEnd(cause, detail, this.#owner, sessionId)
    return cause === null && detail === null ? NORMAL_END : { cause, detail }
  }

  /** Removes and returns the receiver that has waited longest; `null` if none waits. */
  private nextReceiver(): Receiver<T> | null {
    const receiver = this.#receiver
    if (receiver !== null) this.#receiver = this.#receivers?.shift() ?? null
    return receiver
  }

  private get sendersWait(): boolean {
    return this.#senders !== null && this.#senders.size > 0
  }

  private overflow(value: T, bytes: number): TrySendResult {
    const { onOverflow, capacity } = this.#settings
    switch (onOverflow) {
      case 'suspend':
        return 'full'
      case 'close':
        this.close(new ChannelOverflowError(capacity, value))
        return 'closed'
      case 'drop-latest':
        this.dropped(value)
        return 'sent'
      case 'drop-oldest':
        this.replaceOldest(this.admit(value), bytes)
        return 'sent'
    }
  }

  private replaceOldest(value: T, bytes: number): void {
    const dropped: T[] = []
    while (!this.hasRoomFor(bytes)) dropped.push(this.#buffer.shift())
    this.put(value, bytes)
    for (const old of dropped) this.dropped(old)
  }

  private dropped(value: T): void {
    this.#settings.onDropped?.(value)
    this.#hooks.onDropped?.(this.#owner, value)
  }

  private waitForRoom(value: T, signal: AbortSignal | undefined): Promise<void> {
    this.#senders ??= new WaitingSenders(this)
    const waits = this.#senders.wait(value, this.#settings.measure(value), signal)
    // Only with capacity 0: the value can be taken from its sender.
    if (this.#buffer.size === 0) this.#hooks.onBuffered?.(this.#owner)
    return waits
  }

  private madeRoom(): void {
    this.#senders?.letIn()
    if (this.#closing === null && !this.isFull) this.#hooks.onRoom?.(this.#owner)
  }

  private endReceivers(end: ChannelEnd): void {
    for (;;) {
      const receiver = this.nextReceiver()
      if (receiver === null) return
      receiver.end(end)
    }
  }
}

borrowMethods(BufferedChannel)
