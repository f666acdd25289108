/**
 * A page of a topic's history, read without a subscription.
 */

import type { EventItem, Position } from './items.ts'

/** Which events a page has. */
export interface HistoryPageOptions {
  /**
   * `'start'`: the oldest events that are stored. `{ last }`: the newest `last` events. A position:
   * the events after it. @defaultValue { last: 100 }
   */
  readonly from?: 'start' | { readonly last: number } | Position
  /** Only events with a lower offset: `{ from: { last: 20 }, before }` pages backward. */
  readonly before?: number
  /** How many events at most: 1 to 100. @defaultValue 100 */
  readonly limit?: number
}

/** A page of events, in order. It may have fewer than were asked for, if they are large. */
export interface HistoryPage<Event = unknown> {
  readonly epoch: string
  /** The offset of the newest event of the topic. */
  readonly head: number
  /**
   * Whether no event is missing between the place that was asked for and the first event. `false`
   * too if the broker cannot tell.
   */
  readonly complete: boolean
  readonly events: ReadonlyArray<EventItem<Event>>
}
