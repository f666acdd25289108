/**
 * What an application has counted since it was made: numbers for a metrics page.
 */

import { MemoryBudgetError, type SessionLimitName } from '../session/index.ts'
import type { RefusalReason } from './application.ts'
import { HandshakeTimeoutError, UpgradeLimitError } from './errors.ts'
import type { SessionRegistry } from './session-registry.ts'

/** The name of a limit: that of the option that sets it. */
export type LimitName = SessionLimitName | UpgradeLimitError['limitName'] | 'handshakeTimeout'

/** The state of the counters at one moment. Counts never fall but for `active` and `bytesBuffered`. */
export interface ApplicationStatistics {
  readonly sessions: {
    readonly opened: number
    /** Those whose handlers have returned. */
    readonly closed: number
    readonly active: number
  }
  /** Upgrades that were refused, by reason; a reason that never came up is absent. */
  readonly upgradesRefused: Readonly<Partial<Record<RefusalReason, number>>>
  /** How often each limit was reached; one that never was is absent. */
  readonly limitsReached: Readonly<Partial<Record<LimitName, number>>>
  /** Frames that overflow policies have dropped, or replaced by newer ones. */
  readonly framesDropped: { readonly incoming: number; readonly outgoing: number }
  /** Bytes that sessions keep in memory, in both directions. */
  readonly bytesBuffered: number
}

/** Counts for one application. */
export class Counters {
  readonly #sessions: SessionRegistry
  readonly #refusals = new Map<RefusalReason, number>()
  readonly #limits = new Map<LimitName, number>()
  readonly #dropped = { incoming: 0, outgoing: 0 }

  constructor(sessions: SessionRegistry) {
    this.#sessions = sessions
  }

  /** `cause` is what went wrong, a limit perhaps. */
  upgradeRefused(reason: RefusalReason, cause: unknown): void {
    increment(this.#refusals, reason)
    const limit = limitOfRefusal(cause)
    if (limit !== null) this.limitReached(limit)
  }

  limitReached(limit: LimitName): void {
    increment(this.#limits, limit)
  }

  frameDropped(direction: 'incoming' | 'outgoing'): void {
    this.#dropped[direction]++
  }

  /** A copy of all counters. Costs a look at each session. */
  snapshot(): ApplicationStatistics {
    const { size, opened, controls } = this.#sessions
    return {
      sessions: { opened, closed: opened - size, active: size },
      upgradesRefused: toRecord(this.#refusals),
      limitsReached: toRecord(this.#limits),
      framesDropped: { ...this.#dropped },
      bytesBuffered: controls.reduce((sum, { heldBytes }) => sum + heldBytes, 0),
    }
  }
}

function increment<Name>(counts: Map<Name, number>, name: Name): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

function toRecord<Name extends string>(
  counts: ReadonlyMap<Name, number>,
): Partial<Record<Name, number>> {
  // What comes out has the names that are in `counts`, and no others.
  return Object.fromEntries(counts) as Partial<Record<Name, number>>
}

function limitOfRefusal(cause: unknown): LimitName | null {
  if (cause instanceof UpgradeLimitError) return cause.limitName
  if (cause instanceof MemoryBudgetError) return 'memoryBudget'
  return cause instanceof HandshakeTimeoutError ? 'handshakeTimeout' : null
}
