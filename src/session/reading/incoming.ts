/**
 * The way in: frames for the handler, and the moment when reading must stop.
 *
 * While the channel has room, frames go into it. When it is full we read on for a while, because the next
 * bytes may hold a ping or a Close frame (invariant 9); frames met on the way are kept behind the others.
 * Past that budget reading stops, and TCP makes the peer wait.
 */

import type { Clock } from '../../base/index.ts'
import type { Environment } from '../../base/internal.ts'
import { ChannelOverflowError } from '../../channels/index.ts'
import { BufferedChannel, type ChannelHooks, ChannelSettings } from '../../channels/internal.ts'
import type { Frame } from '../../protocol/index.ts'
import { ownPayload, payloadOf, payloadSize } from '../../protocol/internal.ts'
import type { ChannelBounds } from '../channel-bounds.ts'
import type { FrameQueue } from './waiting-frames.ts'

/** What the way in asks of its connection. */
export interface IncomingOwner {
  pauseReading(reason: 'incoming'): void
  resumeReading(reason: 'incoming'): void
  /** The channel takes nothing more. */
  incomingOver(): void
  incomingOverflowed(error: ChannelOverflowError): void
  frameDropped(direction: 'incoming', bytes: number): void
  readonly environment: Pick<Environment, 'clock'>
  /** A frame is kept, because nobody was waiting for it. */
  buffered(bytes: number): void
  /** See `ChannelHooks.onEndReceived`. */
  endReceived(): Promise<void> | null
  readonly settings: { readonly id: string }
  /** Frames wait: `ownPayloads` is to be called at the end of the turn. */
  framesWait(): void
}

/** What a frame counts for beyond its payload when we read ahead, or empty frames would be free. */
const FRAME_COST_BYTES = 64

/** What a frame that waits takes beyond its payload: 250 to 300 bytes of heap on Node 20 (measured). */
const WAITING_FRAME_BYTES = 256

/** The least that is read past a handler that does not read, to find the end of the peer there. */
const LEAST_AHEAD_BYTES = 64 * 1024

/** The most, whatever the bounds of the channel are. */
const MOST_AHEAD_BYTES = 1024 * 1024

const HOOKS: ChannelHooks<Frame, Incoming> = {
  onRoom: (incoming) => incoming.roomAgain(),
  onCancel: (incoming) => incoming.discard(),
  clock: (incoming) => incoming.clock,
  sessionId: (incoming) => incoming.sessionId,
  onEndReceived: (incoming) => incoming.endReceived(),
}

/** Feeds the `incoming` channel and decides when reading is held back. */
export class Incoming implements FrameQueue {
  readonly channel: BufferedChannel<Frame, Incoming>
  readonly #owner: IncomingOwner
  readonly #bounds: ChannelBounds
  readonly #readAhead: number
  #aheadBytes = 0
  /** Where reading stops, in `#aheadBytes`. */
  #limit: number
  #isAhead = false
  /** How many frames have been put into the channel since `ownPayloads`. */
  #newFrames = 0
  #paused = false
  #discarding = false
  /** Nothing more is put into the channel. */
  #isOver = false

  constructor(bounds: ChannelBounds, readAhead: number, owner: IncomingOwner) {
    this.#owner = owner
    this.#bounds = bounds
    this.#readAhead = readAhead
    this.#limit = readAhead
    this.channel = new BufferedChannel<Frame, Incoming>(channelSettings(bounds, owner), {
      owner: this,
      hooks: HOOKS,
    })
  }

