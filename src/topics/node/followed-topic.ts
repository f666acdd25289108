/**
 * A topic that somebody in this node receives: its epoch and head, the ring of its newest events, and its
 * subscriptions. What brings events in is a follower (`log-follower.ts`, `wire-follower.ts`).
 */

import type { AnyTopicKind } from '../kind/define-topic.ts'
import type { Position } from '../kind/items.ts'
import type { LogPages } from './reading/log-pages.ts'
import { Ring } from './ring.ts'
import type { RingBudget } from './ring-budget.ts'
import { type Sweep, type Visited, VisitedList } from './sweep.ts'
import type { TopicEvent } from './topic-event.ts'

/** How many keys of a `latest` topic are known. Past it, the topic behaves as `skip`. */
const MAX_KEYS = 10_000

/** One topic in one node. */
export class FollowedTopic {
  readonly name: string
  readonly kind: AnyTopicKind
  /** Names the topic in the binary encoding of the wire. */
  readonly number: number
  /** `null` in a topic without history. */
  readonly pages: LogPages | null
  /** Whether each offset is the one before it plus 1. */
  readonly isDense: boolean
  readonly ring: Ring
  readonly subscriptions: VisitedList<Visited & { place: number }> = new VisitedList()
  readonly #sweep: Sweep
  /** Names the life of the log; empty while it is not known: nothing can be taken yet. */
  epoch = ''
  /** The offset of the newest event. */
  head = 0
  /** Events after `healedFrom` and up to `healedTo` came late: who misses them is not slow. */
  healedFrom = 0
  healedTo = 0
  /** The newest event of each key, in order of offsets; `null` once there are too many keys. */
  #newest: Map<string | null, TopicEvent> | null

  constructor(
    name: string,
    kind: AnyTopicKind,
    log: { readonly pages: LogPages; readonly isDense: boolean } | null,
    {
      budget,
      sweep,
      nextNumber,
    }: {
      readonly budget: RingBudget
      readonly sweep: Sweep
      readonly nextNumber: () => number
    },
  ) {
    this.number = nextNumber()
    this.name = name
    this.kind = kind
    this.pages = log?.pages ?? null
    this.isDense = log?.isDense ?? true
    this.ring = new Ring(budget)
    this.#sweep = sweep
    this.#newest = kind.lagging === 'latest' ? new Map() : null
  }

  /** Where the topic is. */
  get place(): Position {
    return { epoch: this.epoch, offset: this.head }
  }

  get isReady(): boolean {
    return this.epoch !== ''
  }

  /** The newest event of each key, in order; `null` when that is not known. */
  get newest(): ReadonlyMap<string | null, TopicEvent> | null {
    return this.#newest
  }

  /** Begins at a head, in an epoch that may be another one. */
  begin(epoch: string, head: number): void {
    this.epoch = epoch
    this.head = head
    this.healedFrom = head
    this.healedTo = head
    this.pages?.forget()
    this.ring.reset(head)
    if (this.kind.lagging === 'latest') this.#newest = new Map()
    this.mark()
  }

  /** Goes on after events that no longer exist: subscriptions find that out from the log. */
  skipTo(head: number): void {
    this.head = head
    this.ring.reset(head)
    this.mark()
  }

  /** Adds the newest event. Its offset is above the head. */
  append(event: TopicEvent): void {
    this.head = event.offset
    this.ring.append(event)
    if (this.#newest !== null) this.#remember(this.#newest, event)
    this.mark()
  }

  /** Lets the sweep visit all subscriptions. */
  mark(): void {
    if (this.subscriptions.size > 0) this.#sweep.mark(this.subscriptions)
  }

  /** Nobody receives the topic any more: it gives back its memory. */
  end(): void {
    this.ring.reset(this.head)
    this.#newest?.clear()
  }

  #remember(newest: Map<string | null, TopicEvent>, event: TopicEvent): void {
    const key = this.kind.key === null ? event.envelope.key : this.kind.key(event.item.event)
    // Deleted first, so that the map stays in order of offsets.
    newest.delete(key)
    newest.set(key, event)
    if (newest.size > MAX_KEYS) this.#newest = null
  }
}
