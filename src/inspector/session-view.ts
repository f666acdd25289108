/**
 * The rows of one view: the sessions that fit it, and of these the first in its order.
 */

import type { WebSocketServerSession } from '../application/index.ts'
import { remoteHostOf, type SessionControl } from '../application/internal.ts'
import type { SessionStatistics } from '../session/index.ts'
import { TopRows } from './top-rows.ts'
import { MAX_ROWS, type SessionRow, type Sort, type View } from './wire.ts'

/** One session at the moment of the pass. */
export interface Visit {
  readonly session: WebSocketServerSession
  readonly control: SessionControl
  readonly statistics: SessionStatistics
  readonly age: number
  /** Bytes a second. */
  readonly rate: number
}

/** Collects the rows of a view during one pass. */
export class SessionView {
  readonly view: View
  readonly #rows = new TopRows<Visit>(MAX_ROWS)
  #matching = 0

  constructor(view: View) {
    this.view = view
  }

  add(visit: Visit): void {
    if (!fits(visit.session, this.view)) return
    this.#matching++
    const { sort, order } = this.view
    const value = valueOf(visit, sort)
    // Sessions without a value come last in both orders.
    const key = value === null ? -Infinity : order === 'descending' ? value : -value
    if (this.#rows.takes(key)) this.#rows.add(key, visit)
  }

  /** How many sessions fit the view. */
  get matching(): number {
    return this.#matching
  }

  /** The first visits, in the order of the view. */
  get visits(): readonly Visit[] {
    return this.#rows.rows
  }
}

function fits(session: WebSocketServerSession, { route, text }: View): boolean {
  if (route !== null && session.route !== route) return false
  if (text === '') return true
  return (
    remoteHostOf(session).includes(text) ||
    session.id.includes(text) ||
    session.protocol?.includes(text) === true
  )
}

function valueOf({ control, statistics, age, rate }: Visit, sort: Sort): number | null {
  const { messages, bytes, queued } = statistics
  switch (sort) {
    case 'rate':
      return rate
    case 'age':
      return age
    case 'messages':
      return messages.incoming + messages.outgoing
    case 'bytes':
      return bytes.incoming + bytes.outgoing
    case 'unread':
      return queued.incoming.bytes
    case 'unsent':
      return queued.outgoing.bytes
    case 'roundTrip':
      return control.pings?.roundTripTime ?? null
  }
}

/** Returns the row of a visit. No part of a message, a query or a cookie is in it. */
export function rowOf({ session, control, statistics, age, rate }: Visit): SessionRow {
  const { messages, bytes, queued } = statistics
  return {
    id: session.id,
    route: session.route,
    remote: remoteHostOf(session),
    protocol: session.protocol,
    age: Math.round(age),
    rate: Math.round(rate),
    messages: messages.incoming + messages.outgoing,
    bytes: bytes.incoming + bytes.outgoing,
    unread: queued.incoming.bytes,
    unsent: queued.outgoing.bytes,
    roundTrip: control.pings?.roundTripTime ?? null,
    isClosing: control.ending !== null,
  }
}
