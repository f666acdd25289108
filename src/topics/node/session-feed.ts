/**
 * A subscription of a plain session: the application says how events look on the wire.
 */

import type { Outbound } from '../../session/index.ts'
import type { EventItem, GapItem, SkippedItem } from '../kind/items.ts'
import { prepare } from './prepared.ts'
import type { Feed } from './session-outlet.ts'
import type { Taken } from './taking.ts'
import { TopicEvent } from './topic-event.ts'

/** How a topic is sent to a session. */
export interface FeedOptions<Event> {
  /**
   * What is sent for an event. Pass one function for all sessions: it is called once for each
   * event and process. With more than four functions in a topic, it is called once for each
   * session. `null`: nothing is sent.
   */
  readonly frame: (item: EventItem<Event>) => Outbound | null
  /**
   * What is sent where events are missing. Absent: the session is closed with 4102 `Missed events`,
   * because silence would hide the loss.
   */
  readonly gap?: (item: GapItem) => Outbound | null
  /** What is sent where a slow subscriber was spared events. @defaultValue nothing */
  readonly skipped?: (item: SkippedItem) => Outbound | null
  /**
   * What is sent when everything that was there at the beginning has been sent. @defaultValue
   * nothing
   */
  readonly live?: () => Outbound | null
}

/** A feed made of the application's functions. */
export class PlainFeed<Event> implements Feed {
  readonly #options: FeedOptions<Event>
  readonly #missed: () => void

  /** @param missed is called when there is a gap that cannot be told. */
  constructor(options: FeedOptions<Event>, missed: () => void) {
    this.#options = options
    this.#missed = missed
  }

  get framing(): object {
    return this.#options.frame
  }

  frameOf(event: TopicEvent): Outbound | null {
    const { frame } = this.#options
    return event.frame(frame, ({ item }) => {
      // Published through a kind with this type of event.
      const data = frame(item as EventItem<Event>)
      return data === null ? null : prepare(data)
    })
  }

  frame(taken: Taken): readonly Outbound[] {
    const frame = this.#frame(taken)
    return frame === null ? [] : [frame]
  }

  #frame(taken: Taken): Outbound | null {
    const { gap, skipped, live } = this.#options
    if (taken instanceof TopicEvent) return this.frameOf(taken)
    if (taken.type === 'skipped') return skipped?.(taken) ?? null
    if (taken.type === 'live') return live?.() ?? null
    if (gap !== undefined) return gap(taken)
    this.#missed()
    return null
  }
}
