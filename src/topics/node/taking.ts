/**
 * Takes items for a cursor: from the ring of its topic, from the log, or a gap for missing events.
 */

import type { GapItem, GapReason, LiveItem, SkippedItem } from '../kind/items.ts'
import type { FollowedTopic } from './followed-topic.ts'
import { AGE_MARGIN_MS } from './reading/kept-events.ts'
import type { DecodedPage, PageReader } from './reading/log-pages.ts'
import type { Run } from './run.ts'
import type { TopicEvent } from './topic-event.ts'

/** An event, or what a subscriber is told about missing events. */
export type Taken = TopicEvent | GapItem | SkippedItem | LiveItem

/** How much is taken at a time. */
export interface TakeLimit {
  readonly events: number
  readonly bytes: number
}

/** A place in a topic. There may be very many: each field counts, see bench/topics-memory.mjs. */
export interface Cursor extends PageReader {
  readonly topic: FollowedTopic
  epoch: string
  /** All events up to here have been taken. */
  offset: number
  /**
   * Up to here, missing the ring is no sign of slowness. Before the cursor is live, `live` comes
   * here.
   */
  aim: number
  /** When all events up to the cursor were received, in whole milliseconds of the node's clock. */
  since: number
  /** Of `CursorFlag`. */
  flags: number
  /** The next events have left the ring, in a topic that closes slow subscribers. */
  lagged(): Lagged
}

/**
 * Why a cursor lags: its subscriber was slow, and has been `closed`, or has nothing to close and
 * `skips`; or this node had no turn for it: it is `late`.
 */
export type Lagged = 'closed' | 'skips' | 'late'

/** The bits of `flags`. */
export const CursorFlag = {
  LIVE: 1,
  CLOSED: 2,
  /** Missing events after the cursor have to be told. */
  EXACT: 4,
  /** A gap has to be told before anything else. */
  LOST: 8,
} as const

/** `since` if it is not known how long nothing was received. */
export const UNKNOWN_SINCE: number = -(2 ** 30)

const NOTHING: readonly Taken[] = []
const LIVE: LiveItem = Object.freeze({ type: 'live' })

/** Takes the next items: none at the head, or while the log is read. Then `ready` follows. */
export function takeFrom(cursor: Cursor, limit: TakeLimit): readonly Taken[] {
  const { topic } = cursor
  if (is(cursor, CursorFlag.CLOSED) || !topic.isReady) return NOTHING
  if (is(cursor, CursorFlag.LOST)) {
    cursor.flags &= ~CursorFlag.LOST
    return caughtUp(cursor, [gapOf(cursor, 'broker', 0, null)])
  }
  if (cursor.epoch !== topic.epoch) return fromLog(cursor, 0, limit)
  if (cursor.offset >= topic.head) return caughtUp(cursor, NOTHING)

  const { ring } = topic
  const index = ring?.indexAfter(cursor.offset) ?? -1
  if (ring === null || index === -1) return behind(cursor, limit)
  return caughtUp(cursor, pick(cursor, ring.events, index, limit, []))
}

/** Whether the next item of a cursor is an event: it is live, and owes no `live` and no gap. */
export function isSteady({ flags }: Cursor): boolean {
  return flags === (CursorFlag.LIVE | CursorFlag.EXACT)
}

/** Takes a run that begins at a cursor, which is steady. */
export function takeRun(cursor: Cursor, run: Run): void {
  cursor.offset = run.to
  cursor.since = cursor.topic.lookedAt
}

/** The next events are no longer in the ring. */
function behind(cursor: Cursor, limit: TakeLimit): readonly Taken[] {
  const { topic } = cursor
  cursor.aim = Math.max(cursor.aim, topic.healedAfter(cursor.offset))
  const { lagging } = topic.kind
  const isExcused = cursor.offset < cursor.aim
  if (topic.hasLog && (lagging === 'replay' || isExcused)) {
    return fromLog(cursor, cursor.offset, limit)
  }
  if (lagging === 'close') {
    const lagged = cursor.lagged()
    if (lagged === 'closed') return NOTHING
    // To close all subscribers of a busy node would make it busier: they would come back at once.
    if (lagged === 'late' && topic.hasLog) return fromLog(cursor, cursor.offset, limit)
  }
  return lagging === 'latest' ? conflate(cursor, limit) : skip(cursor)
}

function skip(cursor: Cursor): readonly Taken[] {
  const { topic } = cursor
  const gap = gapOf(cursor, 'lagging', topic.head + 1, countOf(cursor, topic.head - cursor.offset))
  moveTo(cursor, topic.head)
  return caughtUp(cursor, [gap])
}

/**
 * The newest event of each key, and how many others were left out. An event that was lost may be
 * the newest one of its key: a gap says that it is missing.
 */
