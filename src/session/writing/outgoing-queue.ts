/**
 * Where frames wait while the transport is busy: a bounded channel that only the session reads.
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

/** What the queue says about frames that wait. */
export interface OutgoingQueueCalls {
  /** A frame with a payload of `bytes` was dropped. */
  readonly frameDropped: (bytes: number) => void
  /** Up to `bytes` more wait than before. */
  readonly buffered: (bytes: number) => void
}

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

const HOOKS: ChannelHooks<Entry, OutgoingQueue> = {
  sessionId: (queue) => queue.sessionId,
  admit: (queue, entry) =>
    entry instanceof FlushMarker || entry instanceof QueuedFrame ? entry : queue.admit(entry),
}

/** About what a promise costs that waits for room. */
const WAITING_SENDER_BYTES = 512

/** The bounded queue of one session. */
export class OutgoingQueue {
  readonly #channel: BufferedChannel<Entry, OutgoingQueue>
  readonly #sent: SentMessages
  /** Whether an overflow policy may drop frames. */
  readonly #mayDrop: boolean
  readonly #calls: OutgoingQueueCalls
  readonly #suspends: boolean
  /** Which frame waits for which key; `null` under all other policies. */
  readonly #keys: WaitingKeys | null
  /** Markers that newer frames pushed out at the front: frames before them may be on their way. */
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

  /** Whether `data` would be let in now, with nothing dropped. */
  fits(data: Outbound): boolean {
    return this.#channel.fits(data)
  }

  /** Bytes that are in it, or that wait for room in it. */
  get bytes(): number {
    return this.#channel.bytes + this.#channel.waitingBytes
  }

  /** What those who wait for room cost beside their bytes. */
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

  /** What `data` is while it waits; it is put behind all others right after this. */
  admit(data: Outbound): QueuedFrame {
    const frame = queuedFrame(this.#sent, data, this.#mayDrop)
    this.#keys?.entered(data, this.#channel.size)
    this.#calls.buffered(encodedSizeBound(frame.payload))
    return frame
  }

  /**
   * Resolves when everything that was sent before has been handed over, or is lost; behind those
   * who still wait, too. Rejects, as they do, if they are refused while it waits among them.
   */
  mark(): Promise<void> {
    const marker = new FlushMarker()
    if (this.#suspends) return this.#channel.send(marker).then(() => marker.promise)
    this.#channel.offer(marker, 0)
    return marker.promise
  }

  /** The oldest entry, which stays; the queue is not empty. */
  peek(): QueuedFrame | FlushMarker {
    const displaced = this.#displaced?.[0]
    if (displaced !== undefined) return displaced
    return this.#channel.peek() as QueuedFrame | FlushMarker // `admit` lets nothing else in
  }

  /** Removes the oldest entry. Whoever has waited longest comes in behind. */
  take(): void {
    if (this.#displaced !== null) {
      this.#displaced.shift()
      if (this.#displaced.length === 0) this.#displaced = null
      return
    }
    this.#keys?.left()
    this.#channel.takeNext()
  }

  /** Those who wait for room are refused; what is in stays. */
  refuseWaiting(): void {
    this.#channel.refuseWaiting()
  }

  /** Everything in it is lost, and nothing comes in any more. */
  abandon(): void {
    this.#channel.close()
    while (!this.isEmpty) {
      const entry = this.peek()
      if (entry instanceof FlushMarker) entry.handed()
      this.take()
    }
  }

  /** A line of senders that nobody awaits has no bound but the memory budget, which must see it. */
  #send(data: Outbound, options: SendOptions | undefined): Promise<void> {
    const before = this.bytes + this.waitingCost
    const sent = this.#channel.send(data, options)
    const more = this.bytes + this.waitingCost - before
    if (more >= WAITING_SENDER_BYTES) this.#calls.buffered(more)
    return sent
  }

  /** Puts `data` in the place of the frame with the same key. @returns whether there was one. */
  #replace(data: Outbound): boolean {
    const offset = this.#keys?.offsetOf(data) ?? null
    if (offset === null) return false
    const frame = queuedFrame(this.#sent, data, this.#mayDrop)
    this.#calls.buffered(encodedSizeBound(frame.payload))
    const replaced = this.#channel.replace(offset, frame)
    // The keys know of frames only.
    this.#calls.frameDropped(outboundSize(replaced as QueuedFrame))
    return true
  }
}
