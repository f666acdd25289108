/**
 * The counters of topics in one process: what `topics.statistics()` returns.
 */

import type { BrokerState } from './broker.ts'
import type { AnyTopicKind } from './kind/define-topic.ts'
import type { GapReason } from './kind/items.ts'
import type { FollowedTopic } from './node/followed-topic.ts'
import type { AllCounters } from './node/kind-counters.ts'
import type { TopicsLimitName } from './topics-events.ts'

/** The counters of one kind of topics, in this process. */
export interface TopicKindStatistics {
  /** The pattern of the kind, such as `rooms/:room`. */
  readonly kind: string

  /** Topics that this process follows. */
  readonly topics: number

  /** Subscriptions of sessions and of the server's own code. */
  readonly subscriptions: number

  /** Subscriptions that have not taken the newest event yet. */
  readonly behind: number

  /** How many offsets the slowest subscription is behind the newest event. */
  readonly lag: number

  /** Members of presence with a connection to this process. */
  readonly members: number

  /** Events that this process has published. */
  readonly published: number

  /** Publishes that were rejected, except those whose `expect` did not hold. */
  readonly publishFailures: number

  /** Events that subscriptions have taken. An event counts once for each subscription. */
  readonly delivered: number

  /** Events that slow subscriptions did not get. */
  readonly dropped: number

  /** Gaps that subscriptions have taken, by reason. */
  readonly gaps: Readonly<Record<GapReason, number>>
}

/** The counters of topics at one moment. */
export interface TopicsStatistics {
  /** The kinds that were used, in the order of their first use. */
  readonly kinds: readonly TopicKindStatistics[]

  readonly broker: {
    readonly state: BrokerState['state']
    /** How often the broker went down. */
    readonly outages: number
    /** How often the broker was up again. */
    readonly reconnects: number
  }

  /** How often clients have reached each limit. A limit that was never reached is absent. */
  readonly limitsReached: Readonly<Partial<Record<TopicsLimitName, number>>>
}

/** What the counters are read from. */
export interface KindSources {
  readonly counters: AllCounters
  readonly followed: readonly FollowedTopic[]
  readonly presences: Iterable<{ readonly kind: AnyTopicKind; readonly here: number }>
}

interface Moment {
  topics: number
  subscriptions: number
  behind: number
  lag: number
  members: number
}

/** Reads the counters of all kinds. Visits every subscription. */
export function readKinds({ counters, followed, presences }: KindSources): TopicKindStatistics[] {
  const moments = new Map<AnyTopicKind, Moment>()
  const momentOf = (kind: AnyTopicKind): Moment => {
    let moment = moments.get(kind)
    if (moment === undefined) {
      moment = { topics: 0, subscriptions: 0, behind: 0, lag: 0, members: 0 }
      moments.set(kind, moment)
    }
    return moment
  }
  for (const topic of followed) addTopic(momentOf(topic.kind), topic)
  for (const { kind, here } of presences) {
    counters.of(kind)
    momentOf(kind).members += here
  }
  return Array.from(counters, ([kind, each]) => ({
    kind: kind.pattern,
    ...momentOf(kind),
    published: each.published,
    publishFailures: each.publishFailures,
    delivered: each.delivered,
    dropped: each.dropped,
    gaps: { ...each.gaps },
  }))
}

function addTopic(moment: Moment, { epoch, head, subscriptions }: FollowedTopic): void {
  moment.topics++
  moment.subscriptions += subscriptions.size
  for (const subscription of subscriptions) {
    const isOther = subscription.epoch !== epoch
    if (!isOther && subscription.offset >= head) continue
    moment.behind++
    // Offsets of two epochs cannot be compared.
    if (!isOther) moment.lag = Math.max(moment.lag, head - subscription.offset)
  }
}
