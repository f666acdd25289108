/**
 * The subscriptions of one client: within its limits, and for as long as its permissions last.
 */

import { BrokerUnavailableError } from '../errors.ts'
import type { AnyTopicKind } from '../kind/define-topic.ts'
import type { From } from '../kind/items.ts'
import { problemOf } from '../kind/topic-name.ts'
import type { Subscription } from '../node/subscription.ts'
import type { SessionReceiver } from '../session-outlets.ts'
import type { ClientMessage } from './messages.ts'
import { PermissionEnd } from './permission-end.ts'
import { type AllowedTopic, decide, type Decision, type Denied } from './permissions.ts'
import { WireFeed } from './wire-feed.ts'
import type { WireParts } from './wire-parts.ts'

type HistoryRequest = Extract<ClientMessage, { type: 'history' }>

/** A permission that ends. */
interface Ending {
  readonly allowed: AllowedTopic
  readonly end: PermissionEnd
}

/** A subscription that the application has made. */
interface Served {
  readonly kind: AnyTopicKind
  readonly from: From
}

/** Stands for a subscription that is under way. */
interface Asking {
  isOver: boolean
}

/** When a client asks again for what the broker could not say. */
const RETRY_AFTER_MS = 1000

/** The subscriptions of one connection. */
export class WireSubscriptions {
  readonly #parts: WireParts
  readonly #denied: (topic: string, denied: Denied | null) => void
  readonly #spend: (requests: number) => void
  readonly #feed: WireFeed
  readonly #receiver: SessionReceiver
  /** By topic. Subscriptions that have begun are in the outlet of the session. */
  readonly #asking = new Map<string, Asking>()
  readonly #endings = new Map<string, Ending>()
  /**
   * What the application has subscribed the client to, until the permission for the topic or the
   * session ends; `null` until it does.
   */
  #served: Map<string, Served> | null = null
  /** Pages of the history are read one after another. */
  #paging: Promise<void> = Promise.resolve()
  #isOver = false

  /**
   * @param denied is called when the permission for a topic has ended.
   * @param spend counts requests against the rate of the client.
   */
  constructor(
    parts: WireParts,
    denied: (topic: string, denied: Denied | null) => void,
    spend: (requests: number) => void,
  ) {
    this.#parts = parts
    this.#denied = denied
    this.#spend = spend
    this.#feed = new WireFeed(parts.encoding)
    this.#receiver = parts.topics.outlets.receiverOf(parts.session, this.#feed)
  }

  /**
   * Subscribes if the client may. A subscription to the same topic ends.
   *
   * @param id `null` for a topic of `hello`.
   * @throws (by rejecting) the error of a permission.
   */
  async subscribe(id: number | null, name: string, from: From): Promise<void> {
    const { answers, permissions, topics } = this.#parts
    if (problemOf(name) !== null) {
      answers.refuse(id, null, 'name', 'The name of the topic is invalid')
      return
    }
    const served = this.#served?.get(name)
    this.unsubscribe(name)
    if (this.#asking.size + this.#begun().length >= topics.settings.maxTopics) {
      answers.tellLimit('maxTopics', name)
      answers.refuse(id, name, 'limit', 'Too many topics')
      return
    }
    const allowed = permissions.find(name)
    const asking = this.#ask(name)
    const decision = await this.decide(name, allowed)
    if (asking.isOver) return
    if (!decision.isAllowed || allowed === null) {
      if (served !== undefined) {
        await this.#attach(id, name, served.kind, asking, served.from)
        return
      }
      this.#asking.delete(name)
      answers.forbid(id, name, decision.isAllowed ? null : decision.denied)
      return
    }
    this.#endAt(name, allowed, decision.until)
    await this.#attach(id, name, allowed.kind, asking, from)
  }

