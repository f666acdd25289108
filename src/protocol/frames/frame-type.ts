/**
 * The five types of frame that an application sees (RFC 6455 §5.2, §11.8).
 *
 * A continuation is not among them: a fragment has the type of its message.
 */

/** A frame's type, as the number of its opcode: `switch (frame.frameType)` narrows the frame. */
export type FrameType = 1 | 2 | 8 | 9 | 10

/**
 * The types by name, with functions about them. Ktor: `FrameType`.
 *
 * @example
 * switch (frame.frameType) {
 *   case FrameType.TEXT: return frame.readText()
 *   case FrameType.BINARY: return frame.buffer
 * }
 */
export const FrameType: {
  readonly TEXT: 1
  readonly BINARY: 2
  readonly CLOSE: 8
  readonly PING: 9
  readonly PONG: 10

  /** Whether frames of this type are control frames, which are not part of a message (§5.5). */
  controlFrame(type: FrameType): boolean

  /** The opcode of the type on the wire. */
  opcode(type: FrameType): number

  /** Returns the type of an opcode; `null` for a continuation (0) and for reserved opcodes. */
  byOpcode(opcode: number): FrameType | null

  /** Returns the type's name in capitals, such as `TEXT`. */
  nameOf(type: FrameType): 'TEXT' | 'BINARY' | 'CLOSE' | 'PING' | 'PONG'
} = Object.freeze({
  TEXT: 1,
  BINARY: 2,
  CLOSE: 8,
  PING: 9,
  PONG: 10,

  controlFrame(type: FrameType): boolean {
    return type >= 8
  },

  opcode(type: FrameType): number {
    return type
  },

  byOpcode(opcode: number): FrameType | null {
    switch (opcode) {
      case 1:
      case 2:
      case 8:
      case 9:
      case 10:
        return opcode
      default:
        return null
    }
  },

  nameOf(type: FrameType): 'TEXT' | 'BINARY' | 'CLOSE' | 'PING' | 'PONG' {
    switch (type) {
      case 1:
        return 'TEXT'
      case 2:
        return 'BINARY'
      case 8:
        return 'CLOSE'
      case 9:
        return 'PING'
      case 10:
        return 'PONG'
    }
  },
})
