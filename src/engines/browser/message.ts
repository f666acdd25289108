/**
 * Converts what a page sends into what the browser takes: a string or bytes.
 */

import {
  BinaryFrame,
  encodeUtf8,
  isBytes,
  LocalProtocolError,
  TextFrame,
} from '../../protocol/portable.ts'
import type { Outbound } from '../../session/index.ts'

/** A message as the browser has it. A received string is always well-formed. */
export type Message = string | Uint8Array

/**
 * Returns the message of `data`.
 *
 * @throws {LocalProtocolError} for a fragment, and for text given as bytes that are not UTF-8.
 * @throws {TypeError} for anything that a page cannot send.
 */
export function messageOf(data: Outbound): Message {
  if (typeof data === 'string' || isBytes(data)) return data
  if (data instanceof TextFrame) return data.readText()
  if (!(data instanceof BinaryFrame)) {
    throw new TypeError('Cannot send: expected a Frame.Text, a Frame.Binary, a string or bytes')
  }
  if (data.fin) return data.buffer
  throw new LocalProtocolError('Cannot send a fragment, expected the whole message')
}

/** Like `messageOf`, but copies bytes: the caller may change them after `send` has resolved. */
export function ownMessageOf(data: Outbound): Message {
  const message = messageOf(data)
  return typeof message === 'string' ? message : message.slice()
}

/** Returns the size of a message in bytes, encoded as UTF-8. */
export function sizeOfMessage(data: Outbound): number {
  const message = messageOf(data)
  return typeof message === 'string' ? encodeUtf8(message).length : message.length
}
