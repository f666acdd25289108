/**
 * Where small payloads are put: one after the other in a piece of memory that they share, each once and for
 * ever. A new piece every few dozen payloads is much cheaper than one for each; it lives as long as any of
 * them, which is why it is small.
 */

import { copyMasked } from './mask.ts'
import { allocateBlock, allocateSharedBlock, type Block } from './memory.ts'

/** The largest payloads of the arena for small ones, and the size of its pieces of memory. */
export const SMALL_PAYLOAD_BYTES: number = 1024
// Just below half of the platform's own pool, so that the memory comes from there (see `allocateBlock`).
export const SMALL_ARENA_BYTES: number = 4088

/**
 * The same for payloads of middle size; larger ones get memory of their own. A piece of memory for 4 KiB
 * costs 1.1 µs, a place in one of these 0.3 µs: a tenth of what an echo of 4 KiB costs in all.
 */
export const MIDDLE_PAYLOAD_BYTES: number = 8192
export const MIDDLE_ARENA_BYTES: number = 32_768

/** Hands out places for payloads of one order of size. There is one of each for all connections. */
export class PayloadArena {
  /** The memory that `start` speaks of; another one after a `put` that found no room. */
  block: Block = allocateBlock(0)

  /** Where the payload put last begins. */
  start = 0

  readonly #blockBytes: number
  #end = 0

  constructor(blockBytes: number) {
    this.#blockBytes = blockBytes
  }

  /**
   * Copies a payload, which is smaller than a piece of memory, to a place of its own, at a multiple of 4, and unmasks it.
   *
   * @returns as `copyMasked` does.
   */
  put(source: Uint8Array, sourceStart: number, length: number, maskKey: number): boolean {
    this.start = (this.#end + 3) & ~3
    // The length is asked each time: memory that somebody took away has none.
    if (this.start + length > this.block.bytes.length) {
      this.block = allocateSharedBlock(this.#blockBytes)
      this.start = 0
    }
    this.#end = this.start + length
    return copyMasked(source, sourceStart, this.block, this.start, length, maskKey)
  }
}
