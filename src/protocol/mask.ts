/**
 * Masking (RFC 6455 §5.3): each byte of a payload is XORed with one of the four bytes of a key, in
 * turn. Masking and unmasking are the same operation, and a key of 0 changes nothing.
 *
 * A received payload is copied out of lent memory and unmasked at the same time. There are four
 * ways, each the fastest for its sizes:
 *
 * - byte by byte: 33 bytes take 26 ns, 127 bytes 92 ns;
 * - 4 bytes at a time, at any alignment: 15 ns and 44 ns;
 * - the platform's copy, then words in place: 38 ns and 49 ns, 64 KiB 13 µs;
 * - SIMD (`simd-mask.ts`): 64 KiB take 3 to 4 µs. Without SIMD, the third way replaces it.
 *
 * All measured on Node 20.
 */

import type { Block } from './memory.ts'
import { type SimdMask, simdMask, viewOfReadBuffer } from './simd-mask.ts'

/** From this size on, 4 bytes at a time are faster, if a view of the source already exists. */
const MIN_VIEWED_BYTES = 12

/** From this size on, 4 bytes at a time are faster even if the view must be made first. */
const MIN_BYTES_FOR_A_VIEW = 64

/** From this size on, SIMD, or else the platform's copy, is faster in spite of the call. */
const MIN_COPIED_BYTES = 192

/**
 * From this size on, words in place are faster if they already exist: 300 bytes take 61 ns, not 70.
 */
const MIN_WORDS_BYTES = 48

/**
 * From this size on, SIMD is faster in place, in spite of two copies: 4 KiB take 0.3 µs, not 0.6.
 */
const MIN_SIMD_IN_PLACE_BYTES = 1024

/** Views of larger memory are not kept, because it may belong to one frame alone. */
const MAX_KEPT_BYTES = 4096

const NON_ASCII_BITS = 0x80808080 | 0
const IS_LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1

/**
 * Copies `length` bytes of `source` into `target` and masks or unmasks them. The byte at position p
 * of the target is combined with the key's byte p mod 4: a payload begins at a multiple of 4, so
 * its later pieces need no other key. The caller has checked the bounds.
 *
 * @param maskKey 32 bits, the first byte on the wire on top; the sign does not matter.
 * @returns `true` if all bytes written are ASCII; `false` if not, or if unknown: long pieces are
 *   checked by SIMD alone.
 */
export function copyMasked(
  source: Uint8Array,
  sourceStart: number,
  target: Block,
  targetStart: number,
  length: number,
  maskKey: number,
): boolean {
  if (length < MIN_COPIED_BYTES) {
    return copyShort(
      source,
      sourceStart,
      target,
      targetStart,
      length,
      rotateKey(maskKey, targetStart),
    )
  }
  const simd = maskKey === 0 ? null : simdMask()
  if (simd !== null) {
    const key = reverseBytes(rotateKey(maskKey, targetStart))
    return simd.copy(source, sourceStart, target.bytes, targetStart, length, key)
  }
  target.bytes.set(source.subarray(sourceStart, sourceStart + length), targetStart)
  if (maskKey !== 0) maskLong(target.bytes, target.words, targetStart, length, maskKey)
  return false
}

/**
 * The same, with SIMD, to the beginning of memory from `simd.readBuffer`: it takes one pass.
 *
 * @returns whether all bytes written are ASCII.
 */
export function copyMaskedInside(
  simd: SimdMask,
  source: Uint8Array,
  sourceStart: number,
  target: Uint8Array,
  length: number,
  maskKey: number,
): boolean {
  return simd.copyInside(source, sourceStart, target, length, reverseBytes(maskKey))
}

/**
 * Masks `length` bytes from `start` on in place; the first of them is combined with the first byte
 * of the key.
 */
export function maskInPlace(
  bytes: Uint8Array,
  start: number,
  length: number,
  maskKey: number,
): void {
  const simd = length < MIN_SIMD_IN_PLACE_BYTES ? null : simdMask()
  if (simd !== null) {
    simd.copy(bytes, start, bytes, start, length, reverseBytes(maskKey))
    return
  }
  const words = length < MIN_WORDS_BYTES ? null : wordsOf(bytes, length)
  if (words === null) {
    maskBytes(bytes, start, start + length, maskKey)
    return
  }
  const from = bytes.byteOffset + start
  const head = -from & 3
  const firstWord = (from + head) >> 2
  const endWord = (from + length) >> 2
  const key = rotateKey(maskKey, head)
  maskBytes(bytes, start, start + head, maskKey)
  maskWords(words, firstWord, endWord, key)
  maskBytes(bytes, (endWord << 2) - bytes.byteOffset, start + length, key)
}

/** Drops the references to lent memory. A read buffer is never freed, so its view stays. */
export function forgetSource(): void {
  lastSource = null
  lastTarget = null
  viewedTarget = null
  targetWords = null
  if (isReadBuffer) return
  viewedSource = null
  sourceView = null
}

