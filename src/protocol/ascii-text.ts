/**
 * Reads long ASCII text as a string.
 *
 * A string of up to 100 KiB lies in V8's young generation, and costs nothing once it is garbage. An
 * `ArrayBuffer` of that size is allocated and freed by the C library, which gives pages back to the
 * system and takes them again, and its bytes make V8 collect the old generation too. Measured on
 * Node 20: an echo of 64 KiB without a socket falls from 18 to 14 µs, and from 41 where pages are
 * given back. `readText` of such a frame costs nothing; decoding 64 KiB takes 11 µs.
 */

import { Buffer, isAscii } from 'node:buffer'
import { copyMasked } from './mask.ts'
import { allocateOwnBlock, type Block } from './memory.ts'

/** Above this size V8 allocates strings one by one, outside of the young generation. */
export const MAX_ASCII_TEXT_BYTES: number = 100 * 1024

const SAMPLES = 16

/** Where text is unmasked; made at the first use. */
let scratch: { readonly block: Block; readonly buffer: Buffer } | null = null

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
  const { block, buffer } = scratch
  const isKnown = copyMasked(source, start, block, 0, length, maskKey)
  if (!isKnown && !isAscii(block.bytes.subarray(0, length))) return null
  return buffer.toString('latin1', 0, length)
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

function createScratch(): { readonly block: Block; readonly buffer: Buffer } {
  const block = allocateOwnBlock(MAX_ASCII_TEXT_BYTES)
  return { block, buffer: Buffer.from(block.bytes.buffer) }
}
