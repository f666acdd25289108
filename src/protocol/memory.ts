/**
 * Bytes and text: the one file of the core that owns allocation and the platform's UTF-8.
 *
 * Everything else says `Uint8Array` and does not know what `Buffer` is.
 */

import { Buffer, constants, isUtf8 as platformIsUtf8 } from 'node:buffer'
import { markAsUntransferable } from 'node:worker_threads'

/** No bytes. Shared: nothing can be written into it. */
export const EMPTY_BYTES: Uint8Array = new Uint8Array(0)

/** The longest that bytes can be on this platform. */
export const MAX_BYTES: number = constants.MAX_LENGTH

const encoder = new TextEncoder()
// Without `ignoreBOM` a leading U+FEFF would vanish from the text.
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const lenientDecoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** Below this many characters a loop writes faster than a call into the platform (8: 13 ns to 51 ns). */
const SHORT_TEXT_CHARACTERS = 24

/** Whether `value` is a `Uint8Array` (`Buffer` included), also one of another realm (`vm`, test runners). */
export function isBytes(value: unknown): value is Uint8Array {
  if (value instanceof Uint8Array) return true
  return (
    ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === '[object Uint8Array]'
  )
}

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

/** Whether all of `bytes` is UTF-8 (RFC 3629). */
export function isUtf8(bytes: Uint8Array): boolean {
  return platformIsUtf8(bytes)
}

/** The text in `bytes`, a leading U+FEFF kept; `null` if they are not UTF-8. */
export function readUtf8(bytes: Uint8Array): string | null {
  try {
    return strictDecoder.decode(bytes)
  } catch (error) {
    if (error instanceof TypeError) return null
    throw error
  }
}

/** The text in `bytes` for people to look at: what is not UTF-8 reads as U+FFFD. */
export function previewUtf8(bytes: Uint8Array): string {
  return lenientDecoder.decode(bytes)
}

/** The size of `text` as well-formed UTF-8, in bytes: a lone surrogate counts as the 3 of U+FFFD. */
export function utf8Length(text: string): number {
  return Buffer.byteLength(text)
}

/** `text` as well-formed UTF-8, in fresh memory: a lone surrogate becomes U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  return encoder.encode(text)
}

/**
 * Writes `text` into `target` from `offset` on, as `encodeUtf8` would.
 *
 * @returns the offset after the last byte written.
 * @throws {RangeError} when it does not fit; 3 bytes a character always do.
 */
export function writeUtf8(text: string, target: Uint8Array, offset: number): number {
  if (text.length < SHORT_TEXT_CHARACTERS && text.length <= target.length - offset) {
    let at = 0
    for (; at < text.length; at++) {
      const unit = text.charCodeAt(at)
      if (unit > 0x7f) break
      target[offset + at] = unit
    }
    if (at === text.length) return offset + at
  }
  const { read, written } = encoder.encodeInto(text, target.subarray(offset))
  if (read < text.length) throw new RangeError('Cannot write text: there is no room for all of it')
  return offset + written
}

/** A plain `Uint8Array`: code that sees bytes of one class only is faster, and applications see no `Buffer`. */
function asBytes(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length)
}
