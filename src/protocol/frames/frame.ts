/**
 * `Frame`: the five classes under one name, as a value (`new Frame.Text`, `instanceof Frame.Text`)
 * and as a type (`Frame`, `Frame.Text`), with helpers for other folders.
 */

import { CloseFrame } from './close-frame.ts'
import { PingFrame, PongFrame } from './control-frames.ts'
import {
  BinaryFrame,
  binaryPayloadOf,
  isDisposed,
  TextFrame,
  textPayloadOf,
} from './data-frames.ts'
import { prepareFrame } from './prepare-frame.ts'
import { displayBytes, displayText, printable } from '../frame-display.ts'

/**
 * One frame: a text or binary message or a fragment of one, or a close, ping or pong.
 * `instanceof Frame.Text` and `switch (frame.frameType)` both narrow it. Frames are values: do not
 * change their bytes. RFC 6455 §5. Ktor: `Frame`.
 *
 * @example
 * if (frame instanceof Frame.Text) await send(new Frame.Text(`YOU SAID: ${frame.readText()}`))
 */
export type Frame = TextFrame | BinaryFrame | CloseFrame | PingFrame | PongFrame

/** The classes of frame by name. */
export const Frame: {
  readonly Text: typeof TextFrame
  readonly Binary: typeof BinaryFrame
  readonly Close: typeof CloseFrame
  readonly Ping: typeof PingFrame
  readonly Pong: typeof PongFrame

  /**
   * Serialises a whole message once, for many sessions or many times: `send` takes what this
   * returns everywhere. The bytes are copied. A string or a `Frame.Text` is sent as text, the
   * others as binary.
   *
   * @throws {TypeError} for a control frame, and for anything else that is no message.
   * @throws {LocalProtocolError} for a fragment, and for text given as bytes that are not UTF-8.
   *
   * @example <!-- prelude
   * import { Frame, type WebSocketSession } from 'towpath'
   * declare const members: Set<WebSocketSession>
   * -->
   * ```ts
   * const news = Frame.prepare(JSON.stringify({ type: 'news', title: 'Lock 9 is open' }))
   * for (const { outgoing } of members) outgoing.trySend(news)
   * ```
   */
  readonly prepare: typeof prepareFrame
} = Object.freeze({
  Text: printable(TextFrame, (frame) =>
    isDisposed(frame) ? 'Frame.Text (disposed)' : displayText(textPayloadOf(frame), frame.fin),
  ),
  Binary: printable(BinaryFrame, (frame) =>
    isDisposed(frame)
      ? 'Frame.Binary (disposed)'
      : displayBytes('Binary', binaryPayloadOf(frame), frame.fin),
  ),
  Close: CloseFrame,
  Ping: PingFrame,
  Pong: PongFrame,
  prepare: prepareFrame,
})

/** The classes of frame as types. They do not exist at run time. */
export declare namespace Frame {
  export type Text = TextFrame
  export type Binary = BinaryFrame
  export type Close = CloseFrame
  export type Ping = PingFrame
  export type Pong = PongFrame
}

/** Whether `value` is a frame of one of the five classes. */
export function isFrame(value: unknown): value is Frame {
  return (
    value instanceof TextFrame ||
    value instanceof BinaryFrame ||
    value instanceof CloseFrame ||
    value instanceof PingFrame ||
    value instanceof PongFrame
  )
}

/**
 * Returns the content of a frame without encoding it: the string of a text, or bytes, which must
 * not be kept.
 *
 * @throws {LocalProtocolError} when the frame is disposed.
 */
export function payloadOf(frame: Frame): string | Uint8Array {
  if (frame instanceof TextFrame) return textPayloadOf(frame)
  return frame instanceof BinaryFrame ? binaryPayloadOf(frame) : frame.buffer
}
