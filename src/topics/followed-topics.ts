/**
 * The topics of a process, for an inspector.
 */

import { Subscription } from './node/subscription.ts'
import type { TopicsOfProcess } from './topics.ts'

/** Subscriptions of a topic that are looked at for the lag: there may be very many. */
const SAMPLE = 100

/** One topic that this process receives. */
export interface FollowedFacts {
  readonly name: string
  /** Subscriptions of this process. */
  readonly subscribers: number
  /** Returns how many events the slowest of some subscriptions is behind. */
  readonly lag: () => number
}

/** Returns the topics that `topics` receives now. */
export function followedTopics(topics: TopicsOfProcess): FollowedFacts[] {
  return topics.parts.node.followed.map(({ name, subscriptions, head, epoch }) => ({
    name,
    subscribers: subscriptions.size,
    lag: () => {
      const behind = subscriptions.some(SAMPLE).map((member) => {
        // In another epoch the distance is not known.
        const isComparable = member instanceof Subscription && member.epoch === epoch
        return isComparable ? head - member.offset : 0
      })
      return Math.max(0, ...behind)
    },
  }))
}
