/**
 * The message that is arriving: what the frames of one message have in common (RFC 6455 §5.4).
 */

import { type ProtocolViolation, TooManyFragmentsError } from '../errors.ts'
import { checkUtf8, UTF8_BOUNDARY, UTF8_BROKEN } from '../utf8.ts'
import { CONTROL_BIT, Opcode, OPCODE_BITS } from './frame-header.ts'

/** Follows the messages of one connection, one after the other. */
export class IncomingMessage {
  /** The opcode of its first frame; CONTINUATION between messages. */
  type = 0

  /** The reserved bits of its first frame. */
  reservedBits = 0

  /** Bytes of payload that its frames have announced. */
  size = 0

  /** The number of frames that have begun. */
  #fragments = 0

  /** The state of the UTF-8 check: at a character boundary whenever a message has ended. */
  #utf8: number = UTF8_BOUNDARY

  /** Whether more frames of the message must follow. */
  get isUnfinished(): boolean {
    return this.type !== Opcode.CONTINUATION
  }

  /** Returns the violation if a frame with this first byte is one fragment too many. */
  checkFragments(first: number, maxFragments: number): ProtocolViolation | null {
    if ((first & OPCODE_BITS) !== Opcode.CONTINUATION) return null
    if (this.#fragments < maxFragments) return null
    return new TooManyFragmentsError(this.#fragments + 1, maxFragments)
  }

  /** Starts a frame whose header is complete and valid. Control frames change nothing. */
  begin(first: number, length: number): void {
    const opcode = first & OPCODE_BITS
    if (opcode === Opcode.CONTINUATION) {
      this.size += length
      this.#fragments += 1
    } else if ((first & CONTROL_BIT) === 0) {
      this.type = opcode
      this.reservedBits = (first >> 4) & 7
      this.size = length
      this.#fragments = 1
    }
  }

  /**
   * Checks the next bytes of a payload. Only text that no extension has transformed must be UTF-8.
   *
   * @param isAscii whether the bytes are known to be ASCII.
   * @returns `false` for text that is not valid UTF-8 up to the end of these bytes.
   */
  accepts(first: number, bytes: Uint8Array, start: number, end: number, isAscii: boolean): boolean {
    if (this.type !== Opcode.TEXT || this.reservedBits !== 0) return true
    if ((first & CONTROL_BIT) !== 0) return true
    if (isAscii && this.#utf8 === UTF8_BOUNDARY) return true
    this.#utf8 = checkUtf8(bytes, start, end, this.#utf8)
    return this.#utf8 !== UTF8_BROKEN
  }

  /** The last frame has arrived. @returns `false` if its text ended inside a character. */
  end(): boolean {
    this.type = Opcode.CONTINUATION
    return this.#utf8 === UTF8_BOUNDARY
  }
}

let spare = new IncomingMessage()

/**
 * Returns the object for messages in one frame that arrives whole, of all connections: it holds
 * nothing between calls.
 */
export function spareMessage(): IncomingMessage {
  return spare
}

/** `message` stays with its decoder, or is broken: it is not the spare one any more. */
export function keepMessage(message: IncomingMessage): void {
  if (message === spare) spare = new IncomingMessage()
}
