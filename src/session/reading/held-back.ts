/**
 * A session whose reading was held back at least once: for a slow handler, for a rate, or for an
 * extension. The object is made when that first happens; most sessions never have one.
 *
 * When the channel is full, some bytes more are read, because they may hold a ping or a Close frame
 * (invariant 9). Past this read-ahead the transport is paused, and TCP makes the peer wait. The end
 * of the peer must be noticed all the same, and no operating system reports it for a socket that is
 * not read. So a session that is held back for long is looked at about twice a second:
 *
 * 1. At first more is read, up to a bound, to find a Close frame or a FIN behind what waits.
 * 2. Past the bound the transport is probed: a write finds a connection that was reset. Raw sessions
 *    too then send an unsolicited Pong (RFC 6455 §5.5.3). The machine of a peer that has gone
 *    answers the Pong with a reset.
 *
 * The timer keeps the process alive, as the socket does while it is read.
 */

import type { WheelTimer } from '../../base/internal.ts'
import { EMPTY_BYTES, type FrameDecoder, HeldBytes } from '../../protocol/internal.ts'
import { FRAME_COST_BYTES } from '../channel-bounds.ts'
import type { HalfOwner } from '../half-owner.ts'
import type { WriteHalf } from '../writing/write-half.ts'
import {
  heldBytesOf,
  leftAhead,
  mostAhead,
  WAITING_FRAME_BYTES,
  type WaitingFrameCounts,
} from './incoming-channel.ts'

/**
 * A reason to hold reading back: the handler is slow. Reasons are bits; several may hold at once.
 */
const SLOW_HANDLER = 1

/** A reason to hold reading back: the peer sends faster than it may. */
export const RATE = 2

/** A reason to hold reading back: an extension is still working on a message that was read. */
export const EXTENSION = 4

type PauseReason = typeof SLOW_HANDLER | typeof RATE | typeof EXTENSION

/** The parts of a session that reading goes through. */
export interface ReadPath {
  readonly owner: HalfOwner
  readonly write: WriteHalf
  readonly decoder: FrameDecoder
  readonly channel: WaitingFrameCounts
  /** Decodes the next bytes. */
  readonly decode: (bytes: Uint8Array) => void
  /** The channel takes nothing more, but stays open until the end is known. */
  readonly dropRest: () => void
  /** The transport is not read for the moment, or is read again. */
  readonly paused: (isPaused: boolean) => void
}

/** How often a session that is held back is looked at. */
const LOOK_MS = 450

/** The least time between two Pongs: with it a peer that has gone is known within two seconds. */
const NUDGE_MS = 900

/** Kept bytes are decoded in pieces of this size, as if they had just been read. */
const PIECE_BYTES = 64 * 1024

/** Holds back the reading of one session, and looks after the session meanwhile. */
export class HeldBack {
  readonly #path: ReadPath
  /** The reasons that hold, as bits. */
  #reasons = 0
  #isStopped = false
  /** Our Close frame has been sent. */
  #isClosing: boolean
  /** The channel takes nothing more: no handler and no rate holds reading back. */
  #isFinal: boolean
  /** Bytes that were read past a full channel. */
  #aheadBytes = 0
  /** Where reading stops, in `#aheadBytes`. */
  #aheadLimit: number
  /** Whether the limit has been raised since the channel was full. */
  #isAhead = false
  /** Bytes that were read while the decoder had to wait; `null`: none. */
  #kept: HeldBytes | null = null
  /** Whether the transport is read for `#kept`. */
  #keeps = false
  #isFeeding = false
  #endWaits = false
  #isGone = false
  #timer: WheelTimer | null = null
  /** Whether reading has gone on since the last look, if only for a moment. */
  #hasRun = false
  /** Whether the last look found it held back. */
  #wasHeld = false
  #nudgedAt = -Infinity

  constructor(path: ReadPath, isClosing: boolean, isFinal: boolean) {
    this.#path = path
    this.#isClosing = isClosing
    this.#isFinal = isFinal
    this.#aheadLimit = path.owner.settings.readAhead
  }

  /** Memory of bytes that were read and cannot be decoded yet. */
  get heldBytes(): number {
    return this.#kept?.memory.length ?? 0
  }

  /** Whether frames of the peer wait, even if reading goes on to find its end. */
  get isHeldBack(): boolean {
    return this.#reasons !== 0 || this.#isAhead
  }

  /** Whether the transport is not read at the moment. */
  get isStopped(): boolean {
    return this.#isStopped
  }

