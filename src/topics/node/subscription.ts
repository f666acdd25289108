/**
 * A subscription: a cursor in a topic. It holds no events; it takes them from the ring, or from the log.
 */

import type { GapItem, GapReason, LiveItem, SkippedItem } from '../kind/items.ts'
import type { FollowedTopic } from './followed-topic.ts'
import type { DecodedPage, PageReader } from './reading/log-pages.ts'
import type { Visited } from './sweep.ts'
import type { TopicEvent } from './topic-event.ts'

/** What a subscription takes: an event, or what is to be said about missing ones. */
export type Taken = TopicEvent | GapItem | SkippedItem | LiveItem

/** Who receives. */
export interface Receiver {
  /** There may be something to take. Called again only after `take` has returned nothing. */
  ready(subscription: Subscription): void
  /**
   * The topic is of the kind that closes slow subscribers, and this one is.
   *
   * @returns `skips` when there is nothing to close: what is missing is told as a gap.
   */
  tooSlow(subscription: Subscription): 'closed' | 'skips'
}

/** Where a cursor begins. */
export interface Start {
  /** May be another one than the topic's. */
  readonly epoch: string
  /** Everything up to here is known. */
  readonly offset: number
  /** For how long nothing was received; `Infinity` when that is not known. */
  readonly awayMs: number
  /** Whether missing events after `offset` are a gap, and not only the beginning of what is kept. */
  readonly isExact: boolean
  /** Whether events are missing before the first, in a topic that cannot say which. @defaultValue false */
  readonly isLost?: boolean
}

/** How much is taken at a time. */
export interface TakeLimit {
  readonly events: number
  readonly bytes: number
}

/** An event that the broker does not know to be missing may have expired this much earlier than it says. */
const AGE_MARGIN_MS = 30_000

const NOTHING: readonly Taken[] = []
const LIVE: LiveItem = Object.freeze({ type: 'live' })

/** One cursor. */
export class Subscription implements Visited, PageReader {
  /** Where it stands in the list of its topic. */
  place = -1
  readonly #topic: FollowedTopic
  readonly #receiver: Receiver
  readonly #now: () => number
  #epoch: string
  #offset: number
  /** Up to here, missing the ring is no sign of slowness. */
  #replayUntil: number
  /** Whether what is missing after the cursor has to be told. */
  #isExact: boolean
  /** When everything up to the cursor was received. */
  #since: number
  /** `live` comes when the cursor is here. */
  #liveAt: number
  #isLive = false
  #isClosed = false
  /** Whether a gap has to be told before anything else. */
  #isLost: boolean

  constructor(topic: FollowedTopic, receiver: Receiver, now: () => number, start: Start) {
    this.#topic = topic
    this.#receiver = receiver
    this.#now = now
    this.#epoch = start.epoch
    this.#offset = start.offset
    this.#since = now() - start.awayMs
    this.#isExact = start.isExact
    this.#isLost = start.isLost === true
    this.#replayUntil = topic.head
    this.#liveAt = topic.head
  }

  get topic(): FollowedTopic {
    return this.#topic
  }

  /** The offset up to which everything has been taken. */
  get offset(): number {
    return this.#offset
  }

  /** The epoch of `offset`. */
  get epoch(): string {
    return this.#epoch
  }

