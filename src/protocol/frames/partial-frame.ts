/**
 * A frame whose payload has arrived in part, with the memory that collects it.
 *
 * The memory grows with the bytes that have arrived, never with the announced length: a peer that
 * announces a gigabyte and sends ten bytes costs 1 KiB (RFC 6455 §10.4). The memory is not shared,
 * so `block.bytes.length` is the cost of the frame.
 */

import { copyMasked } from '../mask.ts'
import { allocateOwnBlock, type Block } from '../memory.ts'

/** The largest first block, unless more than half of it has already arrived. */
const INITIAL_BYTES = 1024

const NO_MEMORY = allocateOwnBlock(0)

/** Collects and unmasks one payload. */
export class PartialFrame {
  /** The first byte of its header: fin, reserved bits, opcode. */
  readonly first: number

  /** The announced length, in bytes. */
  readonly length: number

  /** Bytes that have arrived. */
  filled = 0

  /** Holds the payload from its beginning on. */
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
   * Takes `length` more bytes from `source`, at most the number that is missing.
   *
   * @returns the same as `copyMasked`.
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
