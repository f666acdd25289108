/**
 * The outlets of all sessions that subscribe to topics.
 */

import type { WebSocketSession } from '../session/index.ts'
import type { AnyTopicKind } from './kind/define-topic.ts'
import type { From, Position } from './kind/items.ts'
import type { FollowedTopic } from './node/followed-topic.ts'
import { type Feed, SessionOutlet } from './node/session-outlet.ts'
import type { Subscription, Taken } from './node/subscription.ts'
import { TopicEvent } from './node/topic-event.ts'
import type { TopicNode } from './node/topic-node.ts'
import type { TopicsEvents } from './topics-events.ts'

/** A subscription of a session. */
export interface Attached {
  readonly subscription: Subscription
  /** `null` in a topic without history. */
  readonly position: Position | null
  /** Ends it. Idempotent. */
  cancel(): void
}

/** Who is told. */
export interface OutletsOwner {
  emit<Name extends keyof TopicsEvents>(event: Name, facts: TopicsEvents[Name]): void
  /** A function of the application has failed. */
  failed(error: unknown, session: WebSocketSession): void
}

/** Outlets by sessions. */
export class SessionOutlets {
  readonly #node: TopicNode
  readonly #owner: OutletsOwner
  readonly #outlets = new WeakMap<WebSocketSession, SessionOutlet>()

  constructor(node: TopicNode, owner: OutletsOwner) {
    this.#node = node
    this.#owner = owner
  }

  /** The outlet of a session, made when it is first asked for. It ends with the session. */
  outletOf(session: WebSocketSession): SessionOutlet {
    const existing = this.#outlets.get(session)
    if (existing !== undefined) return existing
    const outlet = new SessionOutlet(session, (error) => this.#owner.failed(error, session))
    this.#outlets.set(session, outlet)
    void session.closed.then(() => {
      for (const subscription of outlet.subscriptions) this.#node.unsubscribe(subscription)
      outlet.end()
    })
    return outlet
  }

  /** Subscribes a session. `makeFeed` is told where the subscription begins. @throws (by rejecting) as `TopicNode.subscribe`. */
  async attach(
    session: WebSocketSession,
    name: string,
    kind: AnyTopicKind,
    from: From,
    makeFeed: (topic: FollowedTopic, begin: Position | null) => Feed,
  ): Promise<Attached> {
    const outlet = this.outletOf(session)
    const receiver = {
      ready: (subscription: Subscription): void => outlet.ready(subscription),
      tooSlow: (): 'closed' => {
        this.#owner.emit('subscriberLags', { topic: name, session })
        return outlet.tooSlow()
      },
    }
    const subscription = await this.#node.subscribe(name, kind, receiver, from)
    const positionNow = (): Position | null =>
      kind.history === null ? null : { epoch: subscription.epoch, offset: subscription.offset }
    const feed = makeFeed(subscription.topic, positionNow())
    const telling = { frame: (taken: Taken) => this.#frame(feed, name, session, taken) }
    if (outlet.isOver) this.#node.unsubscribe(subscription)
    else outlet.add(subscription, telling)
    return {
      subscription,
      get position() {
        return positionNow()
      },
      cancel: () => {
        outlet.remove(subscription)
        this.#node.unsubscribe(subscription)
      },
    }
  }

  #frame(
    feed: Feed,
    topic: string,
    session: WebSocketSession,
    taken: Taken,
  ): ReturnType<Feed['frame']> {
    if (!(taken instanceof TopicEvent) && taken.type === 'gap') {
      this.#owner.emit('gapTold', { topic, gap: taken, session })
    }
    return feed.frame(taken)
  }
}
