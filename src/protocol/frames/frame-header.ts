/**
 * The numbers of a frame's header (RFC 6455 §5.2): opcodes, bits and sizes in bytes.
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
