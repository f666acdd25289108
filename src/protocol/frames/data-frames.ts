/**
 * Text and binary frames: the two kinds of frame that make up messages (RFC 6455 §5.6).
 *
 * The content is in visible fields (private to the compiler, not `#private`), so that deep
 * comparisons in tests see it. Otherwise every two frames of a class would be equal.
 */

import { LocalProtocolError } from '../errors.ts'
import { NOTHING_TO_RELEASE, refusePayload } from './frame-payload.ts'
import type { FrameType } from './frame-type.ts'
import { encodeUtf8, isBytes, readUtf8 } from '../text.ts'

/** The position of a data frame in its message. */
export interface DataFrameOptions {
  /** Whether the message ends with this frame; `true` by default. */
  readonly fin?: boolean
}

// Options that `receivedText` passes. They are recognised by identity, so applications cannot set
// them.
const KNOWN_TO_BE_UTF8: DataFrameOptions = Object.freeze({ fin: true })

let hasCheckedBytes: (frame: TextFrame) => boolean

/** A text message, or one fragment of it. Ktor: `Frame.Text`. */
export class TextFrame {
  /** Set by `frame.ts`, so that a page does not load the code. */
  declare readonly toString: () => string

  /** Whether the message ends with this frame. */
  readonly fin: boolean

  private readonly payload: string | Uint8Array
  #encoded: Uint8Array | null
  #checked: boolean

  /**
   * @param data a string, or bytes of UTF-8. A string is sent as well-formed UTF-8 (a lone
   *   surrogate becomes U+FFFD). Bytes are checked when they are sent, and are not copied; a
   *   fragment may end inside a character.
   * @throws {TypeError} for anything else.
   */
  constructor(data: string | Uint8Array, options?: DataFrameOptions) {
    if (typeof data !== 'string' && !isBytes(data)) {
      refusePayload('Frame.Text', data, 'a string or a Uint8Array')
    }
    this.fin = options === undefined || options.fin !== false
    this.payload = data
    this.#encoded = null
    this.#checked = options === KNOWN_TO_BE_UTF8
  }

  get frameType(): typeof FrameType.TEXT {
    return 1
  }

  /**
   * The payload as UTF-8, a view and not a copy. A frame made from a string encodes it at the first
   * call and keeps the result.
   */
  get buffer(): Uint8Array {
    // The caller can change the bytes, so they are checked again if this frame is sent.
    this.#checked = false
    if (typeof this.payload !== 'string') return this.payload
    this.#encoded ??= encodeUtf8(this.payload)
    return this.#encoded
  }

  /** Does nothing: the garbage collector frees the memory. Ktor: `disposableHandle`. */
  get disposableHandle(): Disposable {
    return NOTHING_TO_RELEASE
  }

  /**
   * Decodes the text at each call. A leading U+FEFF is kept.
   *
   * @throws {LocalProtocolError} on a fragment that is not final, and on bytes that are not UTF-8
   *   by themselves (the last fragment of a message may begin inside a character).
   */
  readText(): string {
    if (!this.fin) {
      throw new LocalProtocolError(
        'Cannot read text: a fragment may end inside a character, expected the whole message',
      )
    }
    if (typeof this.payload === 'string') return this.payload
    const text = readUtf8(this.payload)
    if (text !== null) return text
    throw new LocalProtocolError(
      'Cannot read text: it is not UTF-8 by itself, expected the whole message',
    )
  }

  [Symbol.dispose](): void {}

  static {
    hasCheckedBytes = (frame) => frame.#checked
  }
}

/** A binary message, or one fragment of it. Ktor: `Frame.Binary`. */
export class BinaryFrame {
  /** Set by `frame.ts`, so that a page does not load the code. */
  declare readonly toString: () => string

  /** Whether the message ends with this frame. */
  readonly fin: boolean

  /** The payload, a view and not a copy. */
  readonly buffer: Uint8Array

  /**
   * @param bytes any bytes; not copied.
   * @throws {TypeError} for anything but a `Uint8Array` (a `Buffer` is one).
   */
  constructor(bytes: Uint8Array, options?: DataFrameOptions) {
    if (!isBytes(bytes)) refusePayload('Frame.Binary', bytes, 'a Uint8Array')
    this.fin = options === undefined || options.fin !== false
    this.buffer = bytes
  }

  get frameType(): typeof FrameType.BINARY {
    return 2
  }

  /** Does nothing: the garbage collector frees the memory. Ktor: `disposableHandle`. */
  get disposableHandle(): Disposable {
    return NOTHING_TO_RELEASE
  }

  [Symbol.dispose](): void {}
}

/** Makes the frame of a whole text message that arrived. The decoder has checked its UTF-8. */
export function receivedText(payload: Uint8Array): TextFrame {
  return new TextFrame(payload, KNOWN_TO_BE_UTF8)
}

/** Returns the content of a text frame without encoding it. */
export function textPayloadOf(frame: TextFrame): string | Uint8Array {
  return frame['payload']
}

/** Whether `frame` needs no UTF-8 check to be sent as a whole message. */
export function isCheckedText(frame: TextFrame): boolean {
  return typeof frame['payload'] === 'string' || hasCheckedBytes(frame)
}
