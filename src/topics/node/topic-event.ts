/**
 * An event in a node: decoded once for all receivers, and framed once for each way of framing.
 */

import { decodeEnvelope, type Envelope, jsonTextOf } from '../kind/envelope.ts'
import type { EventItem, GapReason } from '../kind/items.ts'

/** Events are missing before an entry of a ring or a page. */
export interface MissingBefore {
  readonly reason: GapReason
  /** How many; `null` if that is not known. */
  readonly missed: number | null
}

const ENTRY_OVERHEAD_BYTES = 200
/** An event is held as its message, and framed in both encodings of the wire. */
export const FORMS = 3
/** How many ways of framing an event keeps the frames of: the encodings of the wire are two. */
const MAX_FRAMERS = 4

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
  /** The offset in the log; without history, a number that this node has given. */
  readonly offset: number
  /** Whether `offset` is the log's. */
  readonly isLogged: boolean
  readonly message: Uint8Array
  readonly envelope: Envelope
  /** The events that are missing before this one. */
  readonly missing: MissingBefore | null
  /** Whether there is no event at this offset, and only `missing` is told. */
  readonly isLoss: boolean
  /** Weak: values that are decoded may take 20 times the memory of their JSON text. */
  #item: WeakRef<EventItem> | null = null
  /** `null` before it is known. */
  #isReadable: boolean | null = null
  /** Pairs of framer and frame, at most `MAX_FRAMERS`. */
  readonly #frames: unknown[] = []

  /** @throws {MalformedBytesError} if `message` is no envelope. */
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

  /**
   * Whether the data is JSON or bytes. Another program may have written something else into the
   * log, which would break every message that it is inserted into.
   */
  get isReadable(): boolean {
    this.#isReadable ??= this.isLoss || this.envelope.isBinary || isJson(this.envelope.data)
    return this.#isReadable
  }

  /** What it takes in memory, roughly: with the frames that may be made of it. */
  get bytes(): number {
    return FORMS * (this.message.length + ENTRY_OVERHEAD_BYTES)
  }

  /** The JSON text of the event; `null` if it is bytes. */
  get json(): string | null {
    return this.envelope.isBinary ? null : jsonTextOf(this.envelope.data)
  }

  /** The event as subscribers see it. Shared by all calls, as long as one of them holds it. */
  get item(): EventItem {
    let item = this.#item?.deref()
    if (item === undefined) {
      const { at, key, publisher, isBinary, data } = this.envelope
      // A copy: an application may change its bytes, and the message is kept.
      const event: unknown = isBinary ? data.slice() : JSON.parse(jsonTextOf(data))
      const offset = this.isLogged ? this.offset : null
      item = Object.freeze({ type: 'event', offset, event, key, at, publisher })
      this.#item = new WeakRef(item)
    }
    return item
  }

  /**
   * The result of `make`. It is called once for each of the first `MAX_FRAMERS` framers, and each
   * time for others: a framer for each session would keep a frame for each session.
   *
   * @param framer names the way of framing: always with the same type of frame.
   */
  frame<Frame>(framer: object, make: (event: TopicEvent) => Frame): Frame {
    const index = this.#frames.indexOf(framer)
    // It was made for the same framer, below.
    if (index !== -1) return this.#frames[index + 1] as Frame
    const frame = make(this)
    if (this.#frames.length < 2 * MAX_FRAMERS) this.#frames.push(framer, frame)
    return frame
  }
}

function isJson(data: Uint8Array): boolean {
  try {
    JSON.parse(jsonTextOf(data))
    return true
  } catch {
    return false
  }
}
