/**
 * One pass over the sessions of an application: sums, classes of age, quantiles, and the rows of
 * each view. It is made in slices, between which the event loop turns. Sessions may begin and end
 * meanwhile.
 */

import { SessionRegistry } from '../application/internal.ts'
import type { Sessions } from '../application/index.ts'
import { Quantiles } from './quantiles.ts'
import type { SessionTraffic } from './session-traffic.ts'
import type { SessionView } from './session-view.ts'
import { AGES } from './wire.ts'

/** Sessions that are visited in one turn of the event loop: about a millisecond. */
const SLICE = 1000

/** What a pass needs. */
export interface PassParts {
  readonly sessions: Sessions
  readonly traffic: SessionTraffic
  readonly views: readonly SessionView[]
  readonly now: () => number
  /** Resolves when the event loop has turned. */
  readonly turned: () => Promise<void>
  /** Whether nothing needs the pass any longer. */
  readonly isOver: () => boolean
}

/** The sessions of one route. */
export interface RouteSessions {
  sessions: number
  readonly ages: number[]
  unread: number
  unsent: number
}

/** The sums of one pass. */
export class PassSums {
  readonly byRoute: Map<string, RouteSessions> = new Map()
  readonly roundTrips: Quantiles = new Quantiles()
  sessions = 0
  unread = 0
  unsent = 0
  /** Bytes that sessions hold, and that are kept for as long as they last. */
  held = 0
  kept = 0

  routeOf(route: string): RouteSessions {
    let sums = this.byRoute.get(route)
    if (sums === undefined) {
      sums = { sessions: 0, ages: [...AGES.map(() => 0), 0], unread: 0, unsent: 0 }
      this.byRoute.set(route, sums)
    }
    return sums
  }
}

/** Visits every session once. Resolves with `null` if the pass was given up. */
export async function visitSessions(parts: PassParts): Promise<PassSums | null> {
  const { sessions, turned, isOver } = parts
  const sums = new PassSums()
  if (!(sessions instanceof SessionRegistry)) return sums
  for (const entry of sessions.entries()) {
    visit(entry, sums, parts)
    if (sums.sessions % SLICE !== 0) continue
    // Between two entries: what ends now is not visited.
    await turned()
    if (isOver()) return null
  }
  return sums
}

type Entry = ReturnType<SessionRegistry['entries']> extends Iterable<infer Item> ? Item : never

function visit(
  [session, control]: Entry,
  sums: PassSums,
  { traffic, views, now }: PassParts,
): void {
  const { statistics } = session
  const at = now()
  const age = Math.max(0, at - statistics.openedAt)
  const rate = traffic.look(session, statistics, at)
  const unread = statistics.queued.incoming.bytes
  const unsent = statistics.queued.outgoing.bytes
  const route = sums.routeOf(session.route)
  const ageClass = classOf(age)
  sums.sessions++
  sums.unread += unread
  sums.unsent += unsent
  sums.held += control.heldBytes
  sums.kept += control.keptBytes
  route.sessions++
  route.ages[ageClass] = (route.ages[ageClass] ?? 0) + 1
  route.unread += unread
  route.unsent += unsent
  const roundTrip = control.pings?.roundTripTime ?? null
  if (roundTrip !== null) sums.roundTrips.add(roundTrip)
  for (const view of views) view.add({ session, control, statistics, age, rate })
}

/** The index of the class of `age`. */
function classOf(age: number): number {
  const index = AGES.findIndex((limit) => age < limit)
  return index === -1 ? AGES.length : index
}
