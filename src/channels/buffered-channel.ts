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
import { ChannelIterator } from './channel-iterator.ts'
import type { ChannelHooks, ChannelInternals } from './channel-hooks.ts'
import { type ChannelOptions, ChannelSettings } from './channel-settings.ts'
import { ChannelView } from './channel-view.ts'
import { arrayOf, consumeEachOf, firstOf } from './consuming.ts'
import { ChannelOverflowError } from './errors.ts'
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
import type { SendChannel, SendOptions, TrySendResult } from './send-channel.ts'
import { refusal, type SenderQueue, WaitingSender } from './sending.ts'
import { readableOf, writableOf } from './streams.ts'
import { filterOf, mapNotNullOf, mapOf } from './transformed-core.ts'
import { WaitQueue } from './wait-queue.ts'

/** What every send returns that need not wait. */
export const SENT: Promise<void> = Promise.resolve()

const NO_HOOKS: Readonly<Record<never, never>> = {}

// Used instead of a buffer until the channel needs one. Nothing is ever put in.
const UNUSED = new RingBuffer<never>()

/** A channel with the methods for its owner. See `Channel` for the methods for users. */
export class BufferedChannel<T, O = null>
  implements ReceiveChannel<T>, SendChannel<T>, ReceiveCore<T>, SenderQueue<T>
{
  readonly #settings: ChannelSettings<T>
  readonly #owner: O
  readonly #hooks: ChannelHooks<T, O>
  #buffer: RingBuffer<T> = UNUSED
  /** The receiver that has waited longest; `null`: none waits. Most channels have one reader. */
  #receiver: Receiver<T> | null = null
  /** The receivers behind it. */
  #receivers: WaitQueue<Receiver<T>> | null = null
  #senders: WaitQueue<WaitingSender<T>> | null = null
  #waitingBytes = 0
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
    checkCause(cause)
    if (this.end !== null) return
    this.#closing ??= this.#endOf(cause, null)
    this.#buffer = UNUSED
    this.#refuseSenders(this.#closing)
    this.#endReceivers(this.#closing)
    this.#hooks.onCancel?.(this.#owner, cause)
  }

  get isClosedForReceive(): boolean {
    return this.end !== null
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined, undefined> {
    return new ChannelIterator(this)
  }

  map<R>(f: (value: T) => R | PromiseLike<R>): ReceiveChannel<R> {
    return new ChannelView(mapOf(this, f))
  }

  filter<V extends T>(isWanted: (value: T) => value is V): ReceiveChannel<V>
  filter(isWanted: (value: T) => boolean | PromiseLike<boolean>): ReceiveChannel<T>
  filter(isWanted: (value: T) => boolean | PromiseLike<boolean>): ReceiveChannel<T> {
    return new ChannelView(filterOf(this, isWanted))
  }

  mapNotNull<R>(f: (value: T) => R | PromiseLike<R>): ReceiveChannel<NonNullable<R>> {
    return new ChannelView(mapNotNullOf(this, f))
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

  // SendChannel

  send(value: T, options?: SendOptions): Promise<void> {
    const signal = options?.signal
    if (signal !== undefined && signal.aborted) return handled(rejected(signal.reason))
    try {
      const outcome = this.trySend(value)
      if (outcome === 'sent') return SENT
      if (outcome === 'full') return this.#waitForRoom(value, signal)
      return handled(rejected(refusal(value, this.#closing ?? NORMAL_END)))
    } catch (error) {
      return rejected(error)
    }
  }

  trySend(value: T): TrySendResult {
    if (this.#closing !== null) return 'closed'
    if (this.#receiver !== null) {
      const admitted = this.#admit(value)
      this.#nextReceiver()?.deliver(admitted)
      return 'sent'
    }

    const bytes = this.#measure(value)
    if (!this.#sendersWait && this.#hasRoomFor(bytes)) {
      this.#put(this.#admit(value), bytes)
      return 'sent'
    }
    return this.#overflow(value, bytes)
  }

  close(cause: Error | null = null, detail: Error | null = null): boolean {
    checkCause(cause)
    if (this.#closing !== null) return false
    const end = this.#endOf(cause, detail)
    this.#closing = end
    this.#refuseSenders(end)
    if (this.#buffer.size === 0) this.#endReceivers(end)
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
    return this.#waitingBytes
  }

  /** Whether `value` would be accepted now. */
  fits(value: T): boolean {
    return !this.#sendersWait && this.#hasRoomFor(this.#measure(value))
  }

  /**
   * Accepts the values of all senders that wait, past the bounds: before a `close` that follows
   * them.
   */
  acceptWaiting(): void {
    this.#letSendersIn(true)
  }

  /** Rejects the waiting senders as at the end of the channel; the channel stays open. */
  refuseWaiting(): void {
    this.#refuseSenders(this.#endOf(null, null))
  }

  /**
   * Whether the channel is at or over a limit, so that the next `trySend` would not be accepted
   * unchanged.
   */
  get isFull(): boolean {
    if (this.#receiver !== null) return false
    const { capacity, maxBytes } = this.#settings
    const { size, bytes } = this.#buffer
    return size >= capacity || (bytes >= maxBytes && size > 0)
  }

  /**
   * Puts `value` in regardless of limits and policy, or hands it to a waiting receiver. Does
   * nothing once the channel has been closed.
   *
   * @param bytes the size of the value, if known: the result of `sizeOf`.
   */
  offer(value: T, bytes: number = this.#measure(value)): void {
    if (this.#closing !== null) return
    const receiver = this.#nextReceiver()
    if (receiver === null) this.#put(value, bytes)
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
    return this.#buffer.replace(offset, value, this.#measure(value))
  }

  takeNext(): T | Nothing {
    const buffer = this.#buffer
    if (buffer.size === 0) return this.#takeFromSender()
    const wasFull = this.isFull
    const value = buffer.shift()
    if (wasFull) this.#madeRoom()
    else if (this.#sendersWait) this.#letSendersIn()
    return value
  }

  // ReceiveCore and SenderQueue

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
    if (receiver === this.#receiver) this.#nextReceiver()
    else this.#receivers?.remove(receiver)
  }

  release(owner: object): void {
    while (this.#receiver !== null && this.#receiver.owner === owner) {
      this.#nextReceiver()?.end(NORMAL_END)
    }
    if (this.#receivers !== null) releaseReceivers(this.#receivers, owner)
  }

  senderLeft(sender: WaitingSender<T>): void {
    this.#senders?.remove(sender)
    this.#waitingBytes -= sender.bytes
    // A smaller value behind it may fit now.
    this.#letSendersIn()
  }

  // How it works

  #endOf(cause: Error | null, detail: Error | null): ChannelEnd {
    const { sessionId } = this.#hooks
    if (sessionId !== undefined) return new SessionEnd(cause, detail, this.#owner, sessionId)
    return cause === null && detail === null ? NORMAL_END : { cause, detail }
  }

  /** Removes and returns the receiver that has waited longest; `null` if none waits. */
  #nextReceiver(): Receiver<T> | null {
    const receiver = this.#receiver
    if (receiver !== null) this.#receiver = this.#receivers?.shift() ?? null
    return receiver
  }

  get #sendersWait(): boolean {
    return this.#senders !== null && this.#senders.first !== null
  }

  #admit(value: T): T {
    const { admit } = this.#hooks
    return admit === undefined ? value : admit(this.#owner, value)
  }

  #measure(value: T): number {
    const { sizeOf } = this.#settings
    return sizeOf === null ? 0 : sizeOf(value)
  }

  /** A value larger than maxBytes is let into an empty buffer: otherwise it could never pass. */
  #hasRoomFor(bytes: number): boolean {
    const { size, bytes: held } = this.#buffer
    const { capacity, maxBytes } = this.#settings
    return size < capacity && (size === 0 || held + bytes <= maxBytes)
  }

  #put(value: T, bytes: number): void {
    if (this.#buffer === UNUSED) this.#buffer = new RingBuffer()
    this.#buffer.push(value, bytes)
    this.#hooks.onBuffered?.(this.#owner)
  }

  #overflow(value: T, bytes: number): TrySendResult {
    const { onOverflow, capacity } = this.#settings
    switch (onOverflow) {
      case 'suspend':
        return 'full'
      case 'close':
        this.close(new ChannelOverflowError(capacity, value))
        return 'closed'
      case 'drop-latest':
        this.#dropped(value)
        return 'sent'
      case 'drop-oldest':
        this.#replaceOldest(this.#admit(value), bytes)
        return 'sent'
    }
  }

  #replaceOldest(value: T, bytes: number): void {
    const dropped: T[] = []
    while (!this.#hasRoomFor(bytes)) dropped.push(this.#buffer.shift())
    this.#put(value, bytes)
    for (const old of dropped) this.#dropped(old)
  }

  #dropped(value: T): void {
    this.#settings.onDropped?.(value)
    this.#hooks.onDropped?.(this.#owner, value)
  }

  #waitForRoom(value: T, signal: AbortSignal | undefined): Promise<void> {
    const sender = new WaitingSender(value, this.#measure(value), signal, this)
    this.#senders ??= new WaitQueue()
    this.#senders.append(sender)
    this.#waitingBytes += sender.bytes
    // Only with capacity 0: the value can be taken from its sender.
    if (this.#buffer.size === 0) this.#hooks.onBuffered?.(this.#owner)
    return sender.promise
  }

  /** Only with capacity 0 can a sender wait while the buffer is empty. */
  #takeFromSender(): T | Nothing {
    for (;;) {
      const sender = this.#shiftSender()
      if (sender === null) return NOTHING
      const value = this.#admitFrom(sender)
      if (value !== NOTHING) return value
    }
  }

  #madeRoom(): void {
    if (this.#sendersWait) this.#letSendersIn()
    if (this.#closing === null && !this.isFull) this.#hooks.onRoom?.(this.#owner)
  }

  #letSendersIn(pastBounds: boolean = false): void {
    for (;;) {
      const sender = this.#senders === null ? null : this.#senders.first
      if (sender === null || !(pastBounds || this.#hasRoomFor(sender.bytes))) return
      this.#shiftSender()
      const value = this.#admitFrom(sender)
      if (value !== NOTHING) this.#put(value, sender.bytes)
    }
  }

  /**
   * Accepts the value of a sender and resolves its promise. If `admit` throws, rejects the promise
   * and returns `NOTHING`.
   */
  #admitFrom(sender: WaitingSender<T>): T | Nothing {
    try {
      const value = this.#admit(sender.value)
      sender.accept()
      return value
    } catch (error) {
      sender.refuse(error)
      return NOTHING
    }
  }

  #shiftSender(): WaitingSender<T> | null {
    const sender = this.#senders?.shift() ?? null
    if (sender !== null) this.#waitingBytes -= sender.bytes
    return sender
  }

  #refuseSenders(end: ChannelEnd): void {
    for (;;) {
      const sender = this.#shiftSender()
      if (sender === null) return
      sender.end(refusal(sender.value, end))
    }
  }

  #endReceivers(end: ChannelEnd): void {
    for (;;) {
      const receiver = this.#nextReceiver()
      if (receiver === null) return
      receiver.end(end)
    }
  }
}

function checkCause(cause: Error | null): void {
  if (cause === null || cause instanceof Error) return
  throw new TypeError(`Cannot end a channel with a ${typeof cause} as the cause, expected an Error`)
}

/** The end of a channel of a session. Only an error asks for the id, which costs random bytes. */
class SessionEnd<O> implements ChannelEnd {
  readonly cause: Error | null
  readonly detail: Error | null
  readonly #owner: O
  readonly #idOf: (owner: O) => string

  constructor(cause: Error | null, detail: Error | null, owner: O, idOf: (owner: O) => string) {
    this.cause = cause
    this.detail = detail
    this.#owner = owner
    this.#idOf = idOf
  }

  get sessionId(): string {
    return this.#idOf(this.#owner)
  }
}
