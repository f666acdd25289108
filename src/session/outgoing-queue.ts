/**
 * Where frames wait while the transport is busy: a bounded channel with the session as its only reader.
 */

import { Deferred } from '../base/internal.ts'
import type { SendOptions, TrySendResult } from '../channels/index.ts'
import { BufferedChannel, type ChannelHooks } from '../channels/internal.ts'
import { type MessageOrder, QueuedFrame } from './message-order.ts'
import type { Outbound } from './session.ts'
import type { ChannelBounds } from './settings.ts'

/** The place of a `flush()` among the frames. */
export class FlushMarker {
  readonly #deferred = new Deferred<void>()

  get promise(): Promise<void> {
    return this.#deferred.promise
  }

  /** Everything before this place has been handed to the operating system, or is lost. */
  handed(): void {
    this.#deferred.resolve()
  }
}

/** What is put in (an `Outbound`), and what it is while it waits. */
type Entry = Outbound | QueuedFrame | FlushMarker

const HOOKS: ChannelHooks<Entry, MessageOrder> = {
  admit: (order, entry) =>
    entry instanceof FlushMarker || entry instanceof QueuedFrame ? entry : order.admit(entry),
}

/** The bounded queue of one session. */
export class OutgoingQueue {
  readonly #channel: BufferedChannel<Entry, MessageOrder>
  readonly #suspends: boolean

  constructor(
    bounds: ChannelBounds,
    order: MessageOrder,
    owner: { frameDropped(direction: 'outgoing', bytes: number): void },
  ) {
    this.#suspends = bounds.onOverflow === 'suspend'
    this.#channel = new BufferedChannel<Entry, MessageOrder>(
      {
        capacity: bounds.capacity,
        maxBytes: bounds.maxBytes,
        sizeOf: (entry) => (entry instanceof FlushMarker ? 0 : order.sizeOf(entry)),
        // The policy `close` ends the session, not the queue: see `Writer`.
        onOverflow: bounds.onOverflow === 'close' ? 'suspend' : bounds.onOverflow,
        onDropped: (entry) => {
          if (entry instanceof FlushMarker) entry.handed()
          else owner.frameDropped('outgoing', order.sizeOf(entry))
        },
      },
      { owner: order, hooks: HOOKS },
    )
  }

  get isEmpty(): boolean {
    return this.#channel.size === 0
  }

  get isFull(): boolean {
    return this.#channel.isFull
  }

  get bytes(): number {
    return this.#channel.bytes
  }

  send(data: Outbound, options?: SendOptions): Promise<void> {
    return this.#channel.send(data, options)
  }

  trySend(data: Outbound): TrySendResult {
    return this.#channel.trySend(data)
  }

  /** Resolves when everything that was sent before has been handed over; behind those who still wait, too. */
  mark(): Promise<void> {
    const marker = new FlushMarker()
    if (this.#suspends && this.#channel.isFull) {
      // Rejected only when the session ends; then there is nothing to wait for any more.
      this.#channel.send(marker).catch(() => marker.handed())
    } else {
      this.#channel.offer(marker)
    }
    return marker.promise
  }

  /** The oldest entry, which stays; the queue is not empty. */
  peek(): QueuedFrame | FlushMarker {
    return this.#channel.peek() as QueuedFrame | FlushMarker // `admit` lets nothing else in
  }

  /** Removes the oldest entry. Whoever has waited longest comes in behind. */
  take(): void {
    this.#channel.takeNext()
  }

  /** Nobody comes in any more: those who wait are rejected; what is in stays. */
  close(): void {
    this.#channel.close()
  }

  /** Everything in it is lost. */
  abandon(): void {
    this.close()
    while (!this.isEmpty) {
      const entry = this.peek()
      if (entry instanceof FlushMarker) entry.handed()
      this.take()
    }
  }
}
