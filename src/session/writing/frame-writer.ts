/**
 * From frames to the transport: serialises into the shared slab (`Output`), and writes once a turn.
 *
 * While the transport takes bytes, frames are serialised at once. All frames of a turn of the event
 * loop leave in one write when the turn ends: one system call for many messages is worth several
 * times their own cost. Once the transport has answered `queued`, nothing is serialised until it
 * has drained.
 */

import { type Environment, type LoopShare, loopShareOf } from '../../base/internal.ts'
import {
  allocate,
  type CloseReason,
  encodeClose,
  encodedSizeBound,
  encodeFrame,
  MAX_CLOSE_FRAME_BYTES,
  MAX_HEADER_BYTES,
  payloadSize,
  type PreparedFrame,
  preparedBytes,
  preparedPayload,
} from '../../protocol/internal.ts'
import { type Output, outputOf, type OutputUser, SLAB_BYTES } from './output.ts'
import type { Transport, WriteOutcome } from '../transport.ts'

/** Who hears that the transport is full. */
export interface FrameWriterOwner {
  /** The transport has kept bytes that it could not hand over. */
  writeQueued(): void
}

const MASK_SCRATCH = new Uint8Array(4)

/** Above this size a stretch is written out instead of copied to the end of the slab. */
const MAX_MOVED_BYTES = 4096

/** Serialises the frames of one connection. */
export class FrameWriter implements OutputUser {
  masking: boolean
  /** The transport has not drained since it answered `queued`: nothing can be written. */
  isBacklogged = false
  readonly #transport: Transport
  readonly #environment: Environment
  readonly #owner: FrameWriterOwner
  readonly #output: Output
  readonly #share: LoopShare
  /** Our stretch of the slab; both 0 while there is none. */
  #start = 0
  #end = 0
  #endsTurn = false

  constructor(
    transport: Transport,
    environment: Environment,
    masking: boolean,
    owner: FrameWriterOwner,
  ) {
    this.#transport = transport
    this.#environment = environment
    this.#owner = owner
    this.#output = outputOf(environment)
    this.#share = loopShareOf(environment)
    this.masking = masking
  }

  /** Bytes serialised and not yet handed to the operating system. */
  get bufferedBytes(): number {
    return this.#end - this.#start + this.#transport.queuedBytes
  }

  /**
   * Makes sure that a frame with `payload` can be serialised now.
   *
   * @returns `false` if the transport has to drain first.
   */
  makeRoom(payload: string | Uint8Array): boolean {
    return this.#makeRoom(encodedSizeBound(payload))
  }

