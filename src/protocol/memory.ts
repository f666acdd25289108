/**
 * Memory: the one file of the core that owns allocation, and what only Node's `Buffer` does fast.
 *
 * Everything else says `Uint8Array` and does not know what `Buffer` is.
 */

import { Buffer, constants, isUtf8 as platformIsUtf8 } from 'node:buffer'
import { markAsUntransferable } from 'node:worker_threads'

/** The longest that bytes can be on this platform. */
export const MAX_BYTES: number = constants.MAX_LENGTH

/** Memory that is larger than its bytes by so much, or by an eighth, is not worth a copy. */
const SLACK_BYTES = 64

/** Fresh memory of its own, not zeroed: the caller fills all of it before anyone else sees it. */
export function allocate(byteLength: number): Uint8Array {
  return asBytes(Buffer.allocUnsafeSlow(byteLength))
}

/** One piece of memory, seen in three ways. */
export class Block {
  readonly bytes: Uint8Array
  readonly #memory: ArrayBuffer
  readonly #offset: number
  #view: DataView | null = null
  #words: Int32Array | null = null

  /** `offset` and `byteLength` are multiples of 4. */
  constructor(memory: ArrayBuffer, offset: number, byteLength: number) {
    this.bytes = new Uint8Array(memory, offset, byteLength)
    this.#memory = memory
    this.#offset = offset
  }

  get view(): DataView {
    this.#view ??= new DataView(this.#memory, this.#offset, this.bytes.length)
    return this.#view
  }

  /** In this machine's order of bytes. */
  get words(): Int32Array {
    this.#words ??= new Int32Array(this.#memory, this.#offset, this.bytes.length >> 2)
    return this.#words
  }

  /** A part of it, as a view. (`bytes.subarray` would take half as long again.) */
  slice(start: number, byteLength: number): Uint8Array {
    return new Uint8Array(this.#memory, this.#offset + start, byteLength)
  }
}

/**
 * Fresh memory for payloads, not zeroed, of at least `byteLength` bytes. Smaller ones share their `ArrayBuffer`
 * with others, in one that the platform has marked as not to be transferred, so that nobody takes it away from
 * under the others.
 *
 * @throws {RangeError} when there is no memory.
 */
export function allocateBlock(byteLength: number): Block {
  const size = (byteLength + 3) & ~3
  const buffer = Buffer.allocUnsafe(size)
  return new Block(buffer.buffer, buffer.byteOffset, size)
}

/**
 * Fresh memory for one payload, not zeroed, that nothing else shares: what is kept of it is what it costs.
 *
 * @throws {RangeError} when there is no memory.
 */
export function allocateOwnBlock(byteLength: number): Block {
  const size = (byteLength + 3) & ~3
  const buffer = Buffer.allocUnsafeSlow(size)
  return new Block(buffer.buffer, buffer.byteOffset, size)
}

/** Whether keeping `bytes` alive keeps much more memory alive: they lie in memory that is larger. */
export function sharesMemory(bytes: Uint8Array): boolean {
  const { byteLength } = bytes
  return bytes.buffer.byteLength > byteLength + (byteLength >> 3) + SLACK_BYTES
}

/**
 * The same for memory that payloads of several sessions will share, of any size: whoever transfers a payload of
 * theirs gets an error, and does not take the memory away from under the others.
 *
 * @throws {RangeError} when there is no memory.
 */
export function allocateSharedBlock(byteLength: number): Block {
  const size = (byteLength + 3) & ~3
  const buffer = Buffer.allocUnsafe(size)
  // The platform has marked its own pool; what is larger does not come from there.
  markAsUntransferable(buffer.buffer)
  return new Block(buffer.buffer, buffer.byteOffset, size)
}

/** Whether two runs of bytes have the same length and the same bytes. */
export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0
}

/** Whether all of `bytes` is UTF-8 (RFC 3629). */
export function isUtf8(bytes: Uint8Array): boolean {
  return platformIsUtf8(bytes)
}

/** The size of `text` as well-formed UTF-8, in bytes: a lone surrogate counts as the 3 of U+FFFD. */
export function utf8Length(text: string): number {
  return Buffer.byteLength(text)
}

/** The bytes from `start` to `end` as Latin-1: one character for each byte. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1')
}

/** A plain `Uint8Array`: code that sees bytes of one class only is faster, and applications see no `Buffer`. */
function asBytes(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length)
}