  /** Bytes have arrived. They are lent. */
  receive(bytes: Uint8Array): void {
    if (this.#kept === null && !this.#keeps) {
      this.#path.decode(bytes)
      return
    }
    if (this.#kept === null) this.#kept = new HeldBytes(bytes, 0)
    else this.#kept.append(bytes)
    if (this.#kept.byteLength < this.#mostAhead) return
    this.#keeps = false
    this.#stop()
  }

  /** A frame with a payload of `size` bytes was put behind a full channel. */
  readPastFull(size: number): void {
    // Past the read-ahead memory is the bound, as in `mostAhead`.
    this.#aheadBytes += size + (this.#isAhead ? WAITING_FRAME_BYTES : FRAME_COST_BYTES)
    if (this.#has(SLOW_HANDLER) || this.#aheadBytes < this.#aheadLimit) return
    this.pause(SLOW_HANDLER)
  }

  /** The channel is below its bound again. */
  roomAgain(): void {
    this.#aheadBytes = 0
    this.#aheadLimit = this.#path.owner.settings.readAhead
    this.#isAhead = false
    this.resume(SLOW_HANDLER)
  }

  pause(reason: PauseReason): void {
    if (reason !== EXTENSION) {
      if (this.#isFinal) return
      if (this.#isClosing) {
        this.#readPast(reason)
        return
      }
    }
    const wasRunning = this.#reasons === 0
    this.#reasons |= reason
    if (!wasRunning) return
    this.#path.decoder.pause()
    this.#keeps = false
    this.#stop()
    this.#watch()
    if (this.#isAhead) this.#probe()
  }

  resume(reason: PauseReason): void {
    if (!this.#has(reason)) return
    this.#reasons &= ~reason
    if (this.#reasons === 0) this.#goOn()
  }

  /** Our Close frame has been sent: its answer must be seen, and the handler may still read. */
  close(): void {
    if (this.#isClosing || this.#isFinal) return
    this.#isClosing = true
    if (this.#has(RATE)) this.#readPast(RATE)
    if (this.#has(SLOW_HANDLER)) this.#readPast(SLOW_HANDLER)
  }

  /** The channel takes nothing more: only an extension still holds reading back. */
  readOn(): void {
    this.#isFinal = true
    const wasHeld = this.#reasons !== 0
    this.#reasons &= EXTENSION
    if (wasHeld && this.#reasons === 0) this.#goOn()
  }

  /**
   * The peer's FIN has been read. What was read before it is decoded now, whatever held it back.
   *
   * @returns whether all of it has been; if not, an extension is working, and `endReached` follows.
   */
  end(): boolean {
    this.readOn()
    if (!this.#path.decoder.isPaused) return true
    this.#endWaits = true
    this.#watch()
    return false
  }

  /** The connection is gone. */
  stop(): void {
    this.#isGone = true
    this.#isFinal = true
    this.#endWaits = false
    this.#letGo()
    this.#timer?.cancel()
    this.#timer = null
  }

  get #mostAhead(): number {
    const { incoming, readAhead } = this.#path.owner.settings
    return mostAhead(incoming, readAhead)
  }

  #has(reason: PauseReason): boolean {
    return (this.#reasons & reason) !== 0
  }

  /**
   * Lets more frames in past the full channel, to meet the end of the peer behind them.
   *
   * @returns whether it did: only once while the channel is full.
   */
  #lookAhead(): boolean {
    if (this.#isAhead) return false
    const { owner, channel } = this.#path
    const { incoming, readAhead } = owner.settings
    this.#aheadLimit = this.#aheadBytes + leftAhead(incoming, readAhead, heldBytesOf(channel))
    this.#isAhead = true
    return true
  }

  /** Reads on after our Close frame: the handler gets more, up to the bound, and then no more. */
  #readPast(reason: PauseReason): void {
    if (reason === SLOW_HANDLER && this.#lookAhead()) {
      this.resume(reason)
      return
    }
    this.#path.dropRest()
    this.readOn()
  }

  #goOn(): void {
    this.#hasRun = true
    // A feed that is under way goes on by itself.
    if (this.#isFeeding) return
    const { decoder, owner } = this.#path
    this.#isFeeding = true
    decoder.resume()
    this.#feed()
    this.#isFeeding = false
    if (decoder.isPaused) return
    this.#keeps = false
    this.#start()
    if (!this.#endWaits) return
    this.#endWaits = false
    owner.endReached()
  }

  /** Decodes the kept bytes in pieces, and checks the rates after each piece. */
  #feed(): void {
    for (;;) {
      const kept = this.#kept
      if (kept === null || this.#path.decoder.isPaused) return
      const from = kept.start
      kept.start = Math.min(from + PIECE_BYTES, kept.end)
      const piece = kept.memory.subarray(from, kept.start)
      if (kept.byteLength === 0) this.#letGo()
      this.#path.decode(piece)
    }
  }

  #letGo(): void {
    this.#kept = null
    this.#keeps = false
  }

  #stop(): void {
    if (this.#isStopped) return
    this.#isStopped = true
    this.#path.write.transport.pause()
    this.#path.paused(true)
  }

  #start(): void {
    if (!this.#isStopped) return
    this.#isStopped = false
    this.#path.paused(false)
    this.#path.write.transport.resume()
  }

  #watch(): void {
    if (this.#isGone) return
    const { waitingTimers } = this.#path.owner.environment
    this.#timer ??= waitingTimers.schedule(LOOK_MS, () => this.#timerFired())
  }

  #timerFired(): void {
    this.#timer = null
    const isHeld = this.#reasons !== 0
    // Held back all the time, or again and again: a slow handler lets a frame in now and then. An
    // extension that makes progress is waited for.
    const isDue = isHeld && (!this.#hasRun || (this.#wasHeld && !this.#endWaits))
    this.#hasRun = false
    this.#wasHeld = isHeld
    if (isDue) this.#look()
    if (this.#reasons !== 0) this.#watch()
  }

  #look(): void {
    if (this.#endWaits) {
      // An extension that stands still is not waited for.
      this.#endWaits = false
      this.#path.decoder.stop()
      this.#letGo()
      this.#path.owner.endReached()
      return
    }
    if (this.#reasons === SLOW_HANDLER) {
      if (this.#lookAhead()) this.resume(SLOW_HANDLER)
      else this.#probe()
      return
    }
    if ((this.#kept?.byteLength ?? 0) < this.#mostAhead) {
      this.#keeps = true
      this.#start()
    } else {
      this.#probe()
    }
  }

  #probe(): void {
    const { owner, write } = this.#path
    write.transport.probe()
    const now = owner.environment.clock.now()
    if (now - this.#nudgedAt < NUDGE_MS) return
    this.#nudgedAt = now
    if (write.bufferedAmount === 0) write.pong(EMPTY_BYTES)
  }
}
