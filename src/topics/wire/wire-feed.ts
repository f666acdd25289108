/**
 * How topics are sent to a client of the wire protocol.
 */

import type { Outbound } from '../../session/index.ts'
import type { FramedTopic } from '../node/run.ts'
import type { Feed } from '../node/session-outlet.ts'
import type { Subscription } from '../node/subscription.ts'
import type { Taken } from '../node/taking.ts'
import { TopicEvent } from '../node/topic-event.ts'
import type { WireEncoding } from './encodings.ts'
import type { ServerMessage } from './messages.ts'

/** How a client has asked for a subscription. */
export interface WireRequest {
  /** `null` if the client has asked in `hello`, or has not asked. */
  readonly id: number | null
  /** Whether the client continues from a position. */
  readonly isResume: boolean
}

type Subscribed = Extract<ServerMessage, { type: 'subscribed' }>

/** The feed of all subscriptions of one client. */
export class WireFeed implements Feed {
  readonly #encoding: WireEncoding
  /** Subscriptions that the client does not know of yet. */
  readonly #begun = new Map<Subscription, Subscribed>()

  constructor(encoding: WireEncoding) {
    this.#encoding = encoding
  }

  /** The client learns of the subscription before its first item. */
  begin(subscription: Subscription, { id, isResume }: WireRequest): void {
    const { name, number } = subscription.topic
    const { epoch = null, offset = null } = subscription.position ?? {}
    const message = { type: 'subscribed', id, topic: name, number, epoch, offset } as const
    this.#begun.set(subscription, { ...message, resumed: isResume })
  }

  /** The subscription has ended, perhaps before its first item. */
  forget(subscription: Subscription): void {
    this.#begun.delete(subscription)
  }

  /** All subscriptions have ended. */
  end(): void {
    this.#begun.clear()
  }

  get framing(): object {
    return this.#encoding
  }

  frameOf(event: TopicEvent, topic: FramedTopic): Outbound {
    return this.#encoding.encodeEvent(topic, event)
  }

  frame(taken: Taken, subscription: Subscription): readonly Outbound[] {
    const frame = this.#frame(taken, subscription)
    const subscribed = this.#begun.get(subscription)
    if (subscribed === undefined) return [frame]
    this.#begun.delete(subscription)
    const isGap = !(taken instanceof TopicEvent) && taken.type === 'gap'
    const resumed = subscribed.resumed && !isGap
    return [this.#encoding.encode({ ...subscribed, resumed }), frame]
  }

  #frame(taken: Taken, { topic }: Subscription): Outbound {
    if (taken instanceof TopicEvent) return this.#encoding.encodeEvent(topic, taken)
    return this.#encoding.encode({ ...taken, topic: topic.name })
  }
}
