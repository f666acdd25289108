/**
 * `Frame.prepare`: serialises a message for many sessions.
 */

import { BinaryFrame, binaryPayloadOf, TextFrame, textPayloadOf } from './data-frames.ts'
import { LocalProtocolError } from '../errors.ts'
import { encodedSizeBound, encodeFrame, payloadSize } from './frame-encoder.ts'
import { refuseData } from './frame-payload.ts'
import { MAX_HEADER_BYTES } from './frame-header.ts'
import { FrameType } from './frame-type.ts'
import { allocate, isUtf8 } from '../memory.ts'
import { PreparedFrame } from './prepared-frame.ts'
import { isBytes } from '../text.ts'

/** Data that `Frame.prepare` accepts. */
export type Preparable = TextFrame | BinaryFrame | string | Uint8Array

/** Implements `Frame.prepare`. */
export function prepareFrame(data: Preparable): PreparedFrame {
  if (typeof data === 'string') return prepare(FrameType.TEXT, data)
  if (isBytes(data)) return prepare(FrameType.BINARY, data)
  if (!(data instanceof TextFrame || data instanceof BinaryFrame)) {
    refuseData('prepare', data, 'a Frame.Text, a Frame.Binary, a string or a Uint8Array')
  }
  if (!data.fin) {
    throw new LocalProtocolError('Cannot prepare a fragment, expected the whole message')
  }
  if (data instanceof BinaryFrame) return prepare(FrameType.BINARY, binaryPayloadOf(data))
  const text = textPayloadOf(data)
  if (typeof text !== 'string' && !isUtf8(text)) {
    throw new LocalProtocolError(
      'Cannot prepare text: its bytes are not UTF-8, expected Frame.Binary for them',
    )
  }
  return prepare(FrameType.TEXT, text)
}

function prepare(
  type: typeof FrameType.TEXT | typeof FrameType.BINARY,
  payload: string | Uint8Array,
): PreparedFrame {
  const size = payloadSize(payload)
  // A string is written behind the header for its length in UTF-16, and moved if that header was
  // too short.
  const bytes = allocate(Math.min(size + MAX_HEADER_BYTES, encodedSizeBound(payload)))
  const end = encodeFrame(bytes, 0, type, true, 0, payload, null)
  return new PreparedFrame(type, bytes.subarray(0, end), bytes.subarray(end - size, end))
}
