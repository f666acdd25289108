/**
 * Memory: the one file of the core that allocates, and that uses the fast functions of Node's
 * `Buffer`.
 *
 * All other files use `Uint8Array` and do not know `Buffer`.
 */

import { Buffer, constants, isUtf8 as platformIsUtf8 } from 'node:buffer'
import { markAsUntransferable } from 'node:worker_threads'
import { EMPTY_BYTES } from './text.ts'

/** The maximum length of bytes on this platform. */
export const MAX_BYTES: number = constants.MAX_LENGTH

// It is the payload of every empty frame. A transfer by one handler would detach it for all.
markAsUntransferable(EMPTY_BYTES.buffer)

/** Memory that exceeds its bytes by no more than this, or an eighth, is not worth a copy. */
const SLACK_BYTES = 64

/** The output that all connections share is smaller. */
const MAX_KEPT_BYTES = 128 * 1024

/**
 * Allocates memory that is not shared and not zeroed: the caller fills all of it before other code
 * sees it.
 */
export function allocate(byteLength: number): Uint8Array {
  return asBytes(Buffer.allocUnsafeSlow(byteLength))
}

/** One piece of memory in three views. */
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

  /** In the byte order of this machine. */
  get words(): Int32Array {
    this.#words ??= new Int32Array(this.#memory, this.#offset, this.bytes.length >> 2)
    return this.#words
  }

  /** Returns a part as a view. (`bytes.subarray` takes 1.5 times as long.) */
  slice(start: number, byteLength: number): Uint8Array {
    return new Uint8Array(this.#memory, this.#offset + start, byteLength)
  }
}

/**
 * Allocates at least `byteLength` bytes for payloads, not zeroed. Small blocks share an
 * `ArrayBuffer` that the platform has marked as untransferable, so that a transfer cannot detach
 * the memory of others.
 *
 * @throws {RangeError} when there is no memory.
 */
export function allocateBlock(byteLength: number): Block {
  const size = (byteLength + 3) & ~3
  const buffer = Buffer.allocUnsafe(size)
  return new Block(buffer.buffer, buffer.byteOffset, size)
}

/**
 * Allocates memory for one payload, not zeroed and not shared: its length is its cost.
 *
 * @throws {RangeError} when there is no memory.
 */
export function allocateOwnBlock(byteLength: number): Block {
  const size = (byteLength + 3) & ~3
  const buffer = Buffer.allocUnsafeSlow(size)
  return new Block(buffer.buffer, buffer.byteOffset, size)
}

/** A block without bytes. */
export const NO_BLOCK: Block = allocateOwnBlock(0)

/** Whether `bytes` lie in memory that is much larger, which they would keep alive. */
export function sharesMemory(bytes: Uint8Array): boolean {
  const { byteLength } = bytes
  return bytes.buffer.byteLength > byteLength + (byteLength >> 3) + SLACK_BYTES
}

/**
 * Allocates memory of any size that payloads of several sessions share. A transfer of a payload
 * throws, so that it cannot detach the memory of the others.
 *
 * @throws {RangeError} when there is no memory.
 */
export function allocateSharedBlock(byteLength: number): Block {
  const size = (byteLength + 3) & ~3
  const buffer = Buffer.allocUnsafe(size)
  // The platform has marked its own pool; larger memory does not come from the pool.
  markAsUntransferable(buffer.buffer)
  return new Block(buffer.buffer, buffer.byteOffset, size)
}

/** Whether both have the same length and the same bytes. */
export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0
}

/** Whether all of `bytes` is valid UTF-8 (RFC 3629). */
export function isUtf8(bytes: Uint8Array): boolean {
  return platformIsUtf8(bytes)
}

/**
 * Returns the size of `text` as well-formed UTF-8, in bytes: a lone surrogate counts as the 3 bytes
 * of U+FFFD.
 */
export function utf8Length(text: string): number {
  return Buffer.byteLength(text)
}

/** Works on any bytes, and needs no view of a part of them. */
const { latin1Slice } = Buffer.prototype as unknown as {
  latin1Slice: (this: Uint8Array, start: number, end: number) => string
}

/** Returns the bytes from `start` to `end` as Latin-1: one character for each byte. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  return latin1Slice.call(bytes, start, end)
}

/** Returns ASCII text as bytes, in memory of their own. */
export function asciiBytes(text: string): Uint8Array {
  const buffer = Buffer.allocUnsafeSlow(text.length)
  buffer.write(text, 'latin1')
  return asBytes(buffer)
}

/** Writes ASCII text into `target` from `offset` on. There must be room. */
export function writeAscii(target: Uint8Array, offset: number, text: string): void {
  let buffer = lastBuffer
  if (target !== lastTarget) {
    buffer = Buffer.from(target.buffer, target.byteOffset, target.length)
    // Larger memory belongs to one frame, and is not kept alive.
    if (target.length <= MAX_KEPT_BYTES) {
      lastTarget = target
      lastBuffer = buffer
    }
  }
  buffer.write(text, offset, text.length, 'latin1')
}

// The memory that was written to last: the output of all connections is one slab.
let lastTarget: Uint8Array | null = null
let lastBuffer: Buffer = Buffer.alloc(0)

/**
 * Makes a plain `Uint8Array`: code that sees one class of bytes is faster, and applications see no
 * `Buffer`.
 */
function asBytes(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length)
}
