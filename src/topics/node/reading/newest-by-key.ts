/**
 * What a topic of the kind `latest` knows for slow subscribers: the newest event of each key.
 */

import type { GapReason } from '../../kind/items.ts'
import type { RingBudget, Shrinkable } from '../ring-budget.ts'
import type { TopicEvent } from '../topic-event.ts'

/** How many keys are known. With more, the topic behaves as `skip`. */
const MAX_KEYS = 10_000
/** What the events of one topic may take in memory. Above it, the oldest are forgotten. */
const MAX_BYTES = 16 * 1024 * 1024

/** The events, in order of their offsets. They share the memory of the node with all rings. */
export class NewestByKey implements Shrinkable {
  readonly #budget: RingBudget
  readonly #events = new Map<string | null, TopicEvent>()
  #bytes = 0
  #lostAt = 0
  #lostReason: GapReason = 'broker'

  constructor(budget: RingBudget) {
    this.#budget = budget
  }

  get bytes(): number {
    return this.#bytes
  }

  get events(): Iterable<TopicEvent> {
    return this.#events.values()
  }

  /**
   * The newest offset whose event was lost, is unreadable or was forgotten, 0 if there is none: it
   * may be the newest event of its key.
   */
  get lostAt(): number {
    return this.#lostAt
  }

  /** Why the event at `lostAt` is missing. */
  get lostReason(): GapReason {
    return this.#lostReason
  }

  /** The event at `offset` was lost. */
  lost(offset: number, reason: GapReason = 'broker'): void {
    if (offset < this.#lostAt) return
    this.#lostAt = offset
    this.#lostReason = reason
  }

  /** Adds the newest event. @returns `false` if there are too many keys. */
  add(key: string | null, event: TopicEvent): boolean {
    const before = this.#events.get(key)
    // Deleted first, so that the map stays in order of offsets.
    this.#events.delete(key)
    this.#events.set(key, event)
    this.#changed(event.bytes - (before?.bytes ?? 0))
    while (this.#bytes > MAX_BYTES && this.#events.size > 1) this.#forgetOldest()
    return this.#events.size <= MAX_KEYS
  }

  /** Forgets the older half, at least one event: other topics need the memory more. */
  shrink(): void {
    for (let count = Math.ceil(this.#events.size / 2); count > 0; count--) this.#forgetOldest()
  }

  clear(): void {
    this.#events.clear()
    this.#changed(-this.#bytes)
  }

  #forgetOldest(): void {
    for (const [key, event] of this.#events) {
      this.#events.delete(key)
      this.lost(event.offset, 'lagging')
      this.#changed(-event.bytes)
      return
    }
  }

  #changed(bytes: number): void {
    this.#bytes += bytes
    this.#budget.changed(this, bytes)
  }
}