  /** Subscribes without asking for a permission. Does nothing if there is a subscription. */
  async subscribeAsServer(name: string, kind: AnyTopicKind, from: From): Promise<void> {
    if (this.#asking.has(name) || this.#find(name) !== undefined) return
    this.serve(name, kind, from)
    await this.#attach(null, name, kind, this.#ask(name), from)
  }

  /**
   * Notes that the application subscribes the client to a topic. A client may ask for the topic
   * too. Without a permission of its own, it keeps the subscription of the application.
   */
  serve(name: string, kind: AnyTopicKind, from: From): void {
    this.#served ??= new Map()
    this.#served.set(name, { kind, from })
  }

  /**
   * Does nothing if there is no subscription. The client may subscribe again to a topic of the
   * application: a client with a slow reader does so.
   */
  unsubscribe(topic: string): void {
    const asking = this.#asking.get(topic)
    if (asking !== undefined) asking.isOver = true
    this.#asking.delete(topic)
    this.#endings.get(topic)?.end.cancel()
    this.#endings.delete(topic)
    const subscription = this.#find(topic)
    if (subscription !== undefined) {
      this.#feed.forget(subscription)
      this.#parts.topics.outlets.detach(this.#receiver, subscription)
    }
  }

  /** The permission for a topic has ended, and the subscription of the application with it. */
  revoke(topic: string): void {
    this.#served?.delete(topic)
    this.unsubscribe(topic)
  }

  /**
   * Answers a request for a page of the history. The next page is read when the client has taken
   * this one: a client that asks for many and reads none would fill the memory.
   */
  async history(request: HistoryRequest): Promise<void> {
    const { id, topic } = request
    const { answers, permissions } = this.#parts
    const allowed = permissions.find(topic)
    const decision = await this.decide(topic, allowed)
    if (!decision.isAllowed || allowed === null || allowed.kind.history === null) {
      answers.forbid(id, topic, decision.isAllowed ? null : decision.denied)
      return
    }
    const turn = this.#paging.then(() => this.#sendPage(request, allowed.kind))
    this.#paging = turn.catch(() => {
      // The caller gets the error from `turn`.
    })
    await turn
  }

  async #sendPage(request: HistoryRequest, kind: AnyTopicKind): Promise<void> {
    if (this.#isOver) return
    const { id, topic, from, before, limit } = request
    const { answers, encoding, topics } = this.#parts
    // Each read of the log counts: on some brokers, the newest events need many.
    const mayRead = (reads: number): boolean => {
      this.#spend(reads)
      return !this.#isOver
    }
    try {
      const page = await topics.node.history(topic, kind, { from, before, limit, mayRead })
      if (this.#isOver) return
      answers.succeeded()
      answers.sendEncoded(encoding.encodeHistory({ id, topic, ...page }))
      await answers.taken()
    } catch (error) {
      if (!(error instanceof BrokerUnavailableError)) throw error
      answers.refuse(id, topic, 'unavailable', 'The broker is down', { retryAfter: RETRY_AFTER_MS })
    }
  }

  /** Asks whether the client may receive a topic. */
  async decide(topic: string, allowed: AllowedTopic | null): Promise<Decision> {
    const ask = allowed?.permissions.subscribe
    if (allowed === null || ask === undefined) return { isAllowed: false, denied: null }
    const { parameters } = allowed
    return decide(await ask({ client: this.#parts.client, parameters, topic }))
  }

  /**
   * Asks again for the permissions that end: the client has a new token.
   *
   * @returns how many questions that were.
   */
  async askAgain(): Promise<number> {
    // Copied: `#endAt` adds to the map.
    const endings = Array.from(this.#endings)
    for (const [topic, ending] of endings) {
      const decision = await this.decide(topic, ending.allowed)
      if (this.#endings.get(topic) !== ending) continue
      if (decision.isAllowed) this.#endAt(topic, ending.allowed, decision.until)
      else this.#denied(topic, decision.denied)
    }
    return endings.length
  }

  /**
   * The session is over. Its subscriptions end with its outlet. A permission that is still being
   * looked up must not arm a timer later: that would keep the session until the permission ends.
   */
  end(): void {
    this.#isOver = true
    for (const asking of this.#asking.values()) asking.isOver = true
    this.#asking.clear()
    for (const { end } of this.#endings.values()) end.cancel()
    this.#endings.clear()
    this.#served = null
    this.#feed.end()
  }

  #ask(topic: string): Asking {
    const asking: Asking = { isOver: this.#isOver }
    this.#asking.set(topic, asking)
    return asking
  }

  async #attach(
    id: number | null,
    topic: string,
    kind: AnyTopicKind,
    asking: Asking,
    from: From,
  ): Promise<void> {
    const { answers, topics } = this.#parts
    const { outlets } = topics
    const isResume = typeof from === 'object' && 'epoch' in from
    await outlets.attach(this.#receiver, topic, kind, from, (subscription) => {
      // The client may have unsubscribed meanwhile.
      if (asking.isOver) return false
      this.#asking.delete(topic)
      answers.succeeded()
      this.#feed.begin(subscription, { id, isResume })
      return true
    })
  }

  /** The subscriptions of the client that have begun. */
  #begun(): readonly Subscription[] {
    const receiver = this.#receiver
    return receiver.outlet.subscriptions.filter((each) => each.receiver === receiver)
  }

  /** A list, and not a map: a client has few topics, and there are many clients. */
  #find(topic: string): Subscription | undefined {
    return this.#begun().find((each) => each.topic.name === topic)
  }

  /** Ends a subscription when its permission ends. */
  #endAt(topic: string, allowed: AllowedTopic, until: Date | null): void {
    this.#endings.get(topic)?.end.cancel()
    this.#endings.delete(topic)
    if (until === null) return
    const { timers } = this.#parts.topics.node.environment
    const end = new PermissionEnd(timers, until, () => this.#denied(topic, null))
    this.#endings.set(topic, { allowed, end })
  }
}
