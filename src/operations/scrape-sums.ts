/**
 * The sums of one scrape over the sessions of an application, in one pass.
 */

import type { WebSocketServerSession } from '../application/index.ts'

/** The two directions of a session. */
export const DIRECTIONS = ['incoming', 'outgoing'] as const

/** The sums of one route, over all of its sessions. */
export interface RouteTotals {
  readonly messages: { incoming: number; outgoing: number }
  readonly bytes: { incoming: number; outgoing: number }
}

/** How many sessions a route has with one subprotocol. */
export interface SessionCount {
  readonly route: string
  /** `''` without a subprotocol, `other` if a function of the application chose it. */
  readonly protocol: string
  count: number
}

/** The memory of a session, in bytes: see `SessionControl`. */
interface Memory {
  readonly heldBytes: number
  readonly keptBytes: number
}

/** The sums of one route while a scrape runs. */
interface RouteSums {
  readonly totals: RouteTotals
  readonly byProtocol: Map<string, SessionCount>
}

/** The sums. */
export class ScrapeSums {
  readonly queued = { incoming: 0, outgoing: 0 }
  /** Bytes that the sessions hold. */
  memory = 0
  readonly #routes = new Map<string, RouteSums>()

  /** @param ended the sums of sessions that have ended, which are not changed. */
  constructor(ended: ReadonlyMap<string, RouteTotals>) {
    for (const [route, totals] of ended) addCounters(this.#of(route).totals, totals)
  }

  /** @param isCounted whether the traffic of the session is in the sums already. */
  add(
    { route, statistics }: WebSocketServerSession,
    { heldBytes, keptBytes }: Memory,
    protocol: string,
    isCounted: boolean,
  ): void {
    const { totals, byProtocol } = this.#of(route)
    const known = byProtocol.get(protocol)
    if (known === undefined) byProtocol.set(protocol, { route, protocol, count: 1 })
    else known.count++
    if (!isCounted) addCounters(totals, statistics)
    const { incoming, outgoing } = statistics.queued
    this.queued.incoming += incoming.bytes
    this.queued.outgoing += outgoing.bytes
    this.memory += heldBytes + keptBytes
  }

  /** The running sessions by route and subprotocol. */
  get sessions(): SessionCount[] {
    return [...this.#routes.values()].flatMap(({ byProtocol }) => [...byProtocol.values()])
  }

  /** The traffic of all sessions by route. */
  get totals(): Map<string, RouteTotals> {
    return new Map(Array.from(this.#routes, ([route, { totals }]) => [route, totals]))
  }

  #of(route: string): RouteSums {
    let sums = this.#routes.get(route)
    if (sums === undefined) {
      sums = { totals: emptyTotals(), byProtocol: new Map() }
      this.#routes.set(route, sums)
    }
    return sums
  }
}

/** Adds the traffic of a session to the sums of its route. */
export function addTo(sums: Map<string, RouteTotals>, route: string, counters: RouteTotals): void {
  const totals = sums.get(route) ?? emptyTotals()
  sums.set(route, totals)
  addCounters(totals, counters)
}

function addCounters(totals: RouteTotals, { messages, bytes }: RouteTotals): void {
  totals.messages.incoming += messages.incoming
  totals.messages.outgoing += messages.outgoing
  totals.bytes.incoming += bytes.incoming
  totals.bytes.outgoing += bytes.outgoing
}

function emptyTotals(): RouteTotals {
  return { messages: { incoming: 0, outgoing: 0 }, bytes: { incoming: 0, outgoing: 0 } }
}
