/**
 * Checks UTF-8 while the bytes are still arriving (RFC 3629, RFC 6455 §8.1): no overlong forms, no
 * surrogates, nothing above U+10FFFF. The first bad byte is found when it arrives.
 *
 * The state inside a character is a number: how many bytes are missing, and the smallest and the
 * largest value of the next byte, as 0xNNLLGG.
 */

import { isUtf8 } from './memory.ts'

/** The state at the start, and between two characters. */
export const UTF8_BOUNDARY = 0

/** The state after invalid bytes, whatever follows. */
export const UTF8_BROKEN: number = -1

/** From this many bytes on, the platform's check is faster. */
const NATIVE_BYTES = 24

/**
 * Continues the check with the bytes from `start` to `end` (exclusive).
 *
 * @param state the result of the previous call; `UTF8_BOUNDARY` at first.
 * @returns the state after these bytes: `UTF8_BOUNDARY`, `UTF8_BROKEN`, or a state inside a
 *   character.
 */
export function checkUtf8(bytes: Uint8Array, start: number, end: number, state: number): number {
  if (end - start < NATIVE_BYTES) return checkBytewise(bytes, start, end, state)

  let at = start
  while (state > 0) state = step(state, bytes[at++] ?? 0) // at most 3 bytes, and there are more
  if (state === UTF8_BROKEN) return UTF8_BROKEN
  const whole = end - unfinishedBytes(bytes, end)
  if (!isUtf8(bytes.subarray(at, whole))) return UTF8_BROKEN
  return checkBytewise(bytes, whole, end, UTF8_BOUNDARY)
}

function checkBytewise(bytes: Uint8Array, start: number, end: number, state: number): number {
  for (let at = start; at < end; at++) {
    state = step(state, bytes[at] ?? 0) // `at` is below `end`
    if (state === UTF8_BROKEN) return UTF8_BROKEN
  }
  return state
}

function step(state: number, byte: number): number {
  if (state === UTF8_BOUNDARY) return byte < 0x80 ? UTF8_BOUNDARY : afterFirst(byte)
  const least = (state >> 8) & 0xff
  const greatest = state & 0xff
  if (byte < least || byte > greatest) return UTF8_BROKEN
  const missing = (state >> 16) - 1
  return missing === 0 ? UTF8_BOUNDARY : (missing << 16) | 0x80bf
}

/**
 * Returns the state after the first byte of a character: RFC 3629 §4, one line for each row of its
 * table.
 */
function afterFirst(byte: number): number {
  if (byte < 0xc2) return UTF8_BROKEN // a continuation, or an overlong form of ASCII
  if (byte < 0xe0) return 0x0180bf
  if (byte === 0xe0) return 0x02a0bf // else overlong
  if (byte === 0xed) return 0x02809f // else a surrogate
  if (byte < 0xf0) return 0x0280bf
  if (byte === 0xf0) return 0x0390bf // else overlong
  if (byte < 0xf4) return 0x0380bf
  if (byte === 0xf4) return 0x03808f // else above U+10FFFF
  return UTF8_BROKEN
}

/**
 * Returns how many of the last bytes before `end` (0 to 3) begin a character that is incomplete.
 */
function unfinishedBytes(bytes: Uint8Array, end: number): number {
  for (let back = 1; back <= 3; back++) {
    const byte = bytes[end - back] ?? 0 // at least NATIVE_BYTES - 3 are there
    if (byte < 0x80) return 0
    if (byte >= 0xc0) {
      const size = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4
      return size > back ? back : 0
    }
  }
  return 0
}
