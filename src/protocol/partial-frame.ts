/**
 * A frame of which the payload has not arrived in full: the memory that it is gathered in.
 *
 * That memory grows with the bytes that are there, never by the length that was announced: a peer that
 * announces a gigabyte and sends ten bytes costs 64 KiB (RFC 6455 §10.4).
 */

import { maskInto, rotateKey } from './mask.ts'
import { allocatePayload, EMPTY_BYTES } from './memory.ts'

/** What a frame may cost at its first byte. */
const INITIAL_BYTES = 64 * 1024

/** Gathers and unmasks one payload. */
export class PartialFrame {
  /** The first byte of its header: fin, reserved bits, opcode. */
  readonly first: number

  /** What the header announced, in bytes. */
  readonly length: number

  /** How much of it is there. */
  filled = 0

  /** Holds the payload from `start` on. */
  memory: Uint8Array = EMPTY_BYTES
  start = 0

  readonly #maskKey: number
  #capacity = 0

  constructor(first: number, length: number, maskKey: number) {
    this.first = first
    this.length = length
    this.#maskKey = maskKey
  }

  get isComplete(): boolean {
    return this.filled === this.length
  }

  /** How many bytes there would be room for: what to say when memory has run out. */
  get capacity(): number {
    return this.#capacity
  }

  /**
   * Takes `length` more bytes, no more than are missing, from `source`.
   *
   * @returns whether all of them are ASCII.
   * @throws {RangeError} when there is no memory for them.
   */
  append(source: Uint8Array, sourceStart: number, length: number): boolean {
    const needed = this.filled + length
    if (needed > this.#capacity) this.#grow(needed, (source.byteOffset + sourceStart) & 3)
    const at = this.start + this.filled
    const key = rotateKey(this.#maskKey, this.filled)
    this.filled = needed
    return maskInto(source, sourceStart, this.memory, at, length, key)
  }

  /** The whole payload, as a view that nobody else has. */
  take(): Uint8Array {
    return new Uint8Array(this.memory.buffer, this.memory.byteOffset + this.start, this.length)
  }

  #grow(needed: number, alignment: number): void {
    const isFirst = this.#capacity === 0
    const wanted = isFirst ? Math.max(INITIAL_BYTES, 2 * needed) : 2 * needed
    const capacity = Math.min(this.length, wanted)
    const memory = allocatePayload(capacity + 3)
    // Begins as far from a word's boundary as the bytes that come first, so that copying can go by words;
    // further chunks lie as the first one does unless the transport cuts at odd places.
    const start = isFirst
      ? (alignment - memory.byteOffset) & 3
      : (this.start + this.memory.byteOffset - memory.byteOffset) & 3
    memory.set(this.memory.subarray(this.start, this.start + this.filled), start)
    this.memory = memory
    this.start = start
    this.#capacity = capacity
  }
}
