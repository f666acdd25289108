/**
 * The outlets of all sessions that subscribe to topics.
 */

import type { Outbound, WebSocketSession } from '../session/index.ts'
import { endTurnOf } from '../session/internal.ts'
import type { AnyTopicKind } from './kind/define-topic.ts'
import type { From } from './kind/items.ts'
import { type Feed, SessionOutlet, TOO_SLOW } from './node/session-outlet.ts'
import type { Receiver, Subscription } from './node/subscription.ts'
import type { FramedTopic, Run } from './node/run.ts'
import type { Taken } from './node/taking.ts'
import { TopicEvent } from './node/topic-event.ts'
import type { TopicNode } from './node/topic-node.ts'
import type { TopicsEvents } from './topics-events.ts'

/** What the outlets report to. */
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
  /** Ends subscribes that wait for the broker, by the outlet that they are for. */
  readonly #waiting = new Map<SessionOutlet, Set<AbortController>>()
  /** One function for all outlets: there are very many. */
  readonly #unsubscribe = (subscription: Subscription): void => this.#node.unsubscribe(subscription)

  constructor(node: TopicNode, owner: OutletsOwner) {
    this.#node = node
    this.#owner = owner
  }

  /** The outlet of a session, made at the first call. It ends with the session. */
  outletOf(session: WebSocketSession): SessionOutlet {
    const existing = this.#outlets.get(session)
    if (existing !== undefined) return existing
    const failed = (error: unknown): void => this.#owner.failed(error, session)
    const outlet = new SessionOutlet(session, failed, this.#unsubscribe)
    this.#outlets.set(session, outlet)
    void session.closed.then(() => this.#left(outlet))
    return outlet
  }

  /** What subscriptions of a session share that are sent by one feed. */
  receiverOf(session: WebSocketSession, feed: Feed): SessionReceiver {
    return new SessionReceiver(session, this.outletOf(session), feed, this.#owner)
  }

  /**
   * Subscribes a session.
   *
   * @param begun is called before anything is sent. If it returns `false`, the subscription ends.
   * @returns `null` if the session has ended while the broker was away.
   * @throws (by rejecting) as `TopicNode.subscribe`.
   */
  async attach(
    receiver: SessionReceiver,
    name: string,
    kind: AnyTopicKind,
    from: From,
    begun: (subscription: Subscription) => boolean = () => true,
  ): Promise<Subscription | null> {
    const { outlet } = receiver
    const subscription = await this.#untilLeft(outlet, (signal) =>
      this.#node.subscribe(name, kind, receiver, from, signal),
    )
    if (subscription === null) return null
    if (!outlet.isOver && begun(subscription)) outlet.add(subscription, receiver)
    else this.#node.unsubscribe(subscription)
    return subscription
  }

  /** Does `work` until the session has ended. @returns `null` if the signal has ended it. */
  async #untilLeft<T>(
    outlet: SessionOutlet,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T | null> {
    const ending = new AbortController()
    if (outlet.isOver) ending.abort()
    const all = this.#waiting.get(outlet) ?? new Set()
    this.#waiting.set(outlet, all.add(ending))
    try {
      return await work(ending.signal)
    } catch (error) {
      if (ending.signal.aborted && error === ending.signal.reason) return null
      throw error
    } finally {
      all.delete(ending)
      if (all.size === 0) this.#waiting.delete(outlet)
    }
  }

  /** The session of an outlet has ended. */
  #left(outlet: SessionOutlet): void {
    outlet.end()
    for (const ending of this.#waiting.get(outlet) ?? []) ending.abort()
  }

  /** Ends a subscription of the session of `receiver`. Idempotent. */
  detach(receiver: SessionReceiver, subscription: Subscription): void {
    receiver.outlet.remove(subscription)
    this.#node.unsubscribe(subscription)
  }
}

/** Receives for a session, and reports gaps and slowness. */
class SessionReceiver implements Receiver, Feed {
  readonly outlet: SessionOutlet
  readonly #session: WebSocketSession
  readonly framing: object
  readonly #feed: Feed
  readonly #owner: OutletsOwner

  constructor(session: WebSocketSession, outlet: SessionOutlet, feed: Feed, owner: OutletsOwner) {
    this.outlet = outlet
    this.#session = session
    this.framing = feed.framing
    this.#feed = feed
    this.#owner = owner
  }

  ready(subscription: Subscription): void {
    this.outlet.ready(subscription, this)
  }

  run(run: Run, subscription: Subscription): boolean {
    return this.outlet.run(run, subscription, this.framing, this.#feed)
  }

  endVisits(): void {
    endTurnOf(this.#session)
  }

  frameOf(event: TopicEvent, topic: FramedTopic): Outbound | null {
    return this.#feed.frameOf(event, topic)
  }

  lagged({ topic }: Subscription): 'closed' | 'late' {
    if (!this.outlet.isSlow) return 'late'
    this.#owner.emit('subscriberLags', { topic: topic.name, session: this.#session })
    this.outlet.close(TOO_SLOW)
    return 'closed'
  }

  frame(taken: Taken, subscription: Subscription): ReturnType<Feed['frame']> {
    if (!(taken instanceof TopicEvent) && taken.type === 'gap') {
      const topic = subscription.topic.name
      this.#owner.emit('gapTold', { topic, gap: taken, session: this.#session })
    }
    return this.#feed.frame(taken, subscription)
  }
}

export type { SessionReceiver }
