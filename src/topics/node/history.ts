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
  head(): Promise<Position>
  read(after: number, limit: ReadLimit): Promise<LogPage>
}

const MAX_PAGE_BYTES = 256 * 1024
const SCAN_LIMIT: ReadLimit = { events: 256, bytes: 1 << 20 }

/** @throws (by rejecting) the errors of `log`. */
export async function readHistory(
  request: HistoryRequest,
  log: HistoryLog,
): Promise<HistoryEvents> {
  const { from, before, limit } = request
  const head = await log.head()
  if (typeof from === 'object' && 'last' in from) {
    return readNewest(Math.min(from.last, limit), before, head, log)
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

/** Reads forward, because brokers cannot read backward, and keeps the newest events. */
async function readNewest(
  count: number,
  before: number | null,
  { epoch, offset: head }: Position,
  log: HistoryLog,
): Promise<HistoryEvents> {
  const end = Math.min(before ?? head + 1, head + 1)
  let newest: TopicEvent[] = []
  let complete = true
  let after = log.isDense ? Math.max(0, end - 1 - count) : 0
  while (count > 0 && after < end - 1) {
    const page = await log.read(after, SCAN_LIMIT)
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
  return { epoch, head, complete, events: newestWithin(newest) }
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