// The view of the memory that was copied from last; the frames of one chunk share it.
let lastSource: Uint8Array | null = null
let viewedSource: Uint8Array | null = null
let sourceView: DataView | null = null
/** Where it begins in its view. */
let viewedStart = 0
/** Whether it lies in a read buffer. */
let isReadBuffer = false

/**
 * Returns a view of memory with `source` at `viewedStart`, or `null` if a view does not pay, as for
 * a single short frame in a chunk. One view serves all read buffers: an echo of 32 bytes took 20 ns
 * less with it than byte by byte.
 */
function viewOf(source: Uint8Array, length: number): DataView | null {
  if (source === viewedSource) return sourceView
  const readView = viewOfReadBuffer(source)
  if (readView !== null) {
    viewedSource = source
    viewedStart = source.byteOffset
    isReadBuffer = true
    sourceView = readView
    return readView
  }
  if (source !== lastSource && length < MIN_BYTES_FOR_A_VIEW) {
    lastSource = source
    return null
  }
  viewedSource = source
  viewedStart = 0
  isReadBuffer = false
  sourceView = new DataView(source.buffer, source.byteOffset, source.byteLength)
  return sourceView
}

// The words of the memory that was masked in place last; the output of all connections is one slab.
let lastTarget: ArrayBufferLike | null = null
let viewedTarget: ArrayBufferLike | null = null
let targetWords: Int32Array | null = null

/**
 * Returns all memory behind `bytes` as words, or `null` if words do not pay. Memory of large frames
 * is not kept.
 */
function wordsOf({ buffer }: Uint8Array, length: number): Int32Array | null {
  if (buffer === viewedTarget) return targetWords
  if (length >= MAX_KEPT_BYTES) return new Int32Array(buffer, 0, buffer.byteLength >> 2)
  if (buffer !== lastTarget && length < MIN_BYTES_FOR_A_VIEW) {
    lastTarget = buffer
    return null
  }
  viewedTarget = buffer
  targetWords = new Int32Array(buffer, 0, buffer.byteLength >> 2)
  return targetWords
}

// In the loops below every index is within bounds that the caller has checked; hence the `!`.

function copyShort(
  source: Uint8Array,
  sourceStart: number,
  target: Block,
  targetStart: number,
  length: number,
  maskKey: number,
): boolean {
  const view = length < MIN_VIEWED_BYTES ? null : viewOf(source, length)
  let at = 0
  let bits = 0
  if (view !== null) {
    const to = target.view
    const from = viewedStart + sourceStart
    for (; at + 3 < length; at += 4) {
      const word = view.getInt32(from + at) ^ maskKey
      to.setInt32(targetStart + at, word)
      bits |= word
    }
  }
  const to = target.bytes
  for (; at < length; at++) {
    const byte = (source[sourceStart + at]! ^ (maskKey >>> (24 - ((at & 3) << 3)))) & 0xff
    to[targetStart + at] = byte
    bits |= byte
  }
  return (bits & NON_ASCII_BITS) === 0
}

/** Masks in place; the byte at position p is combined with the key's byte p mod 4. */
function maskLong(
  bytes: Uint8Array,
  words: Int32Array,
  start: number,
  length: number,
  maskKey: number,
): void {
  const end = start + length
  const firstWord = (start + 3) >> 2
  const endWord = end >> 2
  maskBytes(bytes, start, firstWord << 2, rotateKey(maskKey, start))
  maskWords(words, firstWord, endWord, maskKey)
  maskBytes(bytes, endWord << 2, end, maskKey)
}

function maskBytes(bytes: Uint8Array, start: number, end: number, maskKey: number): void {
  for (let at = start, shift = 24; at < end; at++, shift = (shift - 8) & 31) {
    bytes[at]! ^= maskKey >>> shift
  }
}

function maskWords(words: Int32Array, start: number, end: number, maskKey: number): void {
  const key = IS_LITTLE_ENDIAN ? reverseBytes(maskKey) : maskKey
  const unrolledEnd = start + ((end - start) & ~7)
  let at = start
  for (; at < unrolledEnd; at += 8) {
    words[at]! ^= key
    words[at + 1]! ^= key
    words[at + 2]! ^= key
    words[at + 3]! ^= key
    words[at + 4]! ^= key
    words[at + 5]! ^= key
    words[at + 6]! ^= key
    words[at + 7]! ^= key
  }
  for (; at < end; at++) words[at]! ^= key
}

/** Returns the key for a payload that begins `byteCount` bytes further on. */
function rotateKey(maskKey: number, byteCount: number): number {
  const bits = (byteCount & 3) << 3
  return (maskKey << bits) | (maskKey >>> (32 - bits))
}

function reverseBytes(word: number): number {
  return (word >>> 24) | ((word >>> 8) & 0xff00) | ((word << 8) & 0xff0000) | (word << 24)
}
