/**
 * The events of `topics.monitor`.
 */

import type { WebSocketSession } from '../session/index.ts'
import type { BrokerState } from './broker.ts'
import type { GapItem } from './kind/items.ts'

/**
 * A limit of topics. Most have the name of their option. The others are fixed: `maxUnanswered`
 * (publishes without an answer), `maxUnderWay` (other requests without an answer), `maxRefusals`
 * (requests refused in a row, or topics with refused publishes), `maxWaitingEvents` (events of a
 * topic that wait for the broker) and `helloTimeout` (the time until `hello`).
 */
export type TopicsLimitName =
  | 'maxTopics'
  | 'maxSubscribesPerSecond'
  | 'maxEventBytes'
  | 'maxPublishesPerSecond'
  | 'maxUnanswered'
  | 'maxUnderWay'
  | 'maxRefusals'
  | 'maxWaitingEvents'
  | 'maxMetaBytes'
  | 'helloTimeout'

/** Events of topics. */
export interface TopicsEvents {
  /** The broker can be used, or cannot any more. */
  readonly brokerChanged: { readonly state: BrokerState }

  /** A subscriber was told that events are missing. */
  readonly gapTold: {
    readonly topic: string
    readonly gap: GapItem
    /** `null`: the server's own code. */
    readonly session: WebSocketSession | null
  }

  /** A session was closed because it is too slow for a topic that closes slow subscribers. */
  readonly subscriberLags: { readonly topic: string; readonly session: WebSocketSession }

  /** Missed events were read from the log: those after `from`, up to `to`. */
  readonly historyHealed: { readonly topic: string; readonly from: number; readonly to: number }

  /** The log of a topic has begun again. */
  readonly epochChanged: { readonly topic: string }

  /** A client has reached a limit. */
  readonly limitReached: {
    readonly limit: TopicsLimitName
    readonly session: WebSocketSession
    readonly topic: string | null
  }
}
