/**
 * Filling a hole: reads the events after a topic's head from the log, and appends them. Where the
 * log has lost some of them, the next event says so.
 */

import { sameBytes } from '../../../protocol/internal.ts'
import type { Head, LogKind, LogPage, LogTopic } from '../../broker.ts'
import type { FollowedTopic } from '../followed-topic.ts'
import type { NodeParts } from '../node-parts.ts'
import { AGE_MARGIN_MS, settlePage } from '../reading/kept-events.ts'
import { decodePage } from '../reading/log-pages.ts'
import { type MissingBefore, TopicEvent } from '../topic-event.ts'

const HEAL_LIMIT = { events: 256, bytes: 1 << 20 }

/** The hole after a topic's head. */
export interface Hole {
  readonly topic: FollowedTopic
  readonly log: LogTopic
  /** The broker's name of the epoch. */
  readonly epoch: string | null
  /** When the node last knew that it had the newest event. */
  readonly knownAt: number
  /** Whether the topic is no longer followed. */
  readonly isGivenUp: () => boolean
}

/** What is known of the log that a page was read from. */
interface LogFacts {
  readonly kind: LogKind
  readonly isDense: boolean
  readonly silentMs: number
}

/**
 * Fills a hole, as far as the log has the events.
 *
 * @returns the log's head if the log is another one than before: its epoch has changed, or it ends
 *   before the topic's head; otherwise `null`.
 * @throws (by rejecting) what the broker throws. Events that were read before are appended.
 */
export async function fillHole(
  { topic, log, epoch, knownAt, isGivenUp }: Hole,
  { broker, slots }: Pick<NodeParts, 'broker' | 'slots'>,
): Promise<Head | null> {
  const from = topic.head
  const { isDense } = topic
  const read = (after: number): Promise<LogPage> =>
    slots.run(() => broker.read(log, after, HEAL_LIMIT))
  for (;;) {
    const after = topic.head
    const newest = topic.ring?.at(after) ?? null
    const whole = await read(newest === null ? after : after - 1)
    const page = await settlePage(withoutFirst(whole, after), log.kind.size, read)
    if (isGivenUp()) return null
    const isOther = newest !== null && isAnother(newest, whole)
    if (page.epoch !== epoch || page.head < after || isOther) {
      return { epoch: page.epoch, offset: page.head }
    }
    topic.heal(from, after, page.head)
    // Also for later pages: their events may have been stored just after the last known one.
    const facts = { kind: log.kind, isDense, silentMs: topic.now - knownAt }
    const events = healedEvents(page, after, facts)
    if (events.length === 0 && page.head > topic.head) topic.skipTo(page.head)
    for (const event of events) topic.append(event)
    if (page.events.length === 0 || topic.head >= page.head) return null
  }
}

/**
 * Whether a page has another event at the offset of the newest event that is known: the log has
 * gone back, and has grown again since.
 */
function isAnother(newest: TopicEvent, { events }: LogPage): boolean {
  const [first] = events
  return first?.offset === newest.offset && !sameBytes(first.message, newest.message)
}

/** The page without the event at `after`. While that event is there, none after it was trimmed. */
function withoutFirst(page: LogPage, after: number): LogPage {
  if (page.events[0]?.offset !== after) return page
  return { ...page, events: page.events.slice(1), complete: true }
}

/**
 * The events of a page. If the log has lost events between `after` and the first of them, that
 * event says so.
 */
function healedEvents(page: LogPage, after: number, facts: LogFacts): TopicEvent[] {
  const events = [...decodePage(page, after, page.epoch).events]
  const [first] = events
  if (first === undefined) return events
  const missing = missingBefore(page, first.offset, after, facts)
  if (missing !== null) events[0] = new TopicEvent(first.offset, true, first.message, missing)
  return events
}

function missingBefore(
  { complete, events }: LogPage,
  first: number,
  after: number,
  { kind, isDense, silentMs }: LogFacts,
): MissingBefore | null {
  if (complete === true) return null
  // The broker cannot say. An event that is too young to expire, and not pushed out, is there.
  const isYoung = silentMs < kind.ageMs - AGE_MARGIN_MS
  if (complete === 'unknown' && isYoung && events.length < kind.size) return null
  const missed = isDense ? first - 1 - after : null
  if (missed === 0) return null
  return { reason: isYoung ? 'trimmed' : 'expired', missed }
}
