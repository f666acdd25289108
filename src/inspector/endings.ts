/**
 * How sessions ended: a count and the last case for each close code. This is all that the inspector
 * does while nobody looks, so that a page that is opened after an incident can tell of it.
 */

import type { Application, WebSocketServerSession } from '../application/index.ts'
import type { CloseInfo } from '../session/index.ts'
import { remoteHostOf } from '../application/internal.ts'
import type { CloseRow, EndFacts } from './wire.ts'

/** Clients choose codes from 3000 to 4999. */
const MAX_CODES = 64
const MAX_FAILURES = 50

interface Ends {
  count: number
  last: EndFacts
}

/** The ends of the sessions of an application. */
export class Endings {
  /** By code; `null` has the codes beyond the bound. */
  readonly #codes = new Map<number | null, Ends>()
  /** A ring: the newest end with an error is before `#next`. */
  readonly #failures: EndFacts[] = []
  #next = 0
  readonly #wallTime: () => number

  /** @param wallTime milliseconds since 1970. */
  constructor(app: Application, wallTime: () => number) {
    this.#wallTime = wallTime
    app.monitor.on('sessionClosed', ({ session, info }) => this.#ended(session, info))
  }

  /** The codes, most frequent first. */
  get closes(): CloseRow[] {
    const rows = [...this.#codes].map(([code, { count, last }]) => ({ code, count, last }))
    return rows.sort((one, other) => other.count - one.count)
  }

  /** Newest first. */
  get failures(): EndFacts[] {
    const older = this.#failures.slice(this.#next)
    const newer = this.#failures.slice(0, this.#next)
    return [...older, ...newer].reverse()
  }

  #ended(session: WebSocketServerSession, info: CloseInfo): void {
    const facts = factsOf(session, info, this.#wallTime())
    const isKnown = this.#codes.has(facts.code)
    const code = isKnown || this.#codes.size < MAX_CODES ? facts.code : null
    const ends = this.#codes.get(code)
    if (ends === undefined) this.#codes.set(code, { count: 1, last: facts })
    else {
      ends.count++
      ends.last = facts
    }
    if (facts.cause === null) return
    this.#failures[this.#next] = facts
    this.#next = (this.#next + 1) % MAX_FAILURES
  }
}

function factsOf(
  session: WebSocketServerSession,
  { reason, initiator, cause, local }: CloseInfo,
  at: number,
): EndFacts {
  return {
    at,
    session: session.id,
    route: session.route,
    remote: remoteHostOf(session),
    code: reason.code,
    initiator,
    reason: initiator === 'local' ? (local?.message ?? '') : '',
    cause: codeOf(cause),
  }
}

/** The stable code of an error, or its name. Never its message, which may have data in it. */
function codeOf(error: Error | null): string | null {
  if (error === null) return null
  const code: unknown = Reflect.get(error, 'code')
  return typeof code === 'string' ? code : error.name
}
