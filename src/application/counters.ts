/**
 * Counts the sessions, refusals and limits of an application.
 */

import { isInstance } from '../base/internal.ts'
import { MemoryBudgetError } from '../session/index.ts'
import { HandshakeTimeoutError, UpgradeLimitError } from './errors.ts'
import type { RefusalReason } from './upgrades/refusal-reason.ts'
import type { SessionRegistry } from './sessions/session-registry.ts'
import type { ApplicationStatistics, LimitName } from './statistics.ts'

/** The counters that can be read without a visit of every session. */
export type Counts = Omit<ApplicationStatistics, 'bytesBuffered'>

/** The counters of one application. */
export class Counters {
  readonly #sessions: SessionRegistry
  readonly #refusals = new Map<RefusalReason, number>()
  readonly #limits = new Map<LimitName, number>()
  readonly #dropped = { incoming: 0, outgoing: 0 }

  constructor(sessions: SessionRegistry) {
    this.#sessions = sessions
  }

  /** @param cause the error behind the refusal; a limit's error counts for that limit too. */
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

  /** Returns a copy of all counters. Visits every session. */
  snapshot(): ApplicationStatistics {
    const { controls } = this.#sessions
    const bytesBuffered = controls.reduce((sum, { heldBytes }) => sum + heldBytes, 0)
    return { ...this.counts, bytesBuffered }
  }

  /** A copy. */
  get counts(): Counts {
    const { size, opened } = this.#sessions
    return {
      sessions: { opened, closed: opened - size, active: size },
      upgradesRefused: toRecord(this.#refusals),
      limitsReached: toRecord(this.#limits),
      framesDropped: { ...this.#dropped },
    }
  }
}

function increment<Name>(counts: Map<Name, number>, name: Name): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

function toRecord<Name extends string>(
  counts: ReadonlyMap<Name, number>,
): Partial<Record<Name, number>> {
  // The object has the names of `counts` and no others.
  return Object.fromEntries(counts) as Partial<Record<Name, number>>
}

function limitOfRefusal(cause: unknown): LimitName | null {
  if (isInstance(cause, UpgradeLimitError)) return cause.limitName
  if (isInstance(cause, MemoryBudgetError)) return 'memoryBudget'
  return isInstance(cause, HandshakeTimeoutError) ? 'handshakeTimeout' : null
}
