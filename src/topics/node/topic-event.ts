/**
 * An event in a node: decoded once, framed once for each way of framing, whoever receives it.
 */

import { decodeEnvelope, type Envelope, jsonTextOf } from '../kind/envelope.ts'
import type { EventItem, GapReason } from '../kind/items.ts'

/** Events are missing before an entry of a ring or a page. */
export interface MissingBefore {
  readonly reason: GapReason
  /** How many; `null` when that is not known. */
  readonly missed: number | null
}

const ENTRY_OVERHEAD_BYTES = 200

const NO_MESSAGE = new Uint8Array(0)
const NO_ENVELOPE: Envelope = {
  at: 0,
  key: null,
  publisher: null,
  isBinary: true,
  data: NO_MESSAGE,
}

/** One event of one topic. */
export class TopicEvent {
  /** The offset in the log; in a topic without history, the number that this node gave. */
  readonly offset: number
  /** Whether `offset` is the log's. */
  readonly isLogged: boolean
  readonly message: Uint8Array
  readonly envelope: Envelope
  /** What is missing between the event before and this one. */
  readonly missing: MissingBefore | null
  /** Whether there is no event at this offset, and `missing` is all that is to be told. */
  readonly isLoss: boolean
  #item: EventItem | null = null
  /** Nearly always at most two ways of framing: pairs of function and result. */
  readonly #frames: unknown[] = []

  /** @throws {MalformedBytesError} for a message that is no envelope. */
  constructor(
    offset: number,
    isLogged: boolean,
    message: Uint8Array,
    missing: MissingBefore | null = null,
  ) {
    this.offset = offset
    this.isLogged = isLogged
    this.message = message
    this.isLoss = message === NO_MESSAGE
    this.envelope = this.isLoss ? NO_ENVELOPE : decodeEnvelope(message)
    this.missing = missing
  }

  /** A place in a topic without history where events are missing. */
  static loss(offset: number, missing: MissingBefore): TopicEvent {
    return new TopicEvent(offset, false, NO_MESSAGE, missing)
  }

  /** What it takes in memory, roughly. */
  get bytes(): number {
    return this.message.length + ENTRY_OVERHEAD_BYTES
  }

  /** The JSON text of the event; `null` when it is bytes. */
  get json(): string | null {
    return this.envelope.isBinary ? null : jsonTextOf(this.envelope.data)
  }

  /** What subscribers see. Made when it is first asked for, and shared. */
  get item(): EventItem {
    if (this.#item === null) {
      const { at, key, publisher, isBinary, data } = this.envelope
      // A copy: the message is kept, and what an application does with its bytes is its own business.
      const event: unknown = isBinary ? data.slice() : JSON.parse(jsonTextOf(data))
      const offset = this.isLogged ? this.offset : null
      this.#item = Object.freeze({ type: 'event', offset, event, key, at, publisher })
    }
    return this.#item
  }

  /**
   * What `make` makes of the event. Called once for each `framer`, whoever receives the event.
   *
   * @param framer names the way of framing: always with the same type of frame.
   */
  frame<Frame>(framer: object, make: (event: TopicEvent) => Frame): Frame {
    const index = this.#frames.indexOf(framer)
    // Put beside this very framer below.
    if (index !== -1) return this.#frames[index + 1] as Frame
    const frame = make(this)
    this.#frames.push(framer, frame)
    return frame
  }
}
