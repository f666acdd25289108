/**
 * The next events of all cursors that are at one place of a ring. They are framed once for all
 * sessions that are sent alike.
 */

import type { Outbound } from '../../session/index.ts'
import type { TopicEvent } from './topic-event.ts'

/** How much of a subscription is sent before another one has its turn. */
export const TURN: { readonly events: number; readonly bytes: number } = {
  events: 64,
  bytes: 64 * 1024,
}

/** The topic of an event, as frames name it. */
export interface FramedTopic {
  readonly name: string
  /** Names the topic in the binary encoding of the wire. */
  readonly number: number
}

/** Makes the frames of events. */
export interface EventFramer {
  /** Names the way of framing: sessions with the same one are sent the same frames. */
  readonly framing: object
  /** The frame for an event; `null`: nothing is sent. An error ends the session. */
  frameOf(event: TopicEvent, topic: FramedTopic): Outbound | null
}

/** Events that follow one another, with nothing to be told between them. At least one. */
export class Run {
  /** The offset before the first event. */
  readonly after: number
  /** The offset of the last event. */
  readonly to: number
  readonly #events: readonly TopicEvent[]
  #framing: object | null = null
  #frames: readonly Outbound[] = []

  constructor(after: number, to: number, events: readonly TopicEvent[]) {
    this.after = after
    this.to = to
    this.#events = events
  }

  /** How many events it has. */
  get count(): number {
    return this.#events.length
  }

  /**
   * The frames of all events, in order. Made once for all sessions in a row that are framed alike.
   *
   * @param framing that of `framer`, which is used only if the frames have to be made.
   */
  frames(framing: object, framer: EventFramer, topic: FramedTopic): readonly Outbound[] {
    if (this.#framing === framing) return this.#frames
    const frames: Outbound[] = []
    for (const event of this.#events) {
      const frame = framer.frameOf(event, topic)
      if (frame !== null) frames.push(frame)
    }
    this.#frames = frames
    this.#framing = framing
    return frames
  }
}

/**
 * The run that begins at an index of `events`, as much as one turn sends.
 *
 * @param after the offset of the cursors.
 * @returns `null` if there is no event, or something has to be told before the first.
 */
export function runOf(after: number, events: readonly TopicEvent[], index: number): Run | null {
  let bytes = 0
  let end = index
  for (; end < events.length && end - index < TURN.events; end++) {
    const event = events[end]
    if (event === undefined || !isPlain(event)) break
    bytes += event.message.length
    if (bytes > TURN.bytes && end > index) break
  }
  const last = events[end - 1]
  return end === index || last === undefined
    ? null
    : new Run(after, last.offset, events.slice(index, end))
}

/** Whether subscribers receive the event itself, and no gap before it. */
function isPlain(event: TopicEvent): boolean {
  return event.missing === null && !event.isLoss && event.isReadable
}
