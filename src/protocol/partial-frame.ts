/**
 * A frame of which the payload has not arrived in full: the memory that it is gathered in.
 *
 * That memory grows with the bytes that are there, never by the length that was announced: a peer that
 * announces a gigabyte and sends ten bytes costs 64 KiB (RFC 6455 §10.4).
 */

import { copyMasked } from './mask.ts'
import { allocateBlock, type Block } from './memory.ts'

/** What a frame may cost at its first byte. */
const INITIAL_BYTES = 64 * 1024

const NO_MEMORY = allocateBlock(0)

/** Gathers and unmasks one payload. */
export class PartialFrame {
  /** The first byte of its header: fin, reserved bits, opcode. */
  readonly first: number

  /** What the header announced, in bytes. */
  readonly length: number

  /** How much of it is there. */
  filled = 0

  /** Holds the payload, from its beginning on. */
  block: Block = NO_MEMORY

  readonly #maskKey: number

  constructor(first: number, length: number, maskKey: number) {
    this.first = first
    this.length = length
    this.#maskKey = maskKey
  }

  get isComplete(): boolean {
    return this.filled === this.length
  }

  /**
   * Takes `length` more bytes, no more than are missing, from `source`.
   *
   * @returns as `copyMasked` does.
   * @throws {RangeError} when there is no memory for them.
   */
  append(source: Uint8Array, sourceStart: number, length: number): boolean {
    const { filled } = this
    if (filled + length > this.block.bytes.length) this.#grow(filled + length)
    this.filled += length
    return copyMasked(source, sourceStart, this.block, filled, length, this.#maskKey)
  }

  #grow(needed: number): void {
    const wanted = this.filled === 0 ? Math.max(INITIAL_BYTES, 2 * needed) : 2 * needed
    const block = allocateBlock(Math.min(this.length, wanted))
    block.bytes.set(this.block.bytes.subarray(0, this.filled))
    this.block = block
  }
}
