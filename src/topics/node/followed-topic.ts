/**
 * A topic that this node receives: its epoch and head, its newest events, and its subscriptions.
 * A follower (`following/`) brings the events in.
 *
 * There may be very many: rarely needed parts are made when they are needed.
 */

import type { AnyTopicKind } from '../kind/define-topic.ts'
import type { Position } from '../kind/items.ts'
import type { LogPages } from './reading/log-pages.ts'
import { Ring, shareOf } from './ring.ts'
import type { Run } from './run.ts'
import type { RingBudget } from './ring-budget.ts'
import type { KindCounters } from './kind-counters.ts'
import { NewestByKey } from './reading/newest-by-key.ts'
import { type Sweep, type Visited, VisitedList } from './sweep.ts'
import type { TopicEvent } from './topic-event.ts'

/** The log of a topic. */
export interface TopicSource {
  /** Whether each offset is the one before it plus 1. */
  readonly isDense: boolean
  createPages(): LogPages
}

/** What all topics of a node share. */
export interface TopicParts {
  readonly budget: RingBudget
  readonly sweep: Sweep
  readonly nextNumber: () => number
  readonly countersOf: (kind: AnyTopicKind) => KindCounters
}

/** A subscription, as its topic sees it. */
export interface TopicSubscriber extends Visited {
  place: number
  readonly epoch: string
  readonly offset: number
}

/** The log's head was asked for: all events behind `offset` were stored after `at`. */
interface HeadCheck {
  readonly offset: number
  /** In whole milliseconds of the node's clock. */
  readonly at: number
}

/** Offsets after `from`, up to `to`. */
interface Stretch {
  readonly from: number
  readonly to: number
}

/** One topic in one node. */
export class FollowedTopic {
  readonly name: string
  readonly kind: AnyTopicKind
  /** Names the topic in the binary encoding of the wire. */
  readonly number: number
  readonly subscriptions: VisitedList<TopicSubscriber> = new VisitedList()
  /** The counters of its kind. */
  readonly counters: KindCounters
  readonly #parts: TopicParts
  /** `null` in a topic without history. */
  readonly #source: TopicSource | null
  /** Names the life of the log; empty while it is not known: nothing can be taken yet. */
  epoch = ''
  /** The offset of the newest event. */
  head = 0
  /** When the log's head was last asked for; `null` before the first check of an epoch. */
  lastCheck: HeadCheck | null = null
  #ring: Ring | null = null
  #pages: LogPages | null = null
  /** Events that came late: a subscription that misses them is not slow. */
  #healed: Stretch | null = null
  /** `null` in topics of another kind, and once there are too many keys. */
  #newest: NewestByKey | null

  constructor(name: string, kind: AnyTopicKind, source: TopicSource | null, parts: TopicParts) {
    this.name = name
    this.kind = kind
    this.number = parts.nextNumber()
    this.counters = parts.countersOf(kind)
    this.#source = source
    this.#parts = parts
    this.#newest = kind.lagging === 'latest' ? new NewestByKey(parts.budget) : null
  }

  /** The position of the newest event. */
  get place(): Position {
    return { epoch: this.epoch, offset: this.head }
  }

  get isReady(): boolean {
    return this.epoch !== ''
  }

  /** Whether the topic has history. */
  get hasLog(): boolean {
    return this.#source !== null
  }

  /** Whether each offset is the one before it plus 1. */
  get isDense(): boolean {
    return this.#source?.isDense ?? true
  }

  /** The newest events; `null` before the first. */
  get ring(): Ring | null {
    return this.#ring
  }

  /** Reads the log behind the ring; `null` in a topic without history. */
  get pages(): LogPages | null {
    this.#pages ??= this.#source?.createPages() ?? null
    return this.#pages
  }

  /** The newest event of each key; `null` if that is not known. */
  get newest(): Pick<NewestByKey, 'events' | 'lostAt' | 'lostReason'> | null {
    return this.#newest
  }

  /** Now, by the clock of the node: whole milliseconds. */
  get now(): number {
    return Math.floor(this.#parts.sweep.now)
  }

  /** Roughly now: when the sweep last looked at the clock, in whole milliseconds. */
  get lookedAt(): number {
    return this.#parts.sweep.lookedAt
  }

  /** The next events of a cursor, if they are in the ring with nothing to be told before them. */
  runAfter(epoch: string, offset: number): Run | null {
    return epoch === this.epoch && this.#ring !== null ? this.#ring.runAfter(offset) : null
  }

  /** Begins at a head, in an epoch that may be another one. */
  begin(epoch: string, head: number): void {
    this.epoch = epoch
    this.head = head
    this.#healed = null
    this.lastCheck = null
    this.#pages?.forget()
    this.#ring?.reset(head)
    this.#newest?.clear()
    if (this.kind.lagging === 'latest') this.#newest = new NewestByKey(this.#parts.budget)
    this.mark()
  }

  /** Continues after events that no longer exist: subscriptions learn it from the log. */
  skipTo(head: number): void {
    this.head = head
    this.#newest?.lost(head)
    this.#ring?.reset(head)
    this.mark()
  }

  /** Adds the newest event. Its offset is above the head. */
  append(event: TopicEvent): void {
    this.#ring ??= new Ring(this.#parts.budget, this.head)
    this.head = event.offset
    this.#ring.append(event)
    if (this.subscriptions.size > 0) this.#parts.sweep.mark(this.subscriptions, shareOf(event))
    if (this.#newest !== null) this.#remember(this.#newest, event)
  }

  /** Events between `after` and `to` come late, in a healing that began at `from`. */
  heal(from: number, after: number, to: number): void {
    const before = this.#healed
    const start = before !== null && before.to > after ? Math.min(before.from, from) : from
    this.#healed = { from: start, to }
  }

  /** Up to where events came late, if `offset` is among them; otherwise `offset`. */
  healedAfter(offset: number): number {
    const healed = this.#healed
    return healed !== null && offset >= healed.from && offset < healed.to ? healed.to : offset
  }

  /** Lets the sweep visit all subscriptions. */
  mark(): void {
    if (this.subscriptions.size > 0) this.#parts.sweep.mark(this.subscriptions)
  }

  /** Nothing in this node receives the topic any longer: gives its memory back. */
  end(): void {
    this.#ring?.reset(this.head)
    this.#pages?.end()
    this.#newest?.clear()
  }

  /** Does not throw: a client or another program may have written the event. */
  #remember(newest: NewestByKey, event: TopicEvent): void {
    if (event.missing !== null) newest.lost(event.offset - 1)
    // It has no event to send: subscriptions get a gap.
    if (event.isLoss || !event.isReadable) {
      newest.lost(event.offset)
      return
    }
    if (newest.add(this.#keyOf(event), event)) return
    newest.clear()
    this.#newest = null
  }

  /** The key by the function of the kind; the key of the publish if there is none, or it throws. */
  #keyOf(event: TopicEvent): string | null {
    if (this.kind.key === null) return event.envelope.key
    try {
      return this.kind.key(event.item.event)
    } catch {
      // A publish that gives a key may store an event that the function was not written for.
      return event.envelope.key
    }
  }
}
