/**
 * Checks that the frames of an application form messages (RFC 6455 §5.4): the opcode of each data
 * frame, and the UTF-8 of a text message across its fragments.
 */

import { LocalProtocolError } from '../errors.ts'
import { Opcode } from './frame-header.ts'
import { FrameType } from './frame-type.ts'
import { checkUtf8, UTF8_BOUNDARY, UTF8_BROKEN } from '../utf8.ts'

/** Follows the frames of one sender, in the order in which they are sent. */
export class FragmentSequence {
  /** The type of the unfinished message; `null` between messages. */
  #type: FrameType | null = null
  #utf8: number = UTF8_BOUNDARY

  /** Whether a message has begun and not ended. */
  get isInsideMessage(): boolean {
    return this.#type !== null
  }

  /**
   * Returns the opcode of the next frame. Control frames may stand between the fragments of a
   * message and change nothing.
   *
   * @param text the payload of a text frame given as unchecked bytes; `null` if it is known to be
   *   whole characters (a string), and for other types.
   * @throws {LocalProtocolError} when the type changes inside a message, when text is not UTF-8,
   *   and when a message ends inside a character. The frame then counts as not sent, and the state
   *   is unchanged.
   */
  next(type: FrameType, fin: boolean, text: Uint8Array | null): number {
    if (FrameType.controlFrame(type)) return type
    if (this.#type !== null && this.#type !== type) {
      throw new LocalProtocolError(
        `Cannot send ${FrameType.nameOf(type)} frame inside a ${FrameType.nameOf(this.#type)} message: ` +
          'its last fragment has not been sent, expected it before another message',
      )
    }
    if (type === FrameType.TEXT && (text !== null || this.#utf8 !== UTF8_BOUNDARY)) {
      this.#utf8 = this.#checkText(text, fin)
    }
    const opcode = this.#type === null ? type : Opcode.CONTINUATION
    this.#type = fin ? null : type
    return opcode
  }

  /** @returns the UTF-8 state after this frame. */
  #checkText(text: Uint8Array | null, fin: boolean): number {
    const state = text === null ? UTF8_BROKEN : checkUtf8(text, 0, text.length, this.#utf8)
    if (state === UTF8_BROKEN) {
      throw new LocalProtocolError(
        'Cannot send text: it is not UTF-8, expected Frame.Binary for it',
      )
    }
    if (fin && state !== UTF8_BOUNDARY) {
      throw new LocalProtocolError('Cannot send text: the message ends inside a character')
    }
    return state
  }
}
