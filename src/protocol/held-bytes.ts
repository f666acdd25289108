/** Bytes that arrived and may not be decoded yet: a copy, in order, read from the front. */

import { allocate } from './memory.ts'

/** A queue of bytes in one piece of memory. */
export class HeldBytes {
  /** The held bytes are from `start` to `end` (exclusive). */
  memory: Uint8Array
  start = 0
  end: number

  /** Holds a copy of `bytes` from `from` on. */
  constructor(bytes: Uint8Array, from: number) {
    this.end = bytes.length - from
    this.memory = allocate(this.end)
    this.memory.set(bytes.subarray(from))
  }

  get byteLength(): number {
    return this.end - this.start
  }

  /** Appends a copy of `bytes`. */
  append(bytes: Uint8Array): void {
    if (this.end + bytes.length > this.memory.length) this.#grow(bytes.length)
    this.memory.set(bytes, this.end)
    this.end += bytes.length
  }

  /** Doubles the memory, so that many small pieces cost as much as one large piece. */
  #grow(byteLength: number): void {
    const memory = allocate(2 * (this.byteLength + byteLength))
    memory.set(this.memory.subarray(this.start, this.end))
    this.end -= this.start
    this.start = 0
    this.memory = memory
  }
}
