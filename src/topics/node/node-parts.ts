/**
 * What the parts of a node share.
 */

import type { Environment } from '../../base/internal.ts'
import type { Broker } from '../broker.ts'
import type { AnyTopicKind } from '../kind/define-topic.ts'
import type { HeldBudget } from './following/held-events.ts'
import type { KindCounters } from './kind-counters.ts'
import type { ReadSlots } from './reading/read-slots.ts'
import type { RingBudget } from './ring-budget.ts'
import type { Sweep } from './sweep.ts'

/** What a node reports. */
export type NodeNews =
  /** The log of a topic has begun again. */
  | { readonly type: 'epoch'; readonly topic: string }
  /** Missed events were read from the log. */
  | {
      readonly type: 'healed'
      readonly topic: string
      readonly from: number
      readonly to: number
    }

/** The parts. */
export interface NodeParts {
  readonly broker: Broker
  readonly environment: Environment
  readonly slots: ReadSlots
  readonly budget: RingBudget
  readonly held: HeldBudget
  readonly sweep: Sweep
  /** Whether the broker is up. */
  readonly isUp: () => boolean
  /** A number that no other topic of this process has had. */
  readonly nextNumber: () => number
  readonly countersOf: (kind: AnyTopicKind) => KindCounters
  /** The head of a topic has become known, or its epoch has changed. */
  readonly begun: (topic: string) => void
  readonly told: (news: NodeNews) => void
}
