/**
 * The newest events of one topic in a node, for all of its subscriptions.
 *
 * All events of the log after `base` and up to the head are here, except where `missing` of an
 * event says otherwise.
 */

import type { RingBudget } from './ring-budget.ts'
import { type Run, runOf } from './run.ts'
import { FORMS, type TopicEvent } from './topic-event.ts'

const MAX_EVENTS = 64
/** 256 KiB of messages, and the frames that may be made of them. */
const MAX_BYTES = FORMS * 256 * 1024

/** The part of a ring that an event takes. */
export function shareOf({ bytes }: TopicEvent): number {
  return Math.max(1 / MAX_EVENTS, bytes / MAX_BYTES)
}

/** Events in order of their offsets. */
export class Ring {
  readonly #budget: RingBudget
  // Emptied at the front: moving 64 entries is cheap.
  #events: TopicEvent[] = []
  #bytes = 0
  #base: number
  /** The run that was asked for last: most cursors are at the same place. */
  #run: Run | null = null

  /** @param base the offset after which the ring begins. */
  constructor(budget: RingBudget, base: number = 0) {
    this.#budget = budget
    this.#base = base
  }

  /** A cursor at this offset or above finds everything here. */
  get base(): number {
    return this.#base
  }

  /** The memory of the events. */
  get bytes(): number {
    return this.#bytes
  }

  /** In order of offsets; valid until the next change. */
  get events(): readonly TopicEvent[] {
    return this.#events
  }

  /** How far apart the offsets are on average; `null` with fewer than two events. */
  get spacing(): number | null {
    const [first] = this.#events
    const last = this.#events.at(-1)
    if (first === undefined || last === undefined || first === last) return null
    return (last.offset - first.offset) / (this.#events.length - 1)
  }

  /** Empties the ring: it begins after `base`. */
  reset(base: number): void {
    this.#changed(-this.#bytes)
    this.#run = null
    this.#events = []
    this.#base = base
  }

  append(event: TopicEvent): void {
    this.#run = null
    this.#events.push(event)
    let change = event.bytes
    while (
      this.#events.length > MAX_EVENTS ||
      (this.#bytes + change > MAX_BYTES && this.#events.length > 1)
    ) {
      change -= this.#shift()
    }
    this.#changed(change)
  }

  /** Drops the oldest half, at least one event: other topics need the memory more. */
  shrink(): void {
    this.#run = null
    let change = 0
    for (let count = Math.ceil(this.#events.length / 2); count > 0; count--) {
      change -= this.#shift()
    }
    this.#changed(change)
  }

  /** The index of the first event after `offset`; -1 if some events after it are not here. */
  indexAfter(offset: number): number {
    if (offset < this.#base) return -1
    let low = 0
    let high = this.#events.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#events[middle]?.offset ?? 0) > offset) high = middle
      else low = middle + 1
    }
    return low
  }

  /**
   * The next events of a cursor at `offset`, shared with other cursors there; `null` if there are
   * none, if some are not here, or if something has to be told before the first.
   */
  runAfter(offset: number): Run | null {
    if (this.#run?.after === offset) return this.#run
    const index = this.indexAfter(offset)
    this.#run = index === -1 ? null : runOf(offset, this.#events, index)
    return this.#run
  }

  /** The event at exactly `offset`; `null` if it is not here. */
  at(offset: number): TopicEvent | null {
    const event = this.#events[Math.max(0, this.indexAfter(offset - 1))]
    return event?.offset === offset ? event : null
  }

  #shift(): number {
    const event = this.#events.shift()
    if (event === undefined) return 0
    this.#base = event.offset
    return event.bytes
  }

  #changed(bytes: number): void {
    this.#bytes += bytes
    this.#budget.changed(this, bytes)
  }
}
