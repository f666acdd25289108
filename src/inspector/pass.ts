/**
 * One pass over the sessions of an application: sums, classes of age, quantiles, and the rows of
 * each view. It is made in slices, between which the event loop turns. Sessions may begin and end
 * meanwhile.
 */

import type { Sessions, WebSocketServerSession } from '../application/index.ts'
import { type SessionControl, SessionRegistry } from '../application/internal.ts'
import { Quantiles } from './quantiles.ts'
import type { SessionTraffic } from './session-traffic.ts'
import type { SessionView, Visit } from './session-view.ts'
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
  const { sessions, now, turned, isOver } = parts
  const sums = new PassSums()
  if (!(sessions instanceof SessionRegistry)) return sums
  // One time for each slice: reading the clock costs as much as a tenth of a visit.
  let at = now()
  for (const [session, control] of sessions.entries()) {
    add(visitOf(session, control, at, parts), sums, parts)
    if (sums.sessions % SLICE !== 0) continue
    // Between two entries: what ends now is not visited.
    await turned()
    if (isOver()) return null
    at = now()
  }
  return sums
}

function visitOf(
  session: WebSocketServerSession,
  control: SessionControl,
  at: number,
  { traffic }: PassParts,
): Visit {
  const { statistics } = session
  const age = Math.max(0, at - statistics.openedAt)
  return { session, control, statistics, age, rate: traffic.look(session, statistics, at) }
}

function add(visit: Visit, sums: PassSums, { views }: PassParts): void {
  const { session, control, statistics, age } = visit
  const { heldBytes, keptBytes, pings } = control
  const unread = statistics.queued.incoming.bytes
  const unsent = statistics.queued.outgoing.bytes
  const route = sums.routeOf(session.route)
  const ageClass = classOf(age)
  sums.sessions++
  sums.unread += unread
  sums.unsent += unsent
  sums.held += heldBytes
  sums.kept += keptBytes
  route.sessions++
  route.ages[ageClass] = (route.ages[ageClass] ?? 0) + 1
  route.unread += unread
  route.unsent += unsent
  const roundTrip = pings?.roundTripTime ?? null
  if (roundTrip !== null) sums.roundTrips.add(roundTrip)
  for (const view of views) view.add(visit)
}

/** The index of the class of `age`. */
function classOf(age: number): number {
  let index = 0
  for (const limit of AGES) {
    if (age < limit) return index
    index++
  }
  return index
}
