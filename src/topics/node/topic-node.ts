/**
 * A node: the topics of one process. It follows those that are received, publishes in order, and
 * keeps everything in step with the broker.
 */

import { Deferred, type Environment, quoteName } from '../../base/internal.ts'
import type {
  AppendIdentity,
  Broker,
  BrokerState,
  EventPlace,
  Head,
  LogPage,
  LogTopic,
  ReadLimit,
} from '../broker.ts'
import { BrokerUnavailableError, PublishRefusedError } from '../errors.ts'
import type { AnyTopicKind } from '../kind/define-topic.ts'
import type { From, Position } from '../kind/items.ts'
import { isMemory } from '../memory/memory-broker.ts'
import { BrokerWatch } from './broker-watch.ts'
import type { FollowedTopic } from './followed-topic.ts'
import { type Follower, Followers, type FollowSettings } from './following/followers.ts'
import { HeldBudget } from './following/held-events.ts'
import { LogFollower } from './following/log-follower.ts'
import { channelOf, WireFollower } from './following/wire-follower.ts'
import { encodeWireMessage } from './following/wire-message.ts'
import { type HistoryEvents, type HistoryRequest, readHistory, SCAN_LIMIT } from './history.ts'
import { AllCounters } from './kind-counters.ts'
import { LogKinds } from './log-kinds.ts'
import type { NodeNews } from './node-parts.ts'
import { Lanes } from './publishing/lanes.ts'
import { ReadSlots } from './reading/read-slots.ts'
import { RingBudget } from './ring-budget.ts'
import { startOf } from './starting-place.ts'
import { type Receiver, type Start, Subscription } from './subscription.ts'
import { Sweep } from './sweep.ts'

/** Settings of a node. All times are in milliseconds. */
export interface NodeSettings extends FollowSettings {
  readonly namespace: string
  readonly nodeId: string
  readonly dedupeMs: number
  readonly publishTimeoutMs: number
  /** Events without history while the broker is down. */
  readonly whileDown: 'local' | 'reject'
}

/** What a node reports to. */
export interface NodeOwner {
  brokerChanged(state: BrokerState): void
  told(news: NodeNews): void
  /** A message on another channel than those of topics. */
  message(channel: string, message: Uint8Array): void
}

/** The result of a publish. */
export interface NodePublished {
  /** `null` in a topic without history, and for a duplicate whose offset is not known. */
  readonly offset: number | null
  readonly epoch: string | null
  readonly duplicate: boolean
  /** How many subscriptions of this process the event is for. */
  readonly here: number
}

/** An event to publish. */
export interface NodePublish {
  readonly envelope: Uint8Array
  readonly identity: AppendIdentity | null
  readonly expect: Head | null
  readonly signal: AbortSignal | null
}

/** How long the end of a node waits for a broker that does not answer. */
const FLUSH_MS = 1000

/** One node. */
export class TopicNode {
  readonly environment: Environment
  readonly broker: Broker
  readonly settings: NodeSettings
  readonly counters: AllCounters = new AllCounters()
  readonly #owner: NodeOwner
  readonly #slots = new ReadSlots()
  readonly #kinds: LogKinds
  readonly #followers: Followers
  readonly #lanes: Lanes
  readonly #watch: BrokerWatch
  #hasBeenUp = false
  #numbers = 0

  constructor(broker: Broker, environment: Environment, settings: NodeSettings, owner: NodeOwner) {
    this.broker = broker
    this.environment = environment
    this.settings = settings
    this.#owner = owner
    const isUp = (): boolean => this.isUp
    this.#watch = new BrokerWatch(environment.timers)
    this.#kinds = new LogKinds(broker, settings.dedupeMs)
    const parts = {
      broker,
      environment,
      slots: this.#slots,
      budget: new RingBudget(),
      held: new HeldBudget(),
      sweep: new Sweep(environment),
      isUp,
      nextNumber: () => ++this.#numbers,
      countersOf: (kind: AnyTopicKind) => this.counters.of(kind),
      told: (news: NodeNews) => owner.told(news),
    }
    this.#followers = new Followers(parts, this.#kinds, settings)
    const { nodeId, publishTimeoutMs } = settings
    this.#lanes = new Lanes(nodeId, { broker, environment, publishTimeoutMs, isUp })
  }

  get state(): BrokerState {
    return this.#watch.state
  }

  get isUp(): boolean {
    return this.#watch.isUp
  }

  get isClosed(): boolean {
    return this.#watch.isClosed
  }

  /** How many topics are followed. */
  get followedCount(): number {
    return this.#followers.size
  }

  /** The topics that are followed; a copy. */
  get followed(): FollowedTopic[] {
    return this.#followers.topics
  }

