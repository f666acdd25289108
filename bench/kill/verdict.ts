/**
 * Compares what was acknowledged, what is stored, and what every subscriber has seen.
 */

/** An event as its publisher made it. */
export interface KillEvent {
  readonly client: number
  readonly n: number
}

/** What one subscriber has seen of its topic, in order. */
export type Seen =
  | { readonly type: 'event'; readonly offset: number; readonly event: KillEvent }
  | { readonly type: 'gap'; readonly reason: string }

/** The counts of one run. Zero is what is expected of all but the first three. */
export interface Verdict {
  acknowledged: number
  stored: number
  delivered: number
  lost: number
  storedTwice: number
  outOfOrder: number
  silentHoles: number
  seenTwice: number
  gaps: number
}

/** @param log of one topic. @param seen by each subscriber of the topic. */
export function judge(
  acknowledged: readonly KillEvent[],
  log: ReadonlyArray<Extract<Seen, { type: 'event' }>>,
  seen: ReadonlyArray<readonly Seen[]>,
): Verdict {
  const idOf = ({ client, n }: KillEvent): string => `${client} ${n}`
  const ids = new Set(log.map(({ event }) => idOf(event)))
  const newest = new Map<number, number>()
  let outOfOrder = 0
  for (const { event } of log) {
    if (event.n < (newest.get(event.client) ?? -1)) outOfOrder++
    newest.set(event.client, event.n)
  }
  const verdict: Verdict = {
    acknowledged: acknowledged.length,
    stored: log.length,
    delivered: 0,
    lost: acknowledged.filter((event) => !ids.has(idOf(event))).length,
    storedTwice: log.length - ids.size,
    outOfOrder,
    silentHoles: 0,
    seenTwice: 0,
    gaps: 0,
  }
  const places = new Map(log.map(({ offset }, index) => [offset, index]))
  for (const items of seen) follow(items, places, verdict)
  return verdict
}

/** Every event that a subscriber sees is the next one of the log, unless a gap comes between. */
function follow(
  items: readonly Seen[],
  places: ReadonlyMap<number, number>,
  verdict: Verdict,
): void {
  let at: number | null = null
  for (const item of items) {
    if (item.type === 'gap') {
      verdict.gaps++
      at = null
      continue
    }
    verdict.delivered++
    const place = places.get(item.offset)
    if (place === undefined) verdict.outOfOrder++
    else if (at !== null && place <= at) verdict.seenTwice++
    else if (at !== null && place > at + 1) verdict.silentHoles += place - at - 1
    at = place ?? at
  }
  // What is missing at the end was never seen.
  if (at !== null) verdict.silentHoles += places.size - 1 - at
}
