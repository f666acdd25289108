/**
 * Reads long ASCII text as a string.
 *
 * A string of up to 100 KiB lies in V8's young generation, and costs nothing once it is garbage. An
 * `ArrayBuffer` of that size is allocated and freed by the C library, which gives pages back to the
 * system and takes them again, and its bytes make V8 collect the old generation too. Measured on
 * Node 20: an echo of 64 KiB without a socket falls from 18 to 14 µs, and from 41 where pages are
 * given back. `readText` of such a frame costs nothing; decoding 64 KiB takes 11 µs.
 */

import { isAscii } from 'node:buffer'
import { copyMasked, copyMaskedInside } from './mask.ts'
import { allocateOwnBlock, type Block, latin1 } from './memory.ts'
import { type SimdMask, simdMask } from './simd-mask.ts'

/** Above this size V8 allocates strings one by one, outside of the young generation. */
export const MAX_ASCII_TEXT_BYTES: number = 100 * 1024

const SAMPLES = 16

/** Where text is unmasked; made at the first use. */
let scratch: SimdScratch | Block | null = null

/** Memory that SIMD writes to. */
interface SimdScratch {
  readonly bytes: Uint8Array
  readonly simd: SimdMask
}

/** The text whose bytes are still in the scratch; `''`: none. */
let lastText = ''
/** Its bytes. Texts of one length have the same view. */
let lastBytes: Uint8Array = new Uint8Array(0)

/**
 * Returns masked bytes as a string, and `null` if they are not all ASCII.
 *
 * @param length at most `MAX_ASCII_TEXT_BYTES`.
 * @param maskKey see `copyMasked`.
 */
export function readAsciiText(
  source: Uint8Array,
  start: number,
  length: number,
  maskKey: number,
): string | null {
  if (!looksAscii(source, start, length, maskKey)) return null
  scratch ??= createScratch()
  lastText = ''
  const { bytes } = scratch
  if ('simd' in scratch) {
    if (!copyMaskedInside(scratch.simd, source, start, bytes, length, maskKey)) return null
  } else {
    const isKnown = copyMasked(source, start, scratch, 0, length, maskKey)
    if (!isKnown && !isAscii(bytes.subarray(0, length))) return null
  }
  lastText = latin1(bytes, 0, length)
  if (lastBytes.length !== length) lastBytes = bytes.subarray(0, length)
  return lastText
}

/** Whether `text` is ASCII that was read last, and not yet taken. */
export function isLastText(text: string): boolean {
  return text === lastText
}

/**
 * Returns the bytes of `text` if it was read last, else `null`: most text that is sent on is sent
 * before the next is read. They must be copied at once. The text is forgotten.
 */
export function takeLastText(text: string): Uint8Array | null {
  if (text !== lastText) return null
  lastText = ''
  return lastBytes
}

/**
 * Looks at a few bytes: text of another script is found here. Unmasking all of it in vain would add
 * a fifth to its cost.
 */
function looksAscii(source: Uint8Array, start: number, length: number, maskKey: number): boolean {
  // An odd step: characters of two bytes are met at both.
  const step = Math.max(1, Math.floor(length / SAMPLES)) | 1
  let bits = 0
  for (let at = 0; at < length; at += step) {
    bits |= (source[start + at] ?? 0) ^ (maskKey >>> (24 - ((at & 3) << 3)))
  }
  return (bits & 0x80) === 0
}

function createScratch(): SimdScratch | Block {
  const simd = simdMask()
  const bytes = simd?.readBuffer(MAX_ASCII_TEXT_BYTES) ?? null
  return simd !== null && bytes !== null ? { simd, bytes } : allocateOwnBlock(MAX_ASCII_TEXT_BYTES)
}
