/**
 * Counts the events of each kind of topics in one node. Kinds are declared by the application, so
 * that their number does not depend on clients.
 */

import type { AnyTopicKind } from '../kind/define-topic.ts'
import type { GapItem, GapReason, LiveItem, SkippedItem } from '../kind/items.ts'
import { TopicEvent } from './topic-event.ts'

/** The counters of one kind. They only grow. */
export class KindCounters {
  published = 0
  publishFailures = 0
  delivered = 0
  dropped = 0
  readonly gaps: Record<GapReason, number> = {
    trimmed: 0,
    expired: 0,
    epoch: 0,
    lagging: 0,
    broker: 0,
  }

  /** A subscription has taken these items. */
  taken(items: ReadonlyArray<TopicEvent | GapItem | SkippedItem | LiveItem>): void {
    for (const item of items) {
      if (item instanceof TopicEvent) this.delivered++
      else if (item.type === 'gap') this.#gap(item.reason, item.missed)
      else if (item.type === 'skipped') this.dropped += item.count ?? 0
    }
  }

  #gap(reason: GapReason, missed: number | null): void {
    this.gaps[reason]++
    if (reason === 'lagging') this.dropped += missed ?? 0
  }
}

/** The counters of all kinds of one node. */
export class AllCounters {
  readonly #byKind = new Map<AnyTopicKind, KindCounters>()

  /** The counters of a kind, made at the first call. */
  of(kind: AnyTopicKind): KindCounters {
    let counters = this.#byKind.get(kind)
    if (counters === undefined) {
      counters = new KindCounters()
      this.#byKind.set(kind, counters)
    }
    return counters
  }

  [Symbol.iterator](): IterableIterator<[AnyTopicKind, KindCounters]> {
    return this.#byKind.entries()
  }
}
