/**
 * Text and binary frames: the two kinds of frame that make up messages (RFC 6455 §5.6).
 *
 * The content is in visible fields (private to the compiler, not `#private`), so that deep
 * comparisons in tests see it. Otherwise every two frames of a class would be equal.
 */

import { LocalProtocolError } from '../errors.ts'
import { PayloadPart } from '../payload-part.ts'
import { encodeUtf8, isBytes, readUtf8 } from '../text.ts'
import { refusePayload } from './frame-payload.ts'
import type { FrameType } from './frame-type.ts'

/** The position of a data frame in its message. */
export interface DataFrameOptions {
  /** Whether the message ends with this frame; `true` by default. */
  readonly fin?: boolean
}

/**
 * Takes the memory of a payload whose frame is disposed. Ignores strings, and `null` for a frame
 * that is disposed again.
 */
export type Recycle = (payload: string | Uint8Array | null) => void

/**
 * The options of whole messages that arrived. The class is not exported to applications, so they
 * cannot make such frames. One object serves all frames: setting a field after the constructor took
 * 20 ns.
 */
export class ReceivedOptions implements DataFrameOptions {
  readonly fin = true
  /** Gets bytes whose frame is disposed, if the application has never had them. */
  readonly recycle: Recycle | undefined

  constructor(recycle?: Recycle) {
    this.recycle = recycle
  }
}

const NOT_RECYCLED = new ReceivedOptions()

let isCheckedBytes: (frame: TextFrame) => boolean

/** A text message, or one fragment of it. Ktor: `Frame.Text`. */
export class TextFrame {
  /** Set by `frame.ts`, so that a page does not load the code. */
  declare readonly toString: () => string

  /** Whether the message ends with this frame. */
  readonly fin: boolean

  /** `null` once the frame is disposed. */
  private payload: string | Uint8Array | PayloadPart | null
  #encoded: Uint8Array | null
  /** Whether the bytes are valid UTF-8, and cannot be changed by the application. */
  #checked: boolean
  /** Absent: the application may have the bytes, or they never came from the pool. */
  #recycle: Recycle | undefined

  /**
   * @param data a string, or bytes of UTF-8. A string is sent as well-formed UTF-8 (a lone
   *   surrogate becomes U+FFFD). Bytes are checked when they are sent, and are not copied; a
   *   fragment may end inside a character.
   * @throws {TypeError} for anything else.
   */
  constructor(data: string | Uint8Array, options?: DataFrameOptions) {
    const isReceived = options instanceof ReceivedOptions
    if (!isReceived && typeof data !== 'string' && !isBytes(data)) {
      refusePayload('Frame.Text', data, 'a string or a Uint8Array')
    }
    this.fin = options?.fin !== false
    this.payload = data
    this.#encoded = null
    this.#checked = isReceived
    this.#recycle = isReceived ? options.recycle : undefined
  }

  get frameType(): typeof FrameType.TEXT {
    return 1
  }

  /**
   * The payload as UTF-8, a view and not a copy. A frame that holds a string encodes it at the
   * first call and keeps the result.
   *
   * @throws {LocalProtocolError} when the frame is disposed.
   */
  get buffer(): Uint8Array {
    const payload = textPayloadOf(this)
    // The caller can change the bytes, so they are checked again if this frame is sent.
    this.#checked = false
    // The caller can keep the bytes, so their memory is not used again.
    this.#recycle = undefined
    return typeof payload === 'string' ? (this.#encoded ??= encodeUtf8(payload)) : payload
  }

  /** Disposes the frame, as `using` does. Ktor: `disposableHandle`. */
  get disposableHandle(): Disposable {
    return this
  }

  /**
   * Decodes the text at each call. A leading U+FEFF is kept.
   *
   * @throws {LocalProtocolError} on a fragment that is not final, on bytes that are not UTF-8 by
   *   themselves (the last fragment of a message may begin inside a character), and when the frame
   *   is disposed.
   */
  readText(): string {
    const payload = textPayloadOf(this)
    const text = typeof payload === 'string' ? payload : readUtf8(payload)
    if (this.fin && text !== null) return text
    throw new LocalProtocolError(
      'Cannot read text: a fragment may not be UTF-8 by itself, expected the whole message',
    )
  }

  /**
   * Drops the payload, so that its memory can be used for another message at once. Afterwards the
   * frame cannot be read or sent. Bytes that `buffer` has returned stay valid. Idempotent.
   */
  [Symbol.dispose](): void {
    if (!(this.payload instanceof PayloadPart)) this.#recycle?.(this.payload)
    this.payload = this.#encoded = null
  }

  static {
    isCheckedBytes = (frame) => frame.#checked
  }
}

/** A binary message, or one fragment of it. Ktor: `Frame.Binary`. */
export class BinaryFrame {
  /** Set by `frame.ts`, so that a page does not load the code. */
  declare readonly toString: () => string

