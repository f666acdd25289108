/**
 * What the application sends, put in order: which opcode each frame has at its place (RFC 6455
 * §5.4), and what of it may be sent at all.
 */

import {
  FragmentSequence,
  Frame,
  FrameType,
  isBytes,
  isCheckedText,
  isFrame,
  LocalProtocolError,
  payloadOf,
  payloadSize,
  PreparedFrame,
  preparedPayload,
} from '../../protocol/internal.ts'
import { LatestBy } from '../latest-by.ts'
import type { Outbound } from '../session.ts'
import type { OutgoingBounds } from '../session-options.ts'

/** A frame that waits: its place in its message is settled, and its bytes are ours. */
export class QueuedFrame {
  readonly opcode: number
  readonly fin: boolean
  readonly payload: string | Uint8Array
  /** The frame as it was prepared, if it was; then `payload` is its own. */
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

/** Follows the messages that one session sends. */
export class MessageOrder {
  readonly #losesFrames: boolean
  /** Absent while all messages are whole and known to be text: most sessions never send others. */
  #fragments: FragmentSequence | null = null

  constructor(policy: OutgoingBounds['onOverflow']) {
    this.#losesFrames = policy instanceof LatestBy || policy.startsWith('drop')
  }

  /**
   * The payload of `data` if that is what nearly all of them are: a whole text message between
   * others, known to be text, that nobody can change any more. It then needs no other question, and
   * may be sent at once. `null` for everything else.
   */
  wholeText(data: Outbound): string | Uint8Array | null {
    if (this.#fragments !== null) return null
    if (typeof data === 'string') return data
    return data instanceof Frame.Text && data.fin && isCheckedText(data) ? payloadOf(data) : null
  }

  /**
   * The payload of `data`, which is not copied.
   *
   * @throws {TypeError} for what is neither a frame nor a string nor bytes.
   */
  payloadOf(data: Outbound): string | Uint8Array {
    if (typeof data === 'string' || isBytes(data)) return data
    if (isFrame(data)) return payloadOf(data)
    if (data instanceof PreparedFrame) return preparedPayload(data)
    throw new TypeError(
      `Cannot send a value of type ${typeof data}, expected a Frame, a string or a Uint8Array`,
    )
  }

  /** The size of what waits or is to wait, in bytes. */
  sizeOf(data: Outbound | QueuedFrame): number {
    return payloadSize(data instanceof QueuedFrame ? data.payload : this.payloadOf(data))
  }

  /**
   * The opcode that `data` is sent with if it is sent now; it then counts as sent.
   *
   * @throws {LocalProtocolError} if it may not come at this place.
   */
  opcodeOf(data: Outbound, payload: string | Uint8Array): number {
    if (typeof data === 'string') return this.#next(FrameType.TEXT, true, null)
    if (isBytes(data)) return this.#next(FrameType.BINARY, true, null)
    if (data instanceof PreparedFrame && this.#fragments?.isInsideMessage === true) {
      throw new LocalProtocolError(
        'Cannot send a prepared frame inside of a fragmented message: it is a whole message',
      )
    }
    if (data.frameType !== FrameType.TEXT) return this.#next(data.frameType, data.fin, null)
    const isChecked = typeof payload === 'string' || data instanceof PreparedFrame
    const unchecked = isChecked || isCheckedText(data) ? null : payload
    return this.#next(FrameType.TEXT, data.fin, unchecked)
  }

  /** Turns `data` into what waits: its place is settled, its bytes are copied. */
  admit(data: Outbound): QueuedFrame {
    const payload = this.payloadOf(data)
    const fin = typeof data === 'string' || isBytes(data) || data.fin
    const fragment = !fin || this.#fragments?.isInsideMessage === true
    if (fragment && this.#losesFrames && isDataFrame(data)) {
      throw new LocalProtocolError(
        'Cannot queue a fragment: outgoing drops frames when it is full, expected whole messages',
      )
    }
    const opcode = this.opcodeOf(data, payload)
    if (data instanceof PreparedFrame) return new QueuedFrame(opcode, fin, payload, data)
    // A copy: `slice()` of a Buffer would be a view.
    return new QueuedFrame(
      opcode,
      fin,
      typeof payload === 'string' ? payload : new Uint8Array(payload),
    )
  }

  #next(type: FrameType, fin: boolean, unchecked: Uint8Array | null): number {
    if (this.#fragments === null) {
      if (fin && unchecked === null) return type
      this.#fragments = new FragmentSequence()
    }
    return this.#fragments.next(type, fin, unchecked)
  }
}

function isDataFrame(data: Outbound): boolean {
  return typeof data === 'string' || isBytes(data) || !FrameType.controlFrame(data.frameType)
}