  /** One more frame from the peer; `size` is its payload's, in bytes. */
  deliver(frame: Frame, size: number): void {
    if (this.#isOver) return
    if (this.#bounds.onOverflow === 'suspend') this.#deliverAhead(frame, size)
    else if (this.#bounds.onOverflow === 'close') this.#deliverOrFail(frame, size)
    else this.channel.trySend(frame)
    if (this.channel.size > 0) this.#kept(size)
  }

  /** The last frame of all: it is shown whatever the policy, one past the bound if need be. */
  deliverLast(frame: Frame, size: number): void {
    if (this.#discarding) return
    this.channel.offer(frame, size)
    if (this.channel.size > 0) this.#kept(size)
  }

  /** Whether nobody will read any more. */
  get isDiscarding(): boolean {
    return this.#discarding
  }

  /** What timeouts of `receive` run on. */
  get clock(): Clock {
    return this.#owner.environment.clock
  }

  /** Bytes that frames in the channel hold. */
  get heldBytes(): number {
    return this.channel.bytes + this.channel.size * WAITING_FRAME_BYTES
  }

  ownPayloads(): void {
    const { size } = this.channel
    for (let offset = Math.max(0, size - this.#newFrames); offset < size; offset++) {
      ownPayload(this.channel.peekAt(offset))
    }
    this.#newFrames = 0
  }

  /** Nothing more will come: what is buffered can still be received, then the channel ends, with `cause` if there is one. */
  end(cause?: Error): void {
    // A reconnecting client may keep these frames long after their session.
    this.ownPayloads()
    this.channel.close(cause)
    this.#over()
  }

  /** What still comes is dropped; the channel stays open until its end is known. */
  dropRest(): void {
    this.#isOver = true
  }

  /** The most that is kept past a full channel, in bytes, before reading stops for good. */
  get mostAhead(): number {
    const bytes = Math.min(this.#bounds.maxBytes, MOST_AHEAD_BYTES) + this.#readAhead
    return Math.max(bytes, LEAST_AHEAD_BYTES)
  }

  /** Whether `lookAhead` has been called since the channel was full. */
  get isAhead(): boolean {
    return this.#isAhead
  }

  /**
   * The handler has not read for a while: more is let in, so that the end of the peer is met behind it. All in
   * all it is hardly more than a channel with large frames holds anyway.
   *
   * @returns whether there was more to let in: only once while the channel is full.
   */
  lookAhead(): boolean {
    if (this.#isAhead) return false
    const left = this.mostAhead - this.heldBytes
    this.#limit = this.#aheadBytes + Math.max(left, LEAST_AHEAD_BYTES)
    this.#isAhead = true
    this.#paused = false
    return true
  }

  /**
   * Nobody will read any more: what is buffered and all that still comes is dropped, and reading goes on.
   * Whoever receives all the same gets `cause`, if there is one.
   */
  discard(cause?: Error): void {
    if (this.#discarding) return
    this.#discarding = true
    this.channel.cancel(cause)
    this.#over()
  }

  /** The channel is below its bound again. */
  roomAgain(): void {
    this.#aheadBytes = 0
    this.#limit = this.#readAhead
    this.#isAhead = false
    if (!this.#paused) return
    this.#paused = false
    this.#owner.resumeReading('incoming')
  }

  get sessionId(): string {
    return this.#owner.settings.id
  }

  /** See `ChannelHooks.onEndReceived`. */
  endReceived(): Promise<void> | null {
    return this.#owner.endReceived()
  }

  #over(): void {
    this.#isOver = true
    this.#paused = false
    this.#owner.incomingOver()
  }

  /** A frame has been put into the channel. */
  #kept(size: number): void {
    this.#owner.buffered(size + WAITING_FRAME_BYTES)
    if (++this.#newFrames === 1) this.#owner.framesWait()
  }

  #deliverAhead(frame: Frame, size: number): void {
    const wasFull = this.channel.isFull
    this.channel.offer(frame, size)
    if (!wasFull) return
    // Past the read-ahead it is memory that is bounded, as `mostAhead` is.
    this.#aheadBytes += size + (this.#isAhead ? WAITING_FRAME_BYTES : FRAME_COST_BYTES)
    if (this.#paused || this.#aheadBytes < this.#limit) return
    this.#paused = true
    this.#owner.pauseReading('incoming')
  }

  #deliverOrFail(frame: Frame, size: number): void {
    if (!this.channel.isFull) {
      this.channel.offer(frame, size)
      return
    }
    this.#owner.incomingOverflowed(new ChannelOverflowError(this.#bounds.capacity, frame))
  }
}

/** Settings that name no session are made once for all sessions of a route. */
const SHARED = new WeakMap<ChannelBounds, ChannelSettings<Frame>>()

function channelSettings(bounds: ChannelBounds, owner: IncomingOwner): ChannelSettings<Frame> {
  const { capacity, maxBytes, onOverflow } = bounds
  if (onOverflow.startsWith('drop')) {
    const onDropped = (frame: Frame): void => owner.frameDropped('incoming', frameSize(frame))
    return new ChannelSettings({ capacity, maxBytes, onOverflow, sizeOf: frameSize, onDropped })
  }
  const known = SHARED.get(bounds)
  if (known !== undefined) return known
  const made = new ChannelSettings({ capacity, maxBytes, onOverflow, sizeOf: frameSize })
  SHARED.set(bounds, made)
  return made
}

function frameSize(frame: Frame): number {
  return payloadSize(payloadOf(frame))
}
