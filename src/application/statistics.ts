/**
 * The counters of an application, for a metrics page.
 */

import type { SessionLimitName } from '../session/index.ts'
import type { UpgradeLimitError } from './errors.ts'
import type { RefusalReason } from './upgrades/refusal-reason.ts'

/** The name of a limit: the option that sets it. */
export type LimitName = SessionLimitName | UpgradeLimitError['limitName'] | 'handshakeTimeout'

/** The counters at one moment. All values except `active` and `bytesBuffered` only grow. */
export interface ApplicationStatistics {
  readonly sessions: {
    readonly opened: number
    /** Sessions whose handlers have returned. */
    readonly closed: number
    readonly active: number
  }
  /** Refused upgrades by reason. A reason that never occurred is absent. */
  readonly upgradesRefused: Readonly<Partial<Record<RefusalReason, number>>>
  /** How often each limit was reached. A limit that was never reached is absent. */
  readonly limitsReached: Readonly<Partial<Record<LimitName, number>>>
  /** Frames that overflow policies dropped or replaced with newer ones. */
  readonly framesDropped: { readonly incoming: number; readonly outgoing: number }
  /** Bytes that sessions hold in memory, in both directions. */
  readonly bytesBuffered: number
}
