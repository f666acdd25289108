/**
 * The place of each outgoing data frame in its message: which opcode it has (RFC 6455 §5.4), and
 * whether it may be sent.
 */

import {
  FragmentSequence,
  Frame,
  FrameType,
  isBytes,
  isCheckedText,
  isFrame,
  LocalProtocolError,
  partOf,
  type PayloadPart,
  payloadOf,
  payloadSize,
  PreparedFrame,
  preparedPayload,
  refuseData,
} from '../../protocol/internal.ts'
import type { Outbound } from '../session.ts'

/** The messages that one session sends. */
export interface SentMessages {
  /**
   * Follows the fragments of messages, and text that has to be checked. `null` while all messages
   * are whole and known to be text or binary: most sessions never send others.
   */
  fragments: FragmentSequence | null
}

/** A frame that waits: its place in its message is settled, and its bytes are ours. */
export class QueuedFrame {
  readonly opcode: number
  readonly fin: boolean
  readonly payload: string | Uint8Array
  /** The prepared frame, if one was sent; `payload` is then its payload. */
  readonly prepared: PreparedFrame | null

  constructor(
    opcode: number,
    fin: boolean,
    payload: string | Uint8Array,
    prepared: PreparedFrame | null = null,
  ) {
    this.opcode = opcode
    this.fin = fin
    this.payload = payload
    this.prepared = prepared
  }
}

/**
 * Returns the payload of a whole text message that is known to be text and cannot change; `null`
 * for all other data. Between messages such data needs no other check: most data is of this kind.
 */
export function wholeText(data: Outbound): string | Uint8Array | null {
  if (typeof data === 'string') return data
  return data instanceof Frame.Text && data.fin && isCheckedText(data) ? payloadOf(data) : null
}

/**
 * Returns the payload of a short message that arrived and is sent on, if it cannot have changed;
 * `null` for all other data. Between messages such data needs no check.
 */
export function receivedPartOf(data: Outbound): PayloadPart | null {
  return data instanceof Frame.Text || data instanceof Frame.Binary ? partOf(data) : null
}

/**
 * Returns the payload of `data`, which is not copied.
 *
 * @throws {TypeError} for a value that is neither a frame nor a string nor bytes.
 */
export function outboundPayload(data: Outbound): string | Uint8Array {
  if (typeof data === 'string' || isBytes(data)) return data
  if (isFrame(data)) return payloadOf(data)
  if (data instanceof PreparedFrame) return preparedPayload(data)
  refuseData('send', data, 'a Frame, a string or a Uint8Array')
}

/** Returns the size in bytes of the payload of a frame that waits, or is about to wait. */
export function outboundSize(data: Outbound | QueuedFrame): number {
  return payloadSize(data instanceof QueuedFrame ? data.payload : outboundPayload(data))
}

/** Whether a message ends with `data`. */
export function isLastFragment(data: Outbound): boolean {
  return typeof data === 'string' || isBytes(data) || data.fin
}

/**
 * Returns the opcode of `data` if it is the next frame; `data` then counts as sent.
 *
 * @throws {LocalProtocolError} if `data` may not come at this place.
 */
export function nextOpcode(
  sent: SentMessages,
  data: Outbound,
  payload: string | Uint8Array,
): number {
  if (typeof data === 'string') return next(sent, FrameType.TEXT, true, null)
  if (isBytes(data)) return next(sent, FrameType.BINARY, true, null)
  if (data instanceof PreparedFrame && sent.fragments?.isInsideMessage === true) {
    throw new LocalProtocolError(
      'Cannot send a prepared frame inside of a fragmented message: it is a whole message',
    )
  }
  if (data.frameType !== FrameType.TEXT) return next(sent, data.frameType, data.fin, null)
  const isChecked = typeof payload === 'string' || data instanceof PreparedFrame
  const unchecked = isChecked || isCheckedText(data) ? null : payload
  return next(sent, FrameType.TEXT, data.fin, unchecked)
}

/**
 * Returns `data` as a frame that can wait: its place is settled, and its bytes are copied.
 *
 * @param mayDrop whether the queue drops frames: it then takes whole messages only.
 * @throws {LocalProtocolError} if `data` may not come at this place.
 */
export function queuedFrame(sent: SentMessages, data: Outbound, mayDrop: boolean): QueuedFrame {
  const payload = outboundPayload(data)
  const fin = isLastFragment(data)
  const isFragment = !fin || sent.fragments?.isInsideMessage === true
  if (isFragment && mayDrop && isDataFrame(data)) {
    throw new LocalProtocolError(
      'Cannot queue a fragment: outgoing drops frames when it is full, expected whole messages',
    )
  }
  const opcode = nextOpcode(sent, data, payload)
  if (data instanceof PreparedFrame) return new QueuedFrame(opcode, fin, payload, data)
  // A copy: `slice()` of a Buffer would be a view.
  const copy = typeof payload === 'string' ? payload : new Uint8Array(payload)
  return new QueuedFrame(opcode, fin, copy)
}

/** Whether `data` is a data frame (RFC 6455 §5.6), and not a control frame. */
export function isDataFrame(data: Outbound): boolean {
  return typeof data === 'string' || isBytes(data) || !FrameType.controlFrame(data.frameType)
}

function next(
  sent: SentMessages,
  type: FrameType,
  fin: boolean,
  unchecked: Uint8Array | null,
): number {
  if (sent.fragments === null) {
    if (fin && unchecked === null) return type
    sent.fragments = new FragmentSequence()
  }
  return sent.fragments.next(type, fin, unchecked)
}
