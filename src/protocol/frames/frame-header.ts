/**
 * The numbers of a frame's header (RFC 6455 §5.2): opcodes, bits, sizes in bytes, and how lengths
 * are read.
 */

/** The opcodes of the types that an application sees, and of the continuation. */
export const Opcode = {
  CONTINUATION: 0,
  TEXT: 1,
  BINARY: 2,
  CLOSE: 8,
  PING: 9,
  PONG: 10,
} as const

/** The bits of the first byte that are the opcode. */
export const OPCODE_BITS = 0x0f

/** The bit of the opcode that control frames have. */
export const CONTROL_BIT = 0x08

/** The bit that says that a message ends with this frame. */
export const FIN_BIT = 0x80

/** The bit of the second byte that says that the payload is masked. */
export const MASK_BIT = 0x80

/** The maximum length of a frame's header: 2 bytes, 8 of length, 4 of mask key. */
export const MAX_HEADER_BYTES = 14

/** The maximum payload of a control frame (§5.5). */
export const MAX_CONTROL_PAYLOAD_BYTES = 125

/** The maximum length of a Close frame, mask key included. */
export const MAX_CLOSE_FRAME_BYTES: number = 2 + 4 + MAX_CONTROL_PAYLOAD_BYTES

/**
 * Reads a big-endian length of 2 or 8 bytes. From 2^53 on the lower half is left out, because the
 * length is refused anyway.
 */
export function readLength(bytes: Uint8Array, at: number, inBytes: 2 | 8): number {
  // The caller has checked that the bytes exist, here and below.
  if (inBytes === 2) return (bytes[at]! << 8) | bytes[at + 1]!
  const high = readInt32(bytes, at) >>> 0
  const low = readInt32(bytes, at + 4) >>> 0
  return high * 2 ** 32 + (high < 2 ** 21 ? low : 0)
}

/** Reads 32 bits, big-endian. */
export function readInt32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
}