  /** Whether the message ends with this frame. */
  readonly fin: boolean

  /** `null` once the frame is disposed. */
  private payload: Uint8Array | null
  /** Absent: the application may have the bytes, or they never came from the pool. */
  #recycle: Recycle | undefined

  /**
   * @param bytes any bytes; not copied.
   * @throws {TypeError} for anything but a `Uint8Array` (a `Buffer` is one).
   */
  constructor(bytes: Uint8Array, options?: DataFrameOptions) {
    const isReceived = options instanceof ReceivedOptions
    if (!isReceived && !isBytes(bytes)) refusePayload('Frame.Binary', bytes, 'a Uint8Array')
    this.fin = options?.fin !== false
    this.payload = bytes
    this.#recycle = isReceived ? options.recycle : undefined
  }

  get frameType(): typeof FrameType.BINARY {
    return 2
  }

  /**
   * The payload, a view and not a copy.
   *
   * @throws {LocalProtocolError} when the frame is disposed.
   */
  get buffer(): Uint8Array {
    const payload = binaryPayloadOf(this)
    // The caller can keep the bytes, so their memory is not used again.
    this.#recycle = undefined
    return payload
  }

  /** Disposes the frame, as `using` does. Ktor: `disposableHandle`. */
  get disposableHandle(): Disposable {
    return this
  }

  /** The same as for `Frame.Text`. */
  [Symbol.dispose](): void {
    this.#recycle?.(this.payload)
    this.payload = null
  }
}

/** Makes the frame of a whole text message that arrived. The decoder has checked its UTF-8. */
export function receivedText(
  payload: string | Uint8Array,
  options: ReceivedOptions = NOT_RECYCLED,
): TextFrame {
  return new TextFrame(payload, options)
}

/** Makes the frame of a whole binary message that arrived. */
export function receivedBinary(payload: Uint8Array, options: ReceivedOptions): BinaryFrame {
  return new BinaryFrame(payload, options)
}

/**
 * Returns the content of a text frame without encoding it. Bytes must not be kept: the frame may be
 * disposed.
 *
 * @throws {LocalProtocolError} when the frame is disposed.
 */
export function textPayloadOf(frame: TextFrame): string | Uint8Array {
  const payload = present(frame['payload'])
  return payload instanceof PayloadPart ? (frame['payload'] = payload.bytes) : payload
}

/** The same for a binary frame. */
export function binaryPayloadOf(frame: BinaryFrame): Uint8Array {
  return present(frame['payload'])
}

/**
 * Returns the payload of a whole message that arrived, if it is short text and the application has
 * never had its bytes: it cannot change, and has been checked. `null` for all other frames.
 */
export function partOf(frame: TextFrame | BinaryFrame): PayloadPart | null {
  const payload = frame instanceof TextFrame ? frame['payload'] : null
  return payload instanceof PayloadPart ? payload : null
}

/**
 * Makes the frame of a short whole message that arrived. The decoder has checked text.
 *
 * A binary frame gets its bytes at once: a test that compares it with an expected frame
 * (`toEqual`, `deepStrictEqual`) sees its fields only.
 */
export function receivedPart(part: PayloadPart, isText: boolean): TextFrame | BinaryFrame {
  if (!isText) return new BinaryFrame(part.bytes, NOT_RECYCLED)
  // With these options, the constructor keeps its argument as it is.
  return new TextFrame(part as unknown as Uint8Array, NOT_RECYCLED)
}

/** Whether the payload is gone. */
export function isDisposed(frame: TextFrame | BinaryFrame): boolean {
  return (frame instanceof TextFrame ? frame['payload'] : frame['payload']) === null
}

/** Whether `frame` needs no UTF-8 check to be sent as a whole message. */
export function isCheckedText(frame: TextFrame): boolean {
  return typeof frame['payload'] === 'string' || isCheckedBytes(frame)
}

/** Returns `payload`, or throws if the frame is disposed. */
function present<Payload>(payload: Payload | null): Payload {
  if (payload !== null) return payload
  throw new LocalProtocolError('Cannot use the frame: it is disposed, expected one that is not')
}
