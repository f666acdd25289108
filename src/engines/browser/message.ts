/**
 * What a page sends, as the browser takes it: a string or bytes.
 */

import {
  BinaryFrame,
  encodeUtf8,
  isBytes,
  LocalProtocolError,
  TextFrame,
} from '../../protocol/portable.ts'
import type { Outbound } from '../../session/index.ts'

/** A message as the browser has it. A string that has arrived is known to be what UTF-8 can say. */
export type Message = string | Uint8Array

/**
 * The message that `data` is.
 *
 * @throws {LocalProtocolError} for a fragment, and for text given as bytes that are not UTF-8.
 * @throws {TypeError} for what a page cannot send.
 */
export function messageOf(data: Outbound): Message {
  if (typeof data === 'string' || isBytes(data)) return data
  if (data instanceof TextFrame) return data.readText()
  if (!(data instanceof BinaryFrame)) {
    throw new TypeError(
      'Cannot send this: expected a Frame.Text, a Frame.Binary, a string or bytes',
    )
  }
  if (data.fin) return data.buffer
  throw new LocalProtocolError('Cannot send a fragment, expected the whole message')
}

/** The same in memory of its own: what was given may change as soon as its `send` has resolved. */
export function ownMessageOf(data: Outbound): Message {
  const message = messageOf(data)
  return typeof message === 'string' ? message : message.slice()
}

/** The size of a message in bytes, as it travels. */
export function sizeOfMessage(data: Outbound): number {
  const message = messageOf(data)
  return typeof message === 'string' ? encodeUtf8(message).length : message.length
}
