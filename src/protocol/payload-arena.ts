/**
 * Where small payloads are put: one after the other in a piece of memory that they share, each once and for
 * ever. A new piece every few dozen payloads is much cheaper than one for each; it lives as long as any of
 * them, which is why it is small.
 */

import { allocatePayload, EMPTY_BYTES } from './memory.ts'

// Just below half of the platform's own pool, so that the memory comes from there (see `allocatePayload`).
const ARENA_BYTES = 4088

/** Larger payloads get memory of their own. */
export const MAX_SHARED_BYTES = 1024

/** Hands out places for payloads. There is one for all connections. */
export class PayloadArena {
  /** The memory that `reserve` and `view` speak of; another one after a `reserve` that found no room. */
  bytes: Uint8Array = EMPTY_BYTES
  #end = 0

  /**
   * Finds a place for `length` bytes, at most `MAX_SHARED_BYTES`, that begins as far from a word's boundary as
   * `alignment` does, so that copying can go by words.
   *
   * @returns where it begins in `bytes`.
   */
  reserve(length: number, alignment: number): number {
    let start = this.#end + ((alignment - this.bytes.byteOffset - this.#end) & 3)
    // The length is asked each time: memory that somebody took away has none.
    if (start + length > this.bytes.length) {
      this.bytes = allocatePayload(ARENA_BYTES)
      start = (alignment - this.bytes.byteOffset) & 3
    }
    this.#end = start + length
    return start
  }

  /** The place that `reserve` has just found, as bytes that nobody else has. */
  view(start: number, length: number): Uint8Array {
    return new Uint8Array(this.bytes.buffer, this.bytes.byteOffset + start, length)
  }
}
