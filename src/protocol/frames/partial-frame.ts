/**
 * A frame whose payload has arrived in part, and the memory that gathers it.
 *
 * The memory grows with the bytes that have arrived, never with the length that was announced: a peer that
 * announces a gigabyte and sends ten bytes costs 1 KiB (RFC 6455 §10.4). It is memory of its own, so that
 * `block.bytes.length` is what the frame costs.
 */

import { copyMasked } from '../mask.ts'
import { allocateOwnBlock, type Block } from '../memory.ts'

/** The largest first block, unless more than half of it has arrived already. */
const INITIAL_BYTES = 1024

const NO_MEMORY = allocateOwnBlock(0)

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
    const block = allocateOwnBlock(Math.min(this.length, Math.max(INITIAL_BYTES, 2 * needed)))
    block.bytes.set(this.block.bytes.subarray(0, this.filled))
    this.block = block
  }
}