  /** Connects. Rejects if another attempt cannot succeed. */
  open(): Promise<void> {
    const { namespace, nodeId } = this.settings
    const { environment } = this
    const sink = {
      event: (topic: string, place: EventPlace, message: Uint8Array): void =>
        this.#followers.event(topic, place, message),
      message: (channel: string, message: Uint8Array): void => this.#message(channel, message),
      state: (state: BrokerState): void => this.#changed(state),
    }
    return this.broker.open(sink, { namespace, nodeId, environment })
  }

  /** Ends everything, after the broker has taken what was sent before. Never rejects. */
  async close(): Promise<void> {
    const { followed, isUp } = this
    this.#watch.changed({ state: 'closed' })
    this.#lanes.end()
    this.#followers.end()
    for (const { subscriptions } of followed) {
      for (const each of subscriptions.some(subscriptions.size)) {
        if (!(each instanceof Subscription)) continue
        this.unsubscribe(each)
        each.receiver.ended?.()
      }
    }
    if (isUp && !isMemory(this.broker)) await this.#flush()
    await this.broker.close()
    this.#watch.end()
  }

  /**
   * Brokers send after the current turn, and drop at their end what is not sent: the goodbye of
   * this process would be lost. Waits for a second at most. Never rejects.
   */
  async #flush(): Promise<void> {
    const flushed = new Deferred<void>()
    const end = (): void => void flushed.resolve()
    const timer = this.environment.timers.schedule(FLUSH_MS, end)
    this.broker.flush().then(end, end)
    await flushed.promise
    timer.cancel()
  }

  /** How many subscriptions of this process a topic has. */
  subscribersOf(name: string): number {
    return this.#followers.find(name)?.topic.subscriptions.size ?? 0
  }

  /**
   * Begins a subscription. Waits for the broker if the log has to be read first.
   *
   * @param signal ends that wait.
   * @throws (by rejecting) the error of `Broker.prepare` or `Broker.read`, the reason of `signal`,
   *   and {BrokerUnavailableError} after `close`.
   */
  async subscribe(
    name: string,
    kind: AnyTopicKind,
    receiver: Receiver,
    from: From,
    signal: AbortSignal | null = null,
  ): Promise<Subscription> {
    const follower = await this.#ready(name, kind, signal)
    const start = await this.#startOf(follower, from, signal)
    // The topic may have been given up meanwhile.
    const { topic } = this.#followers.follow(name, kind)
    const subscription = new Subscription(topic, receiver, start)
    topic.subscriptions.add(subscription)
    return subscription
  }

  /** Where a subscription begins. If that cannot be read, the topic is given up after some time. */
  async #startOf(follower: Follower, from: From, signal: AbortSignal | null): Promise<Start> {
    try {
      return await startOf(follower, from, this.#watch, signal)
    } catch (error) {
      this.#followers.letLinger(follower.topic)
      throw error
    }
  }

  /** Ends a subscription. The topic is followed for some time more. */
  unsubscribe(subscription: Subscription): void {
    const { topic } = subscription
    subscription.close()
    topic.subscriptions.remove(subscription)
    this.#followers.letLinger(topic)
  }

  /** Publishes an event. @throws (by rejecting) as `Topic.publish`. */
  publish(name: string, kind: AnyTopicKind, publish: NodePublish): Promise<NodePublished> {
    return kind.history === null
      ? this.#publishPlain(name, kind, publish)
      : this.#publishLogged(name, kind, publish)
  }

  /** The newest position of a topic with history. */
  async position(name: string, kind: AnyTopicKind): Promise<Position> {
    const topic = this.#followers.find(name)?.topic
    if (topic?.isReady === true) return { epoch: topic.epoch, offset: topic.head }
    const log = { name, kind: this.#kinds.of(kind) }
    await this.#kinds.prepare(log.kind)
    const [head] = await this.broker.heads([log])
    if (head === undefined)
      throw new BrokerUnavailableError(`ask for the head of ${quoteName(name)}`, name)
    return head
  }

  /** Reads a page of a topic with history. @throws (by rejecting) {BrokerUnavailableError} */
  async history(name: string, kind: AnyTopicKind, request: HistoryRequest): Promise<HistoryEvents> {
    const topic = { name, kind: this.#kinds.of(kind) }
    await this.#kinds.prepare(topic.kind)
    return readHistory(request, {
      isDense: this.broker.offsets === 'dense',
      spacing: this.#followers.find(name)?.topic.ring?.spacing ?? null,
      head: () => this.position(name, kind),
      offsetBefore: async (count) => {
        const follower = this.#followers.find(name)
        if (!(follower instanceof LogFollower) || !follower.topic.isReady) return 0
        const isInRing = follower.topic.ring?.events.at(-count - 1) !== undefined
        // The log is read once for all that ask meanwhile. Each of them counts the reads.
        if (!isInRing) request.mayRead?.(Math.floor(topic.kind.size / SCAN_LIMIT.events))
        return follower.offsetBefore(count)
      },
      read: (after, limit) => this.#read(topic, after, limit),
    })
  }

  /** Reads a page. Its epoch has the name that subscribers know it by. */
  async #read(topic: LogTopic, after: number, limit: ReadLimit): Promise<LogPage> {
    const { name } = topic
    for (;;) {
      const life = this.#exposed(name, '')
      const page = await this.#slots.run(() => this.broker.read(topic, after, limit))
      // If the log has gone back during the read, the page may be of either life: it is read again.
      if (this.#exposed(name, '') !== life) continue
      return { ...page, epoch: this.#exposed(name, page.epoch) }
    }
  }

  /** The name that subscribers of a topic know an epoch of the broker by. */
  #exposed(name: string, epoch: string): string {
    const follower = this.#followers.find(name)
    return follower instanceof LogFollower ? follower.exposed(epoch) : epoch
  }

  #message(channel: string, message: Uint8Array): void {
    if (!channel.startsWith('e:')) {
      this.#owner.message(channel, message)
      return
    }
    const name = channel.slice(2)
    const follower = this.#followers.find(name)
    if (follower instanceof WireFollower) follower.message(message, this.#lanes.senderOf(name))
  }

  #changed(state: BrokerState): void {
    // After `close`, only the end of the broker matters.
    if (this.isClosed && state.state !== 'closed') return
    const wasUp = this.isUp
    this.#watch.changed(state)
    if (this.isUp && !wasUp) this.#up()
    this.#owner.brokerChanged(state)
  }

  #up(): void {
    const isReturn = this.#hasBeenUp
    this.#hasBeenUp = true
    this.#lanes.up()
    this.#followers.up(isReturn)
  }

  /** The follower of a topic whose head is known. */
  async #ready(name: string, kind: AnyTopicKind, signal: AbortSignal | null): Promise<Follower> {
    if (kind.history !== null) await this.#prepareWhenUp(kind, signal)
    for (;;) {
      const follower = await this.#followers.ready(name, kind, signal)
      if (follower !== null) return follower
      if (this.isClosed) throw new BrokerUnavailableError(`subscribe to ${quoteName(name)}`, name)
    }
  }

  async #prepareWhenUp(kind: AnyTopicKind, signal: AbortSignal | null): Promise<void> {
    for (let attempts = 0; ; attempts++) {
      try {
        await this.#kinds.prepare(this.#kinds.of(kind))
        return
      } catch (error) {
        if (!(error instanceof BrokerUnavailableError) || this.isClosed) throw error
        await this.#watch.retry(attempts, signal)
      }
    }
  }

  async #publishLogged(
    name: string,
    kind: AnyTopicKind,
    { envelope, identity, expect, signal }: NodePublish,
  ): Promise<NodePublished> {
    const counters = this.counters.of(kind)
    try {
      const topic = { name, kind: this.#kinds.of(kind) }
      const prepared = this.#kinds.prepare(topic.kind)
      // Without a wait where none is needed: publishes keep the order of the calls.
      if (prepared !== null) await prepared
      const follower = this.#followers.find(name)
      const hidden =
        expect !== null && follower instanceof LogFollower
          ? { ...expect, epoch: follower.hidden(expect.epoch) }
          : expect
      const request = { message: envelope, identity, expect: hidden, signal }
      const { epoch, offset, duplicate } = await this.#lanes.laneOf(topic).publish(request)
      counters.published++
      const here = this.subscribersOf(name)
      return { epoch: this.#exposed(name, epoch), offset, duplicate, here }
    } catch (error) {
      const isExpectation = error instanceof PublishRefusedError && error.reason === 'expectation'
      if (!isExpectation) counters.publishFailures++
      throw error
    }
  }

  #publishPlain(
    name: string,
    kind: AnyTopicKind,
    { envelope }: NodePublish,
  ): Promise<NodePublished> {
    const counters = this.counters.of(kind)
    const message = encodeWireMessage({ ...this.#lanes.nextOf(name), envelope })
    try {
      this.broker.send(channelOf(name), message)
    } catch (error) {
      if (!(error instanceof BrokerUnavailableError)) throw error
      if (this.settings.whileDown === 'reject') {
        counters.publishFailures++
        const act = `publish to ${quoteName(name)}`
        return Promise.reject(new BrokerUnavailableError(act, name, { cause: error }))
      }
    }
    counters.published++
    const follower = this.#followers.find(name)
    if (follower instanceof WireFollower) follower.publish(envelope)
    const here = this.subscribersOf(name)
    return Promise.resolve({ offset: null, epoch: null, duplicate: false, here })
  }
}
