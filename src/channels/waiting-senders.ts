/**
 * The senders that wait for room in one channel, in the order of their calls. Made when a sender
 * first has to wait.
 */

import { type ChannelEnd, refusal } from './channel-end.ts'
import { type Nothing, NOTHING } from './receiving/receive-core.ts'
import { type SenderQueue, WaitingSender } from './waiting-sender.ts'
import { WaitQueue } from './wait-queue.ts'

/** The channel, as its waiting senders see it. */
export interface SenderRoom<T> {
  /** Whether a value of this size fits into the buffer now. */
  hasRoomFor(bytes: number): boolean
  /** Returns what is accepted for `value`, or throws: see `ChannelHooks.admit`. */
  admit(value: T): T
  /** Puts an accepted value into the buffer. */
  put(value: T, bytes: number): void
}

/** The waiting senders of one channel. */
export class WaitingSenders<T> implements SenderQueue<T> {
  readonly #room: SenderRoom<T>
  readonly #queue = new WaitQueue<WaitingSender<T>>()
  #bytes = 0

  constructor(room: SenderRoom<T>) {
    this.#room = room
  }

  /** The number of senders. */
  get size(): number {
    return this.#queue.size
  }

  /** The sum of the sizes of their values. */
  get bytes(): number {
    return this.#bytes
  }

  /** Waits with `value`. Rejects when `signal` aborts. */
  wait(value: T, bytes: number, signal: AbortSignal | undefined): Promise<void> {
    const sender = new WaitingSender(value, bytes, signal, this)
    this.#queue.append(sender)
    this.#bytes += bytes
    return sender.promise
  }

  /** Lets the senders in, in order, as far as there is room. */
  letIn(): void {
    let sender = this.#queue.first
    while (sender !== null && this.#room.hasRoomFor(sender.bytes)) {
      this.#letInFirst(sender)
      sender = this.#queue.first
    }
  }

  /** Lets all senders in, past the bounds. */
  letAllIn(): void {
    for (let sender = this.#queue.first; sender !== null; sender = this.#queue.first) {
      this.#letInFirst(sender)
    }
  }

  /** Takes a value from its sender. Only with capacity 0 do senders wait at an empty buffer. */
  take(): T | Nothing {
    for (let sender = this.#shift(); sender !== null; sender = this.#shift()) {
      const value = this.#admit(sender)
      if (value !== NOTHING) return value
    }
    return NOTHING
  }

  /** Rejects all of them, as at `end`. */
  refuse(end: ChannelEnd): void {
    for (let sender = this.#shift(); sender !== null; sender = this.#shift()) {
      sender.end(refusal(sender.value, end))
    }
  }

  /** See `SenderQueue`. */
  senderLeft(sender: WaitingSender<T>): void {
    this.#queue.remove(sender)
    this.#bytes -= sender.bytes
    // A smaller value behind it may fit now.
    this.letIn()
  }

  #letInFirst(sender: WaitingSender<T>): void {
    this.#shift()
    const value = this.#admit(sender)
    if (value !== NOTHING) this.#room.put(value, sender.bytes)
  }

  #shift(): WaitingSender<T> | null {
    const sender = this.#queue.shift()
    if (sender !== null) this.#bytes -= sender.bytes
    return sender
  }

  /**
   * Accepts the value of a sender and resolves its promise. If `admit` throws, rejects the promise
   * and returns `NOTHING`.
   */
  #admit(sender: WaitingSender<T>): T | Nothing {
    try {
      const value = this.#room.admit(sender.value)
      sender.accept()
      return value
    } catch (error) {
      sender.refuse(error)
      return NOTHING
    }
  }
}
