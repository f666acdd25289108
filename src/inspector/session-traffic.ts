/**
 * What sessions have received and sent since the last look at them. Each byte is counted once: in
 * a pass over the sessions, or when its session ends between two passes.
 */

import type { WebSocketServerSession } from '../application/index.ts'
import type { SessionStatistics } from '../session/index.ts'

/** The counters of one session at the last look, and how fast it was then. */
interface Seen {
  at: number
  messagesIn: number
  messagesOut: number
  bytesIn: number
  bytesOut: number
  /** Bytes a second, in both directions. */
  rate: number
}

/** What has moved. */
export interface Moved {
  messagesIn: number
  messagesOut: number
  bytesIn: number
  bytesOut: number
}

/** Returns an amount of nothing. */
export function nothingMoved(): Moved {
  return { messagesIn: 0, messagesOut: 0, bytesIn: 0, bytesOut: 0 }
}

/** The traffic of the sessions of one application, from its construction on. */
export class SessionTraffic {
  readonly #seen = new WeakMap<WebSocketServerSession, Seen>()
  #byRoute = new Map<string, Moved>()
  readonly #startedAt: number

  /** @param now of the clock of the application. */
  constructor(now: number) {
    this.#startedAt = now
  }

  /**
   * Counts what `session` has moved since the last call.
   *
   * @returns its rate in bytes a second.
   */
  look(session: WebSocketServerSession, statistics: SessionStatistics, now: number): number {
    const seen = this.#seen.get(session) ?? this.#firstLook(session, statistics)
    const { messages, bytes } = statistics
    const moved = bytes.incoming - seen.bytesIn + bytes.outgoing - seen.bytesOut
    if (moved > 0 || messages.incoming > seen.messagesIn || messages.outgoing > seen.messagesOut) {
      const sum = this.#sumOf(session.route)
      sum.messagesIn += messages.incoming - seen.messagesIn
      sum.messagesOut += messages.outgoing - seen.messagesOut
      sum.bytesIn += bytes.incoming - seen.bytesIn
      sum.bytesOut += bytes.outgoing - seen.bytesOut
      seen.messagesIn = messages.incoming
      seen.messagesOut = messages.outgoing
      seen.bytesIn = bytes.incoming
      seen.bytesOut = bytes.outgoing
    }
    if (now > seen.at) seen.rate = (moved * 1000) / (now - seen.at)
    seen.at = now
    return seen.rate
  }

  /** Returns what has moved on each route since the last call. */
  take(): ReadonlyMap<string, Moved> {
    const moved = this.#byRoute
    this.#byRoute = new Map()
    return moved
  }

  #firstLook(session: WebSocketServerSession, statistics: SessionStatistics): Seen {
    const { openedAt, messages, bytes } = statistics
    const isNew = openedAt >= this.#startedAt
    const seen: Seen = isNew
      ? { at: openedAt, ...nothingMoved(), rate: 0 }
      : {
          at: this.#startedAt,
          messagesIn: messages.incoming,
          messagesOut: messages.outgoing,
          bytesIn: bytes.incoming,
          bytesOut: bytes.outgoing,
          rate: 0,
        }
    this.#seen.set(session, seen)
    return seen
  }

  #sumOf(route: string): Moved {
    let sum = this.#byRoute.get(route)
    if (sum === undefined) {
      sum = nothingMoved()
      this.#byRoute.set(route, sum)
    }
    return sum
  }
}
