/**
 * Where small payloads are put: one after the other in a piece of memory that they share, each once and for
 * ever. A new piece every few dozen payloads is much cheaper than one for each; it lives as long as any of
 * them, which is why it is small.
 */

import { copyMasked } from './mask.ts'
import { allocateBlock, type Block } from './memory.ts'

// Just below half of the platform's own pool, so that the memory comes from there (see `allocateBlock`).
const ARENA_BYTES = 4088

/** Larger payloads get memory of their own. */
export const MAX_SHARED_BYTES = 1024

/** Hands out places for payloads. There is one for all connections. */
export class PayloadArena {
  /** The memory that `start` speaks of; another one after a `put` that found no room. */
  block: Block = allocateBlock(0)

  /** Where the payload put last begins. */
  start = 0

  #end = 0

  /**
   * Copies a payload of at most `MAX_SHARED_BYTES` to a place of its own, at a multiple of 4, and unmasks it.
   *
   * @returns as `copyMasked` does.
   */
  put(source: Uint8Array, sourceStart: number, length: number, maskKey: number): boolean {
    this.start = (this.#end + 3) & ~3
    // The length is asked each time: memory that somebody took away has none.
    if (this.start + length > this.block.bytes.length) {
      this.block = allocateBlock(ARENA_BYTES)
      this.start = 0
    }
    this.#end = this.start + length
    return copyMasked(source, sourceStart, this.block, this.start, length, maskKey)
  }
}
