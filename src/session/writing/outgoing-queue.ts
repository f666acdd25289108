/**
 * The queue of frames that wait while the transport is busy: a bounded channel that the session
 * reads.
 */

import { Deferred, rejected } from '../../base/internal.ts'
import type { SendOptions, TrySendResult } from '../../channels/index.ts'
import { BufferedChannel, type ChannelHooks, SENT } from '../../channels/internal.ts'
import { encodedSizeBound } from '../../protocol/internal.ts'
import { LatestBy } from '../latest-by.ts'
import type { Outbound } from '../session.ts'
import type { OutgoingBounds } from '../session-options.ts'
import { outboundSize, QueuedFrame, queuedFrame, type SentMessages } from './message-order.ts'
import { WaitingKeys } from './waiting-keys.ts'

/** The observer, as the queue sees it. */
export interface OutgoingQueueCalls {
  /** A frame with a payload of `bytes` was dropped. */
  readonly frameDropped: (bytes: number) => void
  /** The waiting bytes have grown by up to `bytes`. */
  readonly buffered: (bytes: number) => void
}

/** The place of a `flush()` in the queue. */
export class FlushMarker {
  readonly #deferred = new Deferred<void>()

  get promise(): Promise<void> {
    return this.#deferred.promise
  }

  /** The operating system has everything before this place, or it is lost. */
  handed(): void {
    this.#deferred.resolve()
  }
}

/** Data that is sent (`Outbound`), and its form while it waits. */
type Entry = Outbound | QueuedFrame | FlushMarker

const HOOKS: ChannelHooks<Entry, OutgoingQueue> = {
  sessionId: (queue) => queue.sessionId,
  admit: (queue, entry) =>
    entry instanceof FlushMarker || entry instanceof QueuedFrame ? entry : queue.admit(entry),
}

/** The approximate cost of a promise that waits for room. */
const WAITING_SENDER_BYTES = 512

/** The bounded queue of one session. */
export class OutgoingQueue {
  readonly #channel: BufferedChannel<Entry, OutgoingQueue>
  readonly #sent: SentMessages
  /** Whether an overflow policy may drop frames. */
  readonly #mayDrop: boolean
  readonly #calls: OutgoingQueueCalls
  readonly #suspends: boolean
  /** The waiting frame of each key; `null` under all policies but `latestBy`. */
  readonly #keys: WaitingKeys | null
  /** Markers that newer frames displaced at the front: frames before them may be under way. */
  #displaced: FlushMarker[] | null = null

  readonly sessionId: string

  constructor(
    { outgoing, id }: { readonly outgoing: OutgoingBounds; readonly id: string },
    sent: SentMessages,
    calls: OutgoingQueueCalls,
  ) {
    this.sessionId = id
    const { onOverflow } = outgoing
    // The policy `close` ends the session, not the queue: see `WriteHalf`.
    const policy = onOverflow instanceof LatestBy || onOverflow === 'close' ? 'suspend' : onOverflow
    this.#sent = sent
    this.#mayDrop = onOverflow instanceof LatestBy || onOverflow.startsWith('drop')
    this.#calls = calls
    this.#suspends = policy === 'suspend' && onOverflow !== 'close'
    this.#keys = onOverflow instanceof LatestBy ? new WaitingKeys(onOverflow) : null
    this.#channel = new BufferedChannel<Entry, OutgoingQueue>(
      {
        capacity: outgoing.capacity,
        maxBytes: outgoing.maxBytes,
        sizeOf: (entry) => (entry instanceof FlushMarker ? 0 : outboundSize(entry)),
        onOverflow: policy,
        onDropped: (entry) => {
          if (entry instanceof FlushMarker) (this.#displaced ??= []).push(entry)
          else calls.frameDropped(outboundSize(entry))
        },
      },
      { owner: this, hooks: HOOKS },
    )
  }

