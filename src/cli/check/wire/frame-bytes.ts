/**
 * Bytes as cases write them, and the first bytes of frames.
 */

/** The first byte of each kind of frame that is final. */
export const TEXT = 0x81
export const BINARY = 0x82
export const LAST = 0x80
export const CLOSE = 0x88
export const PING = 0x89
export const PONG = 0x8a
/** The first byte of each kind of fragment that is not final. */
export const TEXT_PART = 0x01
export const BINARY_PART = 0x02
export const PART = 0x00
/** The reserved bit of compressed messages. */
export const RSV1 = 0x40

/** What a peer sends when it has nothing more to say, and what it gets for it. */
export const GOODBYE: { readonly first: number; readonly payload: Uint8Array } = {
  first: CLOSE,
  payload: Uint8Array.of(0x03, 0xe8),
}
export const GOODBYE_HEX = '88 02 03 e8'

/** The Close frames of a failure. */
export const FAILED_1002 = '88 02 03 ea'
export const FAILED_1007 = '88 02 03 ef'
export const FAILED_1009 = '88 02 03 f1'

/** Returns the bytes of a hex string; blanks are for the reader. */
export function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'))
}

/** Returns the UTF-8 of `text`. */
export function utf8(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'utf8'))
}

/** Returns all bytes in one array. */
export function concat(...pieces: readonly Uint8Array[]): Uint8Array {
  return joined(pieces)
}

/** The same for any number of pieces: a call takes some 100 000 arguments at most. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((size, piece) => size + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
  }
  return bytes
}

/** Returns `bytes` in pieces of `size`; the last may be shorter. */
export function pieces(bytes: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  )
}

/** Returns an unmasked frame, with its length in the shortest form (§5.2). */
export function plainFrame(first: number, payload: Uint8Array): Uint8Array {
  return concat(plainHeader(first, payload.length), payload)
}

function plainHeader(first: number, size: number): Uint8Array {
  if (size < 126) return Uint8Array.of(first, size)
  if (size < 65536) return Uint8Array.of(first, 126, size >> 8, size & 0xff)
  const header = new Uint8Array(10)
  header[0] = first
  header[1] = 127
  new DataView(header.buffer).setBigUint64(2, BigInt(size))
  return header
}
