/**
 * A frame whose payload has arrived in part, with the memory that collects it.
 *
 * The memory grows with the bytes that have arrived, never with the announced length: a peer that
 * announces a gigabyte and sends ten bytes costs 1 KiB (RFC 6455 §10.4). The memory is not shared,
 * so `block.bytes.length` is the cost of the frame.
 */

import { recycle, takeBlock } from '../block-pool.ts'
import { copyMasked } from '../mask.ts'
import { allocateOwnBlock, type Block, latin1, NO_BLOCK } from '../memory.ts'

/** The largest first block, unless more than half of it has already arrived. */
const INITIAL_BYTES = 1024

/** Collects and unmasks one payload. */
export class PartialFrame {
  /** The first byte of its header: fin, reserved bits, opcode. */
  readonly first: number

  /** The announced length, in bytes. */
  readonly length: number

  /** Bytes that have arrived. */
  filled = 0

  /** Whether all bytes that have arrived are known to be ASCII. */
  isAscii = true

  /** Holds the payload from its beginning on. */
  block: Block = NO_BLOCK

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
    const isAscii = copyMasked(source, sourceStart, this.block, filled, length, this.#maskKey)
    if (!isAscii) this.isAscii = false
    return isAscii
  }

  /** Returns the complete payload as bytes, which then belong to the caller. */
  takeBytes(): Uint8Array {
    // The rest may hold a payload of another session.
    this.block.bytes.fill(0, this.length)
    return this.block.slice(0, this.length)
  }

  /** Returns the complete payload as a string, if `isAscii`. Its memory is used again. */
  takeText(): string {
    const text = latin1(this.block.bytes, 0, this.length)
    recycle(this.block.bytes)
    return text
  }

  #grow(needed: number): void {
    const wanted = Math.max(INITIAL_BYTES, 2 * needed)
    // Only the last block can be used again for other payloads of this length.
    const block = wanted < this.length ? allocateOwnBlock(wanted) : takeBlock(this.length, wanted)
    block.bytes.set(this.block.bytes.subarray(0, this.filled))
    this.block = block
  }
}
