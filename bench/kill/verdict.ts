/**
 * Compares what was acknowledged, what is stored, and what every subscriber has seen.
 *
 * A log that may lack acknowledged events begins a new epoch, and every subscriber receives a gap
 * with the reason `epoch`. Losses that are told that way are counted apart from silent ones.
 */

/** An event as its publisher made it. */
export interface KillEvent {
  readonly client: number
  readonly n: number
}

/** An event whose publish has resolved, and the epoch of the acknowledgement. */
export interface Acknowledged extends KillEvent {
  readonly epoch: string
}

/** What one subscriber has seen of its topic, in order. */
export type Seen =
  | { readonly type: 'event'; readonly offset: number; readonly event: KillEvent }
  | { readonly type: 'gap'; readonly reason: string; readonly epoch: string }

/** An event of a log. */
export type Logged = Extract<Seen, { type: 'event' }>

/** The log of one topic at the end of the run. */
export interface FinalLog {
  readonly epoch: string
  readonly events: readonly Logged[]
}

/** The counts of one run. */
export interface Verdict {
  acknowledged: number
  stored: number
  delivered: number
  /** Gaps that subscribers were told. */
  gaps: number
  /** Acknowledged in an earlier epoch, and not in the log of this one: every subscriber was told. */
  lostAndTold: number
  // All counts below are faults.
  /** Acknowledged in the epoch of the log, and not in it. */
  lost: number
  storedTwice: number
  outOfOrder: number
  /** Events that a subscriber has not seen, without a gap in their place. */
  silentHoles: number
  seenTwice: number
  /** Subscribers of a log that began again who were not told. */
  untold: number
}

/** Counts that have to be zero. */
export const FAULTS = [
  'lost',
  'storedTwice',
  'outOfOrder',
  'silentHoles',
  'seenTwice',
  'untold',
] as const

/** Identifies an event. */
export function idOf({ client, n }: KillEvent): string {
  return `${client} ${n}`
}

/** @returns the acknowledged events that the log lacks. */
export function missingFrom(
  log: FinalLog,
  acknowledged: readonly Acknowledged[],
): readonly Acknowledged[] {
  const stored = new Set(log.events.map(({ event }) => idOf(event)))
  return acknowledged.filter((event) => !stored.has(idOf(event)))
}

/** @param log of one topic. @param seen by each subscriber of the topic. */
export function judge(
  acknowledged: readonly Acknowledged[],
  log: FinalLog,
  seen: ReadonlyArray<readonly Seen[]>,
): Verdict {
  const missing = missingFrom(log, acknowledged)
  const lost = missing.filter(({ epoch }) => epoch === log.epoch).length
  const verdict: Verdict = {
    acknowledged: acknowledged.length,
    stored: log.events.length,
    delivered: 0,
    gaps: 0,
    lostAndTold: missing.length - lost,
    lost,
    storedTwice: log.events.length - new Set(log.events.map(({ event }) => idOf(event))).size,
    outOfOrder: disorderOf(log),
    silentHoles: 0,
    seenTwice: 0,
    untold: 0,
  }
  const hasBegunAgain = acknowledged.some(({ epoch }) => epoch !== log.epoch)
  const places = new Map(log.events.map(({ offset }, index) => [offset, index]))
  for (const items of seen) follow(items, log, places, hasBegunAgain, verdict)
  return verdict
}

/** How many events are stored after a later one of the same client. */
function disorderOf(log: FinalLog): number {
  const newest = new Map<number, number>()
  let count = 0
  for (const { event } of log.events) {
    if (event.n < (newest.get(event.client) ?? -1)) count++
    newest.set(event.client, event.n)
  }
  return count
}

/**
 * In the epoch of the log, every event that a subscriber sees is the next one of the log, unless a
 * gap comes between. Of earlier epochs only the order of the offsets is known.
 */
function follow(
  items: readonly Seen[],
  log: FinalLog,
  places: ReadonlyMap<number, number>,
  hasBegunAgain: boolean,
  verdict: Verdict,
): void {
  const isBeginning = (item: Seen): boolean =>
    item.type === 'gap' && item.reason === 'epoch' && item.epoch === log.epoch
  const begin = items.map(isBeginning).lastIndexOf(true)
  const isTold = begin >= 0
  if (hasBegunAgain && !isTold) verdict.untold++
  verdict.gaps += items.filter(({ type }) => type === 'gap').length
  verdict.delivered += items.filter(({ type }) => type === 'event').length
  let newest = 0
  for (const item of items.slice(0, Math.max(0, begin))) {
    if (item.type === 'event' && item.offset <= newest) verdict.seenTwice++
    newest = item.type === 'event' ? item.offset : 0
  }
  let at: number | null = null
  for (const item of items.slice(begin + 1)) {
    if (item.type === 'gap') {
      at = null
      continue
    }
    const place = places.get(item.offset)
    const isSame = place !== undefined && isEqual(log.events[place]?.event, item.event)
    if (!isSame) verdict.outOfOrder++
    else if (at !== null && place <= at) verdict.seenTwice++
    else if (at !== null && place > at + 1) verdict.silentHoles += place - at - 1
    at = place ?? at
  }
  // What is missing at the end was never seen.
  if (at !== null) verdict.silentHoles += places.size - 1 - at
}

function isEqual(a: KillEvent | undefined, b: KillEvent): boolean {
  return a !== undefined && a.client === b.client && a.n === b.n
}
