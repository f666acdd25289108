/**
 * A frame's header that has arrived in part. Most connections never have one.
 */

import { MAX_HEADER_BYTES } from './frame-header.ts'

/** Collects the bytes of one header. */
export class PartialHeader {
  readonly bytes: Uint8Array = new Uint8Array(MAX_HEADER_BYTES)

  /** Bytes that have arrived: at least 1. */
  length: number

  /** Holds a copy of the bytes from `at` to `end` (exclusive). */
  constructor(bytes: Uint8Array, at: number, end: number) {
    this.bytes.set(bytes.subarray(at, end))
    this.length = end - at
  }

  /**
   * Appends bytes from `at` on, as far as the header is known to reach.
   *
   * @param hasMask whether a mask key follows the length.
   * @returns the offset after them, at most `end`.
   */
  append(bytes: Uint8Array, at: number, end: number, hasMask: boolean): number {
    const next = Math.min(end, at + this.#wanted(hasMask) - this.length)
    this.bytes.set(bytes.subarray(at, next), this.length)
    this.length += next - at
    return next
  }

  /** The size of the header, as far as its bytes tell. */
  #wanted(hasMask: boolean): number {
    if (this.length < 2) return 2
    const length = this.bytes[1]! & 0x7f // there are 14 bytes
    const size = length < 126 ? 2 : length === 126 ? 4 : 10
    return hasMask ? size + 4 : size
  }
}