  get isEmpty(): boolean {
    return this.#displaced === null && this.#channel.size === 0
  }

  /** Whether there is room for `data` without dropping a frame. */
  fits(data: Outbound): boolean {
    return this.#channel.fits(data)
  }

  /** Frames in the queue, and frames of senders that wait for room; a waiting flush counts too. */
  get frames(): number {
    return this.#channel.size + this.#channel.waitingSenders
  }

  /** Bytes in the queue, and bytes of senders that wait for room. */
  get bytes(): number {
    return this.#channel.bytes + this.#channel.waitingBytes
  }

  /** The cost of the senders that wait for room, in addition to their bytes. */
  get waitingCost(): number {
    return this.#channel.waitingSenders * WAITING_SENDER_BYTES
  }

  send(data: Outbound, options?: SendOptions): Promise<void> {
    if (this.#keys === null) return this.#send(data, options)
    try {
      return this.#replace(data) ? SENT : this.#send(data, options)
    } catch (error) {
      return rejected(error)
    }
  }

  trySend(data: Outbound): TrySendResult {
    return this.#replace(data) ? 'sent' : this.#channel.trySend(data)
  }

  /**
   * Returns `data` in the form in which it waits. It is put at the end of the queue right after.
   */
  admit(data: Outbound): QueuedFrame {
    const frame = queuedFrame(this.#sent, data, this.#mayDrop)
    this.#keys?.entered(data, this.#channel.size)
    this.#calls.buffered(encodedSizeBound(frame.payload))
    return frame
  }

  /**
   * Resolves when the operating system has everything that was sent before, also by senders that
   * still wait, or when it is lost. Rejects if the waiting senders are rejected first.
   */
  mark(): Promise<void> {
    const marker = new FlushMarker()
    if (this.#suspends) return this.#channel.send(marker).then(() => marker.promise)
    this.#channel.offer(marker, 0)
    return marker.promise
  }

  /** Returns the oldest entry, which stays in the queue. The queue must not be empty. */
  peek(): QueuedFrame | FlushMarker {
    const displaced = this.#displaced?.[0]
    if (displaced !== undefined) return displaced
    return this.#channel.peek() as QueuedFrame | FlushMarker // `admit` lets nothing else in
  }

  /** Removes the oldest entry. The sender that has waited longest gets the room. */
  take(): void {
    if (this.#displaced !== null) {
      this.#displaced.shift()
      if (this.#displaced.length === 0) this.#displaced = null
      return
    }
    this.#keys?.left()
    this.#channel.takeNext()
  }

  /** Rejects the senders that wait for room. Frames in the queue stay. */
  refuseWaiting(): void {
    this.#channel.refuseWaiting()
  }

  /** Drops everything in the queue, and accepts no more. */
  abandon(): void {
    this.#channel.close()
    while (!this.isEmpty) {
      const entry = this.peek()
      if (entry instanceof FlushMarker) entry.handed()
      this.take()
    }
  }

  /** Waiting senders have no bound but the memory budget, which must count them. */
  #send(data: Outbound, options: SendOptions | undefined): Promise<void> {
    const before = this.bytes + this.waitingCost
    const sent = this.#channel.send(data, options)
    const more = this.bytes + this.waitingCost - before
    if (more >= WAITING_SENDER_BYTES) this.#calls.buffered(more)
    return sent
  }

  /**
   * Puts `data` in the place of the waiting frame with the same key. @returns whether there is one.
   */
  #replace(data: Outbound): boolean {
    const offset = this.#keys?.offsetOf(data) ?? null
    if (offset === null) return false
    const frame = queuedFrame(this.#sent, data, this.#mayDrop)
    this.#calls.buffered(encodedSizeBound(frame.payload))
    const replaced = this.#channel.replace(offset, frame)
    // The keys refer to frames only.
    this.#calls.frameDropped(outboundSize(replaced as QueuedFrame))
    return true
  }
}
