/**
 * The subscriptions of one client: within its limits, and for as long as its permissions last.
 */

import type { WheelTimer } from '../../base/internal.ts'
import { BrokerUnavailableError } from '../errors.ts'
import type { AnyTopicKind } from '../kind/define-topic.ts'
import type { From } from '../kind/items.ts'
import { problemOf } from '../kind/topic-name.ts'
import type { Attached } from '../session-outlets.ts'
import type { ClientMessage } from './messages.ts'
import { type AllowedTopic, decide, type Decision, type Denied } from './permissions.ts'
import { WireFeed } from './wire-feed.ts'
import type { WireParts } from './wire-parts.ts'

interface Subscribed {
  attached: Attached | null
  /** Set if the permission ends. */
  ending: { readonly allowed: AllowedTopic; readonly timer: WheelTimer } | null
}

const MAX_TIMER_MS = 2 ** 31 - 1

/** The subscriptions of one connection. */
export class WireSubscriptions {
  readonly #parts: WireParts
  readonly #denied: (topic: string, denied: Denied | null) => void
  readonly #subscribed = new Map<string, Subscribed>()

  /** @param denied is called when the permission for a topic has ended. */
  constructor(parts: WireParts, denied: (topic: string, denied: Denied | null) => void) {
    this.#parts = parts
    this.#denied = denied
  }

  /** Whether there is a subscription to the topic, or one has been asked for. */
  has(topic: string): boolean {
    return this.#subscribed.has(topic)
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
    this.unsubscribe(name)
    if (this.#subscribed.size >= topics.settings.maxTopics) {
      answers.tellLimit('maxTopics', name)
      answers.refuse(id, name, 'limit', 'Too many topics')
      return
    }
    const allowed = permissions.find(name)
    const subscribed: Subscribed = { attached: null, ending: null }
    this.#subscribed.set(name, subscribed)
    const decision = await this.decide(name, allowed)
    // The client may have unsubscribed meanwhile.
    if (this.#subscribed.get(name) !== subscribed) return
    if (!decision.isAllowed || allowed === null) {
      this.#subscribed.delete(name)
      answers.forbid(id, name, decision.isAllowed ? null : decision.denied)
      return
    }
    this.#endAt(name, subscribed, allowed, decision.until)
    await this.#attach(id, name, allowed.kind, subscribed, from)
  }

  /** Subscribes without asking for a permission. Does nothing if there is a subscription. */
  async subscribeAsServer(name: string, kind: AnyTopicKind, from: From): Promise<void> {
    if (this.#subscribed.has(name)) return
    const subscribed: Subscribed = { attached: null, ending: null }
    this.#subscribed.set(name, subscribed)
    await this.#attach(null, name, kind, subscribed, from)
  }

  /** Does nothing if there is no subscription. */
  unsubscribe(topic: string): void {
    const subscribed = this.#subscribed.get(topic)
    if (subscribed === undefined) return
    this.#subscribed.delete(topic)
    subscribed.ending?.timer.cancel()
    subscribed.attached?.cancel()
  }

  /** Answers a request for a page of the history. */
  async history(request: Extract<ClientMessage, { type: 'history' }>): Promise<void> {
    const { id, topic, from, before, limit } = request
    const { answers, encoding, permissions, topics } = this.#parts
    const allowed = permissions.find(topic)
    const decision = await this.decide(topic, allowed)
    if (!decision.isAllowed || allowed === null || allowed.kind.history === null) {
      answers.forbid(id, topic, decision.isAllowed ? null : decision.denied)
      return
    }
    try {
      const page = await topics.node.history(topic, allowed.kind, { from, before, limit })
      answers.succeeded()
      answers.sendEncoded(encoding.encodeHistory({ id, topic, ...page }))
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

  /** Asks again for the permissions that end: the client has a new token. */
  async askAgain(): Promise<void> {
    for (const [topic, subscribed] of this.#subscribed) {
      const { ending } = subscribed
      if (ending === null) continue
      const decision = await this.decide(topic, ending.allowed)
      if (this.#subscribed.get(topic) !== subscribed) continue
      if (decision.isAllowed) this.#endAt(topic, subscribed, ending.allowed, decision.until)
      else this.#denied(topic, decision.denied)
    }
  }

  /** The session is over. Its subscriptions end with its outlet. */
  end(): void {
    for (const { ending } of this.#subscribed.values()) ending?.timer.cancel()
  }

  async #attach(
    id: number | null,
    topic: string,
    kind: AnyTopicKind,
    subscribed: Subscribed,
    from: From,
  ): Promise<void> {
    const { encoding, session, topics } = this.#parts
    const isResume = typeof from === 'object' && 'epoch' in from
    const attached = await topics.outlets.attach(
      session,
      topic,
      kind,
      from,
      (followed, begin) => new WireFeed(followed, encoding, { id, isResume, begin }),
    )
    if (this.#subscribed.get(topic) === subscribed) subscribed.attached = attached
    else attached.cancel()
  }

  /** Ends a subscription when its permission ends. */
  #endAt(topic: string, subscribed: Subscribed, allowed: AllowedTopic, until: Date | null): void {
    subscribed.ending?.timer.cancel()
    subscribed.ending = null
    if (until === null) return
    const { timers } = this.#parts.topics.node.environment
    const ms = Math.min(Math.max(0, until.getTime() - Date.now()), MAX_TIMER_MS)
    const timer = timers.schedule(ms, () => this.#denied(topic, null))
    subscribed.ending = { allowed, timer }
  }
}

const RETRY_AFTER_MS = 1000
