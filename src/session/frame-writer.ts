/**
 * From frames to the transport: serialising into the shared slab, and one write a turn.
 *
 * While the transport takes what it is given, frames are serialised at once, and all frames of one turn of
 * the event loop leave in one write when the turn ends: one system call for many messages is worth several
 * times their own cost. Once the transport has answered `queued` nothing is serialised until it has drained.
 */

import type { Environment } from '../base/internal.ts'
import {
  allocate,
  type CloseReason,
  encodeClose,
  encodedSizeBound,
  encodeFrame,
  MAX_CLOSE_FRAME_BYTES,
  MAX_HEADER_BYTES,
  payloadSize,
} from '../protocol/internal.ts'
import { outputSlab, SLAB_BYTES, type SlabOwner } from './output-slab.ts'
import type { Transport } from './transport.ts'

/** Who hears that the transport is full. */
export interface FrameWriterOwner {
  /** The transport has kept bytes that it could not hand over. */
  writeQueued(): void
}

const MASK_SCRATCH = new Uint8Array(4)

/** Serialises the frames of one connection. */
export class FrameWriter implements SlabOwner {
  masking: boolean
  /** The transport has not drained since it answered `queued`: nothing can be written. */
  isBacklogged = false
  readonly #transport: Transport
  readonly #environment: Environment
  readonly #owner: FrameWriterOwner
  /** Serialised bytes that had to leave the slab, in order; they go before those in the slab. */
  #evicted: Uint8Array[] | null = null
  #turnScheduled = false

  constructor(
    transport: Transport,
    environment: Environment,
    masking: boolean,
    owner: FrameWriterOwner,
  ) {
    this.#transport = transport
    this.#environment = environment
    this.#owner = owner
    this.masking = masking
  }

  /** Bytes serialised and not yet handed to the operating system. */
  get bufferedBytes(): number {
    return outputSlab.bytesOf(this) + sizeOf(this.#evicted ?? []) + this.#transport.queuedBytes
  }

  /**
   * Makes sure that a frame with `payload` can be serialised now.
   *
   * @returns `false` if the transport has to drain first.
   */
  makeRoom(payload: string | Uint8Array): boolean {
    if (this.isBacklogged) return false
    const bound = encodedSizeBound(payload)
    if (bound <= SLAB_BYTES && outputSlab.reserve(this, bound)) return true
    this.writeOut()
    if (this.isBacklogged) return false
    return bound > SLAB_BYTES || outputSlab.reserve(this, bound)
  }

  /** Serialises one frame, for which `makeRoom` has just answered `true`. */
  write(opcode: number, fin: boolean, reservedBits: number, payload: string | Uint8Array): void {
    if (encodedSizeBound(payload) > SLAB_BYTES) {
      this.#writeLarge(opcode, fin, reservedBits, payload)
      return
    }
    const { bytes, end } = outputSlab
    outputSlab.end = encodeFrame(bytes, end, opcode, fin, reservedBits, payload, this.#maskKey())
    if (this.#turnScheduled) return
    this.#turnScheduled = true
    this.#environment.defer(endTurn, this)
  }

  /** Serialises a Close frame (`null`: an empty one) and writes out. @returns `false` if the transport has to drain first. */
  writeClose(reason: CloseReason | null): boolean {
    if (this.isBacklogged) return false
    if (!outputSlab.reserve(this, MAX_CLOSE_FRAME_BYTES)) {
      this.writeOut()
      if (this.isBacklogged || !outputSlab.reserve(this, MAX_CLOSE_FRAME_BYTES)) return false
    }
    outputSlab.end = encodeClose(outputSlab.bytes, outputSlab.end, reason, this.#maskKey())
    this.writeOut()
    return true
  }

  /** Hands over what has been serialised, in one write. Does nothing while backlogged. */
  writeOut(): void {
    if (this.isBacklogged) return
    if (this.#evicted !== null) this.#gather()
    if (outputSlab.bytesOf(this) === 0) return
    const outcome = this.#transport.write(outputSlab.contents())
    outputSlab.release(outcome)
    if (outcome === 'queued') this.#queued()
  }

  /** All frames of a turn have been serialised. */
  endTurn(): void {
    this.#turnScheduled = false
    this.writeOut()
  }

  /** The transport is gone: what was serialised is lost. */
  abandon(): void {
    this.#evicted = null
    this.isBacklogged = false
    outputSlab.drop(this)
  }

  evict(bytes: Uint8Array): void {
    if (this.#evicted === null) this.#evicted = [bytes]
    else this.#evicted.push(bytes)
  }

  /** A frame too large for the slab gets memory and a write of its own. */
  #writeLarge(
    opcode: number,
    fin: boolean,
    reservedBits: number,
    payload: string | Uint8Array,
  ): void {
    const memory = allocate(payloadSize(payload) + MAX_HEADER_BYTES)
    const end = encodeFrame(memory, 0, opcode, fin, reservedBits, payload, this.#maskKey())
    if (this.#transport.write(memory.subarray(0, end)) === 'queued') this.#queued()
  }

  /** Brings what left the slab and what is still in it together, so that it is one write again. */
  #gather(): void {
    outputSlab.vacate()
    const pieces = this.#evicted ?? []
    this.#evicted = null
    const [first] = pieces
    // One piece is what a broadcast leaves with each of its receivers.
    const bytes = first !== undefined && pieces.length === 1 ? first : joined(pieces)
    if (this.#transport.write(bytes) === 'queued') this.#queued()
  }

  #queued(): void {
    this.isBacklogged = true
    this.#owner.writeQueued()
  }

  #maskKey(): number | null {
    if (!this.masking) return null
    const key = this.#environment.random(MASK_SCRATCH)
    return new DataView(key.buffer, key.byteOffset).getInt32(0)
  }
}

function endTurn(writer: FrameWriter): void {
  writer.endTurn()
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const memory = allocate(sizeOf(pieces))
  let end = 0
  for (const piece of pieces) {
    memory.set(piece, end)
    end += piece.length
  }
  return memory
}

function sizeOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0)
}