  /**
   * Serialises one frame, for which `makeRoom` has just answered `true`.
   *
   * @param isFixed whether `payload` is a whole text message that cannot change. Sessions that send
   *   the same one share its bytes.
   */
  write(
    opcode: number,
    fin: boolean,
    reservedBits: number,
    payload: string | Uint8Array,
    isFixed: boolean = false,
  ): void {
    const output = this.#output
    const mayShare = isFixed && !this.masking
    const bound = encodedSizeBound(payload)
    this.#share.spend(bound)
    if (bound > SLAB_BYTES) {
      this.#writeLarge(opcode, fin, reservedBits, payload, mayShare)
      return
    }
    const start = this.#start
    const end = this.#end
    if (start === end) this.#enter()
    if (mayShare && output.isRepeated(payload, start, end)) {
      this.#start = output.repeatedStart
      this.#end = output.repeatedEnd
      return
    }
    if (this.#end !== output.end) this.#move()
    const at = output.end
    output.end = encodeFrame(output.bytes, at, opcode, fin, reservedBits, payload, this.#maskKey())
    this.#end = output.end
    output.appended(at)
    if (mayShare && output.isShared) output.remember(payload, start, end, this.#start)
  }

  /** Writes a prepared frame, after `makeRoom` has answered `true` for its payload. */
  writePrepared(prepared: PreparedFrame): void {
    const payload = preparedPayload(prepared)
    if (this.masking) {
      this.write(prepared.frameType, true, 0, payload)
      return
    }
    const output = this.#output
    const bytes = preparedBytes(prepared)
    this.#share.spend(bytes.length)
    if (encodedSizeBound(payload) > SLAB_BYTES) {
      // Nobody changes these bytes: the transport may keep them.
      if (this.#transport.write(bytes) === 'queued') this.#queued()
      return
    }
    const start = this.#start
    const end = this.#end
    if (start === end) this.#enter()
    if (output.isRepeated(payload, start, end)) {
      this.#start = output.repeatedStart
      this.#end = output.repeatedEnd
      return
    }
    if (this.#end !== output.end) this.#move()
    const at = output.end
    output.bytes.set(bytes, at)
    output.end += bytes.length
    this.#end = output.end
    output.appended(at)
    if (output.isShared) output.remember(payload, start, end, this.#start)
  }

  /**
   * Serialises a Close frame, an empty one for `null`, and writes out.
   *
   * @returns `false` if the transport has to drain first.
   */
  writeClose(reason: CloseReason | null): boolean {
    if (!this.#makeRoom(MAX_CLOSE_FRAME_BYTES)) return false
    const output = this.#output
    if (this.#start === this.#end) this.#enter()
    if (this.#end !== output.end) this.#move()
    output.end = encodeClose(output.bytes, output.end, reason, this.#maskKey())
    this.#end = output.end
    this.writeOut()
    return true
  }

  /** See `Output.moreToRead`. */
  moreToRead(): void {
    this.#output.moreToRead()
  }

  /** Hands over what has been serialised, in one write. Does nothing while backlogged. */
  writeOut(): void {
    if (this.#start === this.#end) return
    const bytes = this.#output.stretch(this.#start, this.#end)
    this.#start = 0
    this.#end = 0
    let outcome: WriteOutcome = 'queued' // for all we know, if it throws
    try {
      outcome = this.#transport.write(bytes)
    } finally {
      this.#output.leave(outcome)
    }
    if (outcome === 'queued') this.#queued()
  }

  /** All frames of a turn have been serialised. */
  endTurn(): void {
    this.#endsTurn = false
    this.writeOut()
  }

  /** The transport is gone: what was serialised is lost. */
  abandon(): void {
    this.isBacklogged = false
    if (this.#start === this.#end) return
    this.#start = 0
    this.#end = 0
    this.#output.leave('taken')
  }

  #makeRoom(bound: number): boolean {
    if (this.isBacklogged) return false
    const output = this.#output
    const moved = this.#end === output.end ? 0 : this.#end - this.#start
    if (moved <= MAX_MOVED_BYTES && output.hasRoom(moved + bound)) return true
    this.writeOut()
    if (bound <= SLAB_BYTES && !output.hasRoom(bound)) output.clear(bound)
    return !this.isBacklogged
  }

  /** Begins a stretch. */
  #enter(): void {
    const output = this.#output
    output.enter()
    this.#start = output.end
    this.#end = output.end
    if (this.#endsTurn) return
    this.#endsTurn = true
    output.atEndOfTurn(this)
  }

  /** Makes our stretch end where the next frame goes. */
  #move(): void {
    const output = this.#output
    const start = output.end
    output.bytes.copyWithin(start, this.#start, this.#end)
    output.end += this.#end - this.#start
    this.#start = start
    this.#end = output.end
  }

  /** Writes a frame that is too large for the slab from memory of its own, shared if it may be. */
  #writeLarge(
    opcode: number,
    fin: boolean,
    reservedBits: number,
    payload: string | Uint8Array,
    mayShare: boolean,
  ): void {
    let bytes = mayShare ? this.#output.largeFrame(payload) : null
    if (bytes === null) {
      const memory = allocate(payloadSize(payload) + MAX_HEADER_BYTES)
      const end = encodeFrame(memory, 0, opcode, fin, reservedBits, payload, this.#maskKey())
      bytes = memory.subarray(0, end)
      if (mayShare) this.#output.rememberLarge(payload, bytes)
    }
    if (this.#transport.write(bytes) === 'queued') this.#queued()
  }

  #queued(): void {
    this.isBacklogged = true
    this.#owner.writeQueued()
  }

  #maskKey(): number | null {
    if (!this.masking) return null
    const [first = 0, second = 0, third = 0, fourth = 0] = this.#environment.random(MASK_SCRATCH)
    return (first << 24) | (second << 16) | (third << 8) | fourth
  }
}
