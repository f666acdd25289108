/**
 * What an application has counted since it was made: numbers for a metrics page.
 */

import type { SessionLimitName } from '../session/index.ts'
import type { UpgradeLimitError } from './errors.ts'
import type { RefusalReason } from './upgrades/refusal-reason.ts'

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
