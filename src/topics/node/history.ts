/**
 * Reads a page of a topic's history, without a subscription.
 */

import type { LogPage, ReadLimit } from '../broker.ts'
import type { Position } from '../kind/items.ts'
import { decodePage } from './reading/log-pages.ts'
import type { TopicEvent } from './topic-event.ts'

/** Which events are read. */
export interface HistoryRequest {
  /**
   * `start`: the oldest. `last`: the newest of them, at most so many. A position: those after it.
   */
  readonly from: 'start' | { readonly last: number } | Position
  /** Only events with a lower offset; `null`: all. */
  readonly before: number | null
  /** How many events at most, 1 or above. */
  readonly limit: number
  /**
   * Called before reads of the log beside the first one, with their number. `false` ends the
   * reading: the result is not needed any more. @defaultValue reads on
   */
  readonly mayRead?: (reads: number) => boolean
}

/** A page of events, in order. */
export interface HistoryEvents {
  readonly epoch: string
  /** The offset of the newest event of the topic. */
  readonly head: number
  /**
   * Whether no event is missing between the place that was asked for and the first event. `false`
   * too if the broker cannot tell.
   */
  readonly complete: boolean
  readonly events: readonly TopicEvent[]
}

/** The log of one topic. Both methods may reject with `BrokerUnavailableError`. */
export interface HistoryLog {
  /** Whether each offset is the one before it plus 1. */
  readonly isDense: boolean
  /** How far apart the newest offsets are on average; `null` if that is not known. */
  readonly spacing: number | null
  head(): Promise<Position>
  /**
   * An offset that the newest `count` events come after, if that is known without a read for this
   * request alone; otherwise 0.
   */
  offsetBefore(count: number): Promise<number>
  read(after: number, limit: ReadLimit): Promise<LogPage>
}

const MAX_PAGE_BYTES = 256 * 1024
/** How much one read of a log brings, if several are needed. */
export const SCAN_LIMIT: ReadLimit = { events: 256, bytes: 1 << 20 }

/** The first guess covers this many times the wanted events. */
const GUESSED = 2

/** @throws (by rejecting) the errors of `log`. */
export async function readHistory(
  request: HistoryRequest,
  log: HistoryLog,
): Promise<HistoryEvents> {
  const { from, before, limit } = request
  const head = await log.head()
  if (typeof from === 'object' && 'last' in from) {
    const page = await readNewest(Math.min(from.last, limit), request, head, log)
    return { ...page, events: newestWithin(page.events) }
  }
  // A position above the head is of another life of the log.
  const isKnown = from === 'start' || (from.epoch === head.epoch && from.offset <= head.offset)
  const after = from === 'start' || !isKnown ? 0 : from.offset
  const page = await log.read(after, { events: limit, bytes: MAX_PAGE_BYTES })
  const { events } = decodePage(page, after, page.epoch)
  const isWhole = page.complete === true && events.length === page.events.length
  const complete = isWhole && isKnown && page.epoch === head.epoch
  return { epoch: page.epoch, head: page.head, complete, events: below(events, before) }
}

/** The newest events before an offset. */
async function readNewest(
  count: number,
  { before, mayRead = () => true }: HistoryRequest,
  head: Position,
  log: HistoryLog,
): Promise<HistoryEvents> {
  const end = Math.min(before ?? head.offset + 1, head.offset + 1)
  let reads = 0
  const scan: Scan = {
    count,
    end,
    head,
    limit: SCAN_LIMIT,
    mayRead: () => reads++ === 0 || mayRead(1),
  }
  if (log.isDense) return readForward(Math.max(0, end - 1 - count), scan, log)
  const known = before === null && count > 0 ? await log.offsetBefore(count) : 0
  if (known > 0 && known < end) {
    const page = await readForward(known, scan, log)
    // With fewer events, the offset was of another time, or some events are unreadable.
    if (page.events.length === count) return page
  }
  return (before === null ? null : await readBefore(scan, log)) ?? readForward(0, scan, log)
}

/**
 * Guesses by the average distance of offsets where the events before `end` begin: the whole log may
 * be much longer.
 *
 * @returns `null` if the guesses were too near.
 */
async function readBefore(scan: Scan, log: HistoryLog): Promise<HistoryEvents | null> {
  const { count, end } = scan
  const limit = { ...SCAN_LIMIT, events: Math.min(SCAN_LIMIT.events, GUESSED * count + 1) }
  let found = -1
  for (let guess = GUESSED * count; log.spacing !== null; guess *= GUESSED * GUESSED) {
    const from = Math.floor(end - 1 - guess * log.spacing)
    if (from <= 0) return null
    const page = await readForward(from, { ...scan, limit }, log)
    if (page.events.length === count) return page
    // A longer stretch has no more events: the log may begin here.
    if (page.events.length <= found) return null
    found = page.events.length
  }
  return null
}

/** What is wanted of the log. */
interface Scan {
  /** Only events with a lower offset. */
  readonly end: number
  /** How many events are wanted, the newest ones. */
  readonly count: number
  readonly head: Position
  /** How much one read brings. */
  readonly limit: ReadLimit
  /** Called before each read. `false` ends the reading. */
  readonly mayRead: () => boolean
}

/** Reads forward, because brokers cannot read backward, and keeps the newest events. */
async function readForward(
  from: number,
  { end, count, head: { epoch, offset: head }, limit, mayRead }: Scan,
  log: HistoryLog,
): Promise<HistoryEvents> {
  let newest: TopicEvent[] = []
  let complete = true
  let after = from
  while (count > 0 && after < end - 1 && mayRead()) {
    const page = await log.read(after, limit)
    const last = page.events.at(-1)
    if (page.epoch !== epoch) {
      // The log has begun again: newer events of it may be missing here.
      complete = false
      break
    }
    if (last === undefined) break
    const { events } = decodePage(page, after, epoch)
    complete &&= events.length === page.events.length
    newest = [...newest, ...below(events, end)].slice(-count)
    after = last.offset
  }
  return { epoch, head, complete, events: newest }
}

/** The newest events that fit into a page, at least one. */
function newestWithin(events: readonly TopicEvent[]): readonly TopicEvent[] {
  let bytes = 0
  let first = events.length
  while (first > 0) {
    bytes += events[first - 1]?.message.length ?? 0
    if (bytes > MAX_PAGE_BYTES && first < events.length) break
    first--
  }
  return events.slice(first)
}

function below(events: readonly TopicEvent[], before: number | null): readonly TopicEvent[] {
  return before === null ? events : events.filter(({ offset }) => offset < before)
}