  visit(): void {
    if (!this.#isClosed) this.#receiver.ready(this)
  }

  pageRead(failed: boolean): void {
    if (!failed) this.visit()
  }

  /** Nothing can be taken any more. */
  close(): void {
    this.#isClosed = true
  }

  /** Takes what comes next; nothing at the head, or while the log is read: `ready` follows. */
  take(limit: TakeLimit): readonly Taken[] {
    const topic = this.#topic
    if (this.#isClosed || !topic.isReady) return NOTHING
    if (this.#isLost) {
      this.#isLost = false
      return this.#caughtUp([this.#gap('broker', 0, null)])
    }
    if (this.#epoch !== topic.epoch) return this.#fromLog(0, limit)
    if (this.#offset >= topic.head) return this.#caughtUp([])

    const index = topic.ring.indexAfter(this.#offset)
    if (index !== -1) return this.#caughtUp(this.#pick(topic.ring.events, index, limit, []))
    return this.#behind(limit)
  }

  /** What the log has kept is behind the ring, or lost. */
  #behind(limit: TakeLimit): readonly Taken[] {
    const topic = this.#topic
    if (this.#offset >= topic.healedFrom && this.#offset < topic.healedTo) {
      this.#replayUntil = Math.max(this.#replayUntil, topic.healedTo)
    }
    const { lagging } = topic.kind
    const isExcused = this.#offset < this.#replayUntil
    if (topic.pages !== null && (lagging === 'replay' || isExcused)) {
      return this.#fromLog(this.#offset, limit)
    }
    if (lagging === 'close' && this.#receiver.tooSlow(this) === 'closed') return NOTHING
    return lagging === 'latest' ? this.#conflate(limit) : this.#skip()
  }

  #skip(): readonly Taken[] {
    const topic = this.#topic
    const gap = this.#gap('lagging', topic.head + 1, this.#count(topic.head - this.#offset))
    this.#moveTo(topic.head)
    return this.#caughtUp([gap])
  }

  /** The newest event of each key, and how many others were left out. */
  #conflate(limit: TakeLimit): readonly Taken[] {
    const { newest } = this.#topic
    if (newest === null) return this.#skip()
    const from = this.#offset
    const events: TopicEvent[] = []
    for (const event of newest.values()) {
      if (event.offset <= from) continue
      events.push(event)
      if (events.length === limit.events) break
    }
    const last = events.at(-1)
    if (last === undefined) return this.#skip()
    this.#moveTo(last.offset)
    const spared = last.offset - from - events.length
    if (spared === 0) return this.#caughtUp(events)
    return this.#caughtUp([{ type: 'skipped', count: this.#count(spared) }, ...events])
  }

  #fromLog(after: number, limit: TakeLimit): readonly Taken[] {
    const { pages, epoch, head } = this.#topic
    const page = pages?.pageFor(epoch, after, head, this) ?? null
    if (page === null) return NOTHING

    const isOtherEpoch = this.#epoch !== epoch
    const before = page.events[0]?.offset ?? Math.max(page.head, after) + 1
    const taken: Taken[] = []
    if (isOtherEpoch) {
      taken.push(this.#gap('epoch', before, null))
      this.#epoch = epoch
      this.#offset = before - 1
      this.#replayUntil = Math.max(page.head, head)
      this.#liveAt = this.#replayUntil
    } else if (this.#isExact && this.#misses(page, before)) {
      const awayMs = this.#now() - this.#since
      const isOld = Number.isFinite(awayMs) && awayMs > (this.#topic.kind.history?.ageMs ?? 0)
      taken.push(this.#gap(isOld ? 'expired' : 'trimmed', before, this.#count(before - 1 - after)))
      this.#offset = before - 1
    } else if (page.events.length === 0) {
      // Nothing was lost and nothing is there: the head has moved over offsets that the topic does not have.
      this.#offset = before - 1
    }
    this.#isExact = true
    const first = page.events.findIndex(({ offset }) => offset > this.#offset)
    if (first !== -1) this.#pick(page.events, first, limit, taken)
    return this.#caughtUp(taken)
  }

  /** Whether events are missing between the cursor and the first event of a page, which is at `before`. */
  #misses(page: DecodedPage, before: number): boolean {
    if (this.#offset >= before || this.#isComplete(page)) return false
    return !this.#topic.isDense || this.#offset < before - 1
  }

  /** Whether nothing is missing before the first event of a page. */
  #isComplete({ complete, events }: DecodedPage): boolean {
    if (complete !== 'unknown') return complete
    const history = this.#topic.kind.history
    if (history === null) return false
    // The broker cannot say. What is neither old enough to expire nor pushed out by newer ones is there.
    const isYoung = this.#now() - this.#since < history.ageMs - AGE_MARGIN_MS
    return isYoung && events.length < history.size
  }

  /** Takes events from a list, beginning at `index`. */
  #pick(
    events: readonly TopicEvent[],
    index: number,
    limit: TakeLimit,
    taken: Taken[],
  ): readonly Taken[] {
    let bytes = 0
    for (let count = 0; count < limit.events; count++) {
      const event = events[index + count]
      if (event === undefined) break
      bytes += event.message.length
      if (bytes > limit.bytes && count > 0) break
      if (event.missing !== null) {
        taken.push(this.#gap(event.missing.reason, event.offset, event.missing.missed))
      }
      if (!event.isLoss) taken.push(event)
      this.#offset = event.offset
    }
    this.#since = this.#now()
    return taken
  }

  /** `live` comes once, behind everything that was there at the beginning. */
  #caughtUp(taken: readonly Taken[]): readonly Taken[] {
    if (this.#isLive || this.#offset < Math.min(this.#liveAt, this.#topic.head)) return taken
    this.#isLive = true
    return [...taken, LIVE]
  }

  #moveTo(offset: number): void {
    this.#offset = offset
    this.#since = this.#now()
  }

  /** How many events a stretch of so many offsets has; `null` when offsets do not tell. */
  #count(offsets: number): number | null {
    return this.#topic.isDense ? offsets : null
  }

  #gap(reason: GapReason, before: number, missed: number | null): GapItem {
    const topic = this.#topic
    if (topic.pages === null) {
      return { type: 'gap', after: null, before: null, missed, reason, epoch: null }
    }
    const { epoch } = topic
    return { type: 'gap', after: this.#offset, before, missed, reason, epoch }
  }
}
