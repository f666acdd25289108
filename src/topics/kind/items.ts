/**
 * The items of a subscription: events, and messages about missing events.
 */

/**
 * A place in a topic with history: "I have everything up to here". A plain value, which may travel
 * in a page or an HTTP response.
 */
export interface Position {
  /** Names one life of the log. */
  readonly epoch: string
  /** The offset of the newest event that is known; 0 for none. */
  readonly offset: number
}

/** Where a subscription begins. */
export type From =
  /** At the newest event: only later ones come. */
  | 'now'
  /** At the oldest event that is stored. */
  | 'start'
  /** With the newest `last` events, as far as they are kept; 0 or above. */
  | { readonly last: number }
  /**
   * After a position. `away` is for how long nothing was received, in milliseconds on a clock that
   * never goes back; absent when that is not known.
   */
  | (Position & { readonly away?: number })

/**
 * Why events are missing. `trimmed`: the history no longer holds them. `expired`: they are older
 * than the history. `epoch`: the log has begun again. `lagging`: the subscriber was too slow.
 * `broker`: they were lost on the way.
 */
export type GapReason = 'trimmed' | 'expired' | 'epoch' | 'lagging' | 'broker'

/** An event. */
export interface EventItem<Event = unknown> {
  readonly type: 'event'
  /** `null` in a topic without history. */
  readonly offset: number | null
  /** Shared by all subscribers of the process: it must not be changed. */
  readonly event: Event
  /** The key that the publisher gave; `null` for none. */
  readonly key: string | null
  /**
   * When it was published: milliseconds since 1970, by the clock of the publishing node. Never for
   * order.
   */
  readonly at: number
  /** Which client published it; `null` for the server's own code. */
  readonly publisher: string | null
}

/** Events are missing here. */
export interface GapItem {
  readonly type: 'gap'
  /** The offset of the last event before the gap; `null` in a topic without history. */
  readonly after: number | null
  /**
   * The offset of the first event that may come after the gap; `null` in a topic without history.
   */
  readonly before: number | null
  /** How many events are missing; `null` when that is not known. */
  readonly missed: number | null
  readonly reason: GapReason
  /** The epoch of what comes after the gap; `null` in a topic without history. */
  readonly epoch: string | null
}

/**
 * A slow subscriber of a `latest` topic did not get events that newer events of the same key have
 * replaced.
 */
export interface SkippedItem {
  readonly type: 'skipped'
  /** How many; `null` when that is not known. */
  readonly count: number | null
}

/** All events that were stored when the subscription began have come. Once per subscription. */
export interface LiveItem {
  readonly type: 'live'
}

/** An item of a subscription. */
export type TopicItem<Event = unknown> = EventItem<Event> | GapItem | SkippedItem | LiveItem