function conflate(cursor: Cursor, limit: TakeLimit): readonly Taken[] {
  const { newest } = cursor.topic
  if (newest === null) return skip(cursor)
  const { lostAt, lostReason } = newest
  const from = cursor.offset
  const events: TopicEvent[] = []
  for (const event of newest.events) {
    if (event.offset <= from) continue
    events.push(event)
    if (events.length === limit.events) break
  }
  const last = events.at(-1)
  if (last === undefined) return skip(cursor)
  const spared = last.offset - from - events.length
  const taken: Taken[] = []
  if (spared > 0) taken.push({ type: 'skipped', count: countOf(cursor, spared) })
  for (const event of events) {
    if (cursor.offset < lostAt && lostAt < event.offset) {
      taken.push(gapOf(cursor, lostReason, event.offset, null))
    }
    taken.push(event)
    cursor.offset = event.offset
  }
  moveTo(cursor, last.offset)
  return caughtUp(cursor, taken)
}

function fromLog(cursor: Cursor, after: number, limit: TakeLimit): readonly Taken[] {
  const { pages, epoch, head } = cursor.topic
  const page = pages?.pageFor(epoch, after, head, cursor) ?? null
  if (page === null) return NOTHING

  const isOtherEpoch = cursor.epoch !== epoch
  const before = page.events[0]?.offset ?? Math.max(page.head, after) + 1
  const taken: Taken[] = []
  if (isOtherEpoch) {
    taken.push(gapOf(cursor, 'epoch', before, null))
    cursor.epoch = epoch
    cursor.offset = before - 1
    cursor.aim = Math.max(page.head, head)
  } else if (is(cursor, CursorFlag.EXACT) && misses(cursor, page, before)) {
    const { ageMs } = cursor.topic.kind.history ?? { ageMs: 0 }
    const since = sinceOf(cursor)
    const isOld = since !== UNKNOWN_SINCE && cursor.topic.now - since > ageMs
    taken.push(
      gapOf(cursor, isOld ? 'expired' : 'trimmed', before, countOf(cursor, before - 1 - after)),
    )
    cursor.offset = before - 1
  } else if (page.events.length === 0) {
    // Nothing was lost: the head has moved over offsets that the topic does not have.
    cursor.offset = before - 1
  }
  cursor.flags |= CursorFlag.EXACT
  const first = page.events.findIndex(({ offset }) => offset > cursor.offset)
  if (first !== -1) pick(cursor, page.events, first, limit, taken)
  return caughtUp(cursor, taken)
}

/**
 * Whether events are missing between the cursor and the first event of a page, which is at
 * `before`.
 */
function misses(cursor: Cursor, page: DecodedPage, before: number): boolean {
  if (cursor.offset >= before || isComplete(cursor, page)) return false
  return !cursor.topic.isDense || cursor.offset < before - 1
}

/** Whether nothing is missing before the first event of a page. */
function isComplete(cursor: Cursor, { complete, events }: DecodedPage): boolean {
  if (complete !== 'unknown') return complete
  const history = cursor.topic.kind.history
  if (history === null) return false
  // The broker cannot say. An event that is too young to expire, and not pushed out, is there.
  const since = sinceOf(cursor)
  const isYoung =
    since !== UNKNOWN_SINCE && cursor.topic.now - since < history.ageMs - AGE_MARGIN_MS
  return isYoung && events.length < history.size
}

/** When all events up to the cursor were received, or it last waited at the log's head. */
function sinceOf({ topic, offset, since }: Cursor): number {
  const { lastCheck } = topic
  return lastCheck !== null && offset >= lastCheck.offset ? Math.max(since, lastCheck.at) : since
}

/** Takes events from a list, beginning at `index`. */
function pick(
  cursor: Cursor,
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
      taken.push(gapOf(cursor, event.missing.reason, event.offset, event.missing.missed))
    }
    if (!event.isReadable) taken.push(gapOf(cursor, 'broker', event.offset + 1, 1))
    else if (!event.isLoss) taken.push(event)
    cursor.offset = event.offset
  }
  cursor.flags |= CursorFlag.EXACT
  cursor.since = cursor.topic.now
  return taken
}

/** `live` comes once, behind all events that were stored at the beginning. */
function caughtUp(cursor: Cursor, taken: readonly Taken[]): readonly Taken[] {
  if (is(cursor, CursorFlag.LIVE) || cursor.offset < Math.min(cursor.aim, cursor.topic.head))
    return taken
  // What is missing before the beginning of a topic is no gap; what is missing later is one.
  cursor.flags |= CursorFlag.LIVE | CursorFlag.EXACT
  return [...taken, LIVE]
}

function is(cursor: Cursor, flag: number): boolean {
  return (cursor.flags & flag) !== 0
}

function moveTo(cursor: Cursor, offset: number): void {
  cursor.offset = offset
  cursor.since = cursor.topic.now
}

/** How many events so many offsets have; `null` if offsets do not tell. */
function countOf(cursor: Cursor, offsets: number): number | null {
  return cursor.topic.isDense ? offsets : null
}

function gapOf(cursor: Cursor, reason: GapReason, before: number, missed: number | null): GapItem {
  const { topic } = cursor
  if (!topic.hasLog) {
    return { type: 'gap', after: null, before: null, missed, reason, epoch: null }
  }
  const { epoch } = topic
  return { type: 'gap', after: cursor.offset, before, missed, reason, epoch }
}
