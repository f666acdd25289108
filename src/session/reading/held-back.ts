/**
 * Holds back the reading of a session: for a slow handler, for a rate, or for an extension. Made
 * when reading is held back for the first time; most sessions never have one.
 *
 * While the channel is full, some more bytes are read, because they may hold a ping or a Close
 * frame (`readAhead`). After them the transport is paused, and TCP makes the peer wait. The end of
 * the connection must still be noticed, and no operating system reports it for a socket that is not
 * read. So `StallWatch` checks a session that is held back for long, about twice a second:
 *
 * 1. The first check reads more, up to a bound, to find a Close frame or a FIN behind the frames
 *    that wait.
 * 2. Later checks probe the transport, and send an unsolicited Pong (RFC 6455 §5.5.3), also on raw
 *    sessions. The machine of a peer that has gone answers the Pong with a reset.
 */

import { type FrameDecoder, HeldBytes } from '../../protocol/internal.ts'
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
import { StallWatch } from './stall-watch.ts'

/** A reason to hold reading back: the handler is slow. Reasons are bits; several may apply. */
const SLOW_HANDLER = 1

/** A reason to hold reading back: the peer sends above a rate limit. */
export const RATE = 2

/** A reason to hold reading back: an extension is still working on a message that was read. */
export const EXTENSION = 4

type PauseReason = typeof SLOW_HANDLER | typeof RATE | typeof EXTENSION

/** The parts of a session that take part in reading. */
export interface ReadPath {
  readonly owner: HalfOwner
  readonly write: WriteHalf
  readonly decoder: FrameDecoder
  readonly channel: WaitingFrameCounts
  /** Decodes the next bytes. */
  readonly decode: (bytes: Uint8Array) => void
  /** The channel accepts no more frames, but stays open until the end is known. */
  readonly dropRest: () => void
  /** What came before the peer's end has been decoded: see `end`. */
  readonly endDecoded: () => void
  /** The transport is paused, or is read again. */
  readonly paused: (isPaused: boolean) => void
}

/** Kept bytes are decoded in pieces of this size, like bytes that were just read. */
const PIECE_BYTES = 64 * 1024

/** Holds back the reading of one session. */
export class HeldBack {
  readonly #path: ReadPath
  /** The reasons that apply, as bits. */
  #reasons = 0
  #isStopped = false
  /** Our Close frame has been sent. */
  #isClosing: boolean
  /** The channel accepts no more frames: no handler and no rate holds reading back. */
  #isFinal: boolean
  /** Bytes that were read while the channel was full. */
  #aheadBytes = 0
  /** The number of `#aheadBytes` at which reading stops. */
  #aheadLimit: number
  /** Whether that number has been raised since the channel was full. */
  #isAhead = false
  /** Bytes that were read while the decoder was paused; `null`: none. */
  #kept: HeldBytes | null = null
  /** Whether the transport is read into `#kept`. */
  #keeps = false
  #isFeeding = false
  #endWaits = false
  readonly #watch: StallWatch

