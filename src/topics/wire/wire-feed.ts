/**
 * How a topic is sent to a client of the wire protocol.
 */

import type { Outbound } from '../../session/index.ts'
import type { Position } from '../kind/items.ts'
import type { FollowedTopic } from '../node/followed-topic.ts'
import type { Feed } from '../node/session-outlet.ts'
import type { Taken } from '../node/subscription.ts'
import { TopicEvent } from '../node/topic-event.ts'
import type { WireEncoding } from './encodings.ts'

/** How a client has asked for a subscription. */
export interface WireSubscription {
  /** `null` if the client has asked in `hello`, or has not asked. */
  readonly id: number | null
  /** Whether it continues from a position. */
  readonly isResume: boolean
  /** Where it begins; `null` in a topic without history. */
  readonly begin: Position | null
}

/** The feed of one subscription of one client. */
export class WireFeed implements Feed {
  readonly #encoding: WireEncoding
  readonly #topic: FollowedTopic
  /** `null` once `subscribed` has been sent. */
  #asked: WireSubscription | null

  constructor(topic: FollowedTopic, encoding: WireEncoding, asked: WireSubscription) {
    this.#topic = topic
    this.#encoding = encoding
    this.#asked = asked
  }

  frame(taken: Taken): readonly Outbound[] {
    const frame = this.#frame(taken)
    const asked = this.#asked
    if (asked === null) return [frame]
    this.#asked = null
    const { id, isResume, begin } = asked
    const { name, number } = this.#topic
    const isGap = !(taken instanceof TopicEvent) && taken.type === 'gap'
    const subscribed = this.#encoding.encode({
      type: 'subscribed',
      id,
      topic: name,
      number,
      epoch: begin?.epoch ?? null,
      offset: begin?.offset ?? null,
      resumed: isResume && !isGap,
    })
    return [subscribed, frame]
  }

  #frame(taken: Taken): Outbound {
    if (taken instanceof TopicEvent) return this.#encoding.encodeEvent(this.#topic, taken)
    return this.#encoding.encode({ ...taken, topic: this.#topic.name })
  }
}