  constructor(path: ReadPath, isClosing: boolean, isFinal: boolean) {
    this.#path = path
    this.#isClosing = isClosing
    this.#isFinal = isFinal
    this.#aheadLimit = path.owner.settings.readAhead
    this.#watch = new StallWatch(path.owner.environment, path.write, {
      isHeld: () => this.#reasons !== 0,
      endWaits: () => this.#endWaits,
      check: () => this.#check(),
    })
  }

  /** The memory of bytes that were read and cannot be decoded yet. */
  get heldBytes(): number {
    return this.#kept?.memory.length ?? 0
  }

  /** Whether frames of the peer wait, even if reading continues to find the end. */
  get isHeldBack(): boolean {
    return this.#reasons !== 0 || this.#isAhead
  }

  /** Whether the transport is paused. */
  get isStopped(): boolean {
    return this.#isStopped
  }

  /** Bytes have arrived. The memory is lent. */
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

  /** A frame with a payload of `size` bytes was put into the full channel. */
  readPastFull(size: number): void {
    // After the read-ahead the bound is on memory, as in `mostAhead`.
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
    this.#watch.start()
    if (this.#isAhead) this.#watch.probe()
  }

  resume(reason: PauseReason): void {
    if (!this.#has(reason)) return
    this.#reasons &= ~reason
    if (this.#reasons === 0) this.#continue()
  }

  /**
   * Our Close frame has been sent: reading must reach the answer, and the handler may still read.
   */
  close(): void {
    if (this.#isClosing || this.#isFinal) return
    this.#isClosing = true
    if (this.#has(RATE)) this.#readPast(RATE)
    if (this.#has(SLOW_HANDLER)) this.#readPast(SLOW_HANDLER)
  }

  /** The channel accepts no more frames: only an extension still holds reading back. */
  readOn(): void {
    this.#isFinal = true
    const wasHeld = this.#reasons !== 0
    this.#reasons &= EXTENSION
    if (wasHeld && this.#reasons === 0) this.#continue()
  }

  /**
   * The peer's FIN has been read. Bytes that were read before it are decoded now, whatever held
   * them back.
   *
   * @returns whether all bytes have been decoded; if not, an extension is working, and `endDecoded`
   *   follows.
   */
  end(): boolean {
    this.readOn()
    if (!this.#path.decoder.isPaused) return true
    this.#endWaits = true
    this.#watch.start()
    return false
  }

  /** The connection is gone. */
  stop(): void {
    this.#isFinal = true
    this.#endWaits = false
    this.#dropKept()
    this.#watch.stop()
  }

  get #mostAhead(): number {
    const { incoming, readAhead } = this.#path.owner.settings
    return mostAhead(incoming, readAhead)
  }

  #has(reason: PauseReason): boolean {
    return (this.#reasons & reason) !== 0
  }

  /**
   * Lets more frames into the full channel, to find the end of the connection behind them.
   *
   * @returns whether more may be read: once while the channel is full.
   */
  #lookAhead(): boolean {
    if (this.#isAhead) return false
    const { owner, channel } = this.#path
    const { incoming, readAhead } = owner.settings
    this.#aheadLimit = this.#aheadBytes + leftAhead(incoming, readAhead, heldBytesOf(channel))
    this.#isAhead = true
    return true
  }

  /**
   * Reads on after our Close frame. The handler receives more up to the bound; the rest is dropped.
   */
  #readPast(reason: PauseReason): void {
    if (reason === SLOW_HANDLER && this.#lookAhead()) {
      this.resume(reason)
      return
    }
    this.#path.dropRest()
    this.readOn()
  }

  #continue(): void {
    this.#watch.resumed()
    // A feed that is under way continues by itself.
    if (this.#isFeeding) return
    const { decoder } = this.#path
    this.#isFeeding = true
    decoder.resume()
    this.#feed()
    this.#isFeeding = false
    if (decoder.isPaused) return
    this.#keeps = false
    this.#start()
    if (!this.#endWaits) return
    this.#endWaits = false
    this.#path.endDecoded()
  }

  /** Decodes the kept bytes in pieces. The rates are checked after each piece. */
  #feed(): void {
    for (;;) {
      const kept = this.#kept
      if (kept === null || this.#path.decoder.isPaused) return
      const from = kept.start
      kept.start = Math.min(from + PIECE_BYTES, kept.end)
      const piece = kept.memory.subarray(from, kept.start)
      if (kept.byteLength === 0) this.#dropKept()
      this.#path.decode(piece)
    }
  }

  #dropKept(): void {
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

  #check(): void {
    if (this.#endWaits) {
      // The end does not wait for an extension that makes no progress.
      this.#endWaits = false
      this.#path.decoder.stop()
      this.#dropKept()
      this.#path.owner.endReached()
      return
    }
    if (this.#reasons === SLOW_HANDLER) {
      if (this.#lookAhead()) this.resume(SLOW_HANDLER)
      else this.#watch.probe()
      return
    }
    if ((this.#kept?.byteLength ?? 0) < this.#mostAhead) {
      this.#keeps = true
      this.#start()
    } else {
      this.#watch.probe()
    }
  }
}
