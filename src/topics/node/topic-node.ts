/**
 * A node: what one process knows of topics. It follows those that somebody receives, publishes in order, and keeps
 * everything in step with the broker.
 */

import { Deferred, type Environment, type WheelTimer } from '../../base/internal.ts'
import type {
  AppendIdentity,
  Appended,
  Broker,
  BrokerState,
  EventPlace,
  Head,
  LogKind,
  LogTopic,
} from '../broker.ts'
import { BrokerUnavailableError } from '../errors.ts'
import type { AnyTopicKind } from '../kind/define-topic.ts'
import type { From, Position } from '../kind/items.ts'
import { Checks } from './checks.ts'
import { type HistoryEvents, type HistoryRequest, readHistory } from './history.ts'
import { Lanes } from './lanes.ts'
import { LogFollower } from './log-follower.ts'
import type { NodeNews, NodeParts } from './node-parts.ts'
import { ReadSlots } from './reading/read-slots.ts'
import { RingBudget } from './ring-budget.ts'
import { type Receiver, type Start, Subscription } from './subscription.ts'
import { Sweep } from './sweep.ts'
import { channelOf, WireFollower } from './wire-follower.ts'
import { encodeWireMessage } from './wire-message.ts'

/** How a node is set up. All times are in milliseconds. */
export interface NodeSettings {
  readonly namespace: string
  readonly nodeId: string
  readonly dedupeMs: number
  readonly publishTimeoutMs: number
  readonly lingerMs: number
  readonly checkEveryMs: number
  /** What becomes of events without history while the broker is away. */
  readonly whileDown: 'local' | 'reject'
}

/** What a node tells. */
export interface NodeOwner {
  brokerChanged(state: BrokerState): void
  told(news: NodeNews): void
  /** A message on another channel than those of topics. */
  message(channel: string, message: Uint8Array): void
}

/** What a publish came to. */
export interface NodePublished {
  /** `null` in a topic without history, and for a duplicate whose offset is not remembered. */
  readonly offset: number | null
  readonly epoch: string | null
  readonly duplicate: boolean
  /** Subscriptions of this process that the event is for. */
  readonly here: number
}

/** What is to be published. */
export interface NodePublish {
  readonly envelope: Uint8Array
  readonly identity: AppendIdentity | null
  readonly expect: Head | null
  readonly signal: AbortSignal | null
}

type Follower = LogFollower | WireFollower

interface Followed {
  readonly follower: Follower
  /** Set while nobody receives the topic, until it is given up. */
  linger: WheelTimer | null
  /** Resolves when the topic is ready for the first time. */
  readonly ready: Deferred<void>
}

/** One node. */
export class TopicNode {
  readonly environment: Environment
  readonly broker: Broker
  readonly settings: NodeSettings
  readonly #owner: NodeOwner
  readonly #parts: NodeParts
  readonly #followed = new Map<string, Followed>()
  readonly #kinds = new Map<AnyTopicKind, LogKind>()
  readonly #prepared = new Map<LogKind, Promise<void> | null>()
  readonly #checks: Checks
  readonly #lanes: Lanes
  /** One function for all subscriptions, of which there may be very many. */
  readonly #now = (): number => this.environment.clock.now()
  #state: BrokerState = { state: 'connecting' }
  #waitingForUp: Array<Deferred<void>> = []
  #hasBeenUp = false
  #numbers = 0

  constructor(broker: Broker, environment: Environment, settings: NodeSettings, owner: NodeOwner) {
    this.broker = broker
    this.environment = environment
    this.settings = settings
    this.#owner = owner
    this.#parts = {
      broker,
      environment,
      slots: new ReadSlots(),
      budget: new RingBudget(),
      sweep: new Sweep(environment),
      isUp: () => this.isUp,
      nextNumber: () => ++this.#numbers,
      told: (news) => owner.told(news),
    }
    this.#checks = new Checks(broker, environment, settings.checkEveryMs, this.#parts.isUp)
    this.#lanes = new Lanes(settings.nodeId, {
      broker,
      environment,
      publishTimeoutMs: settings.publishTimeoutMs,
      isUp: () => this.isUp,
    })
  }

  get state(): BrokerState {
    return this.#state
  }

  get isUp(): boolean {
    return this.#state.state === 'up'
  }

  /** How many topics are followed. */
  get followedCount(): number {
    return this.#followed.size
  }

  /** Connects. Rejects for what trying again cannot mend. */
  open(): Promise<void> {
    const { namespace, nodeId } = this.settings
    const { environment } = this
    const sink = {
      event: (topic: string, place: EventPlace, message: Uint8Array): void => {
        const follower = this.#followed.get(topic)?.follower
        if (follower instanceof LogFollower) follower.event(place, message)
      },
      message: (channel: string, message: Uint8Array): void => this.#message(channel, message),
      state: (state: BrokerState): void => this.#changed(state),
    }
    return this.broker.open(sink, { namespace, nodeId, environment })
  }

  /** Ends everything. Never rejects. */
  async close(): Promise<void> {
    this.#lanes.end()
    for (const name of this.#followed.keys()) this.#giveUp(name)
    await this.broker.close()
    for (const waiting of this.#waitingForUp) waiting.resolve()
  }

  /** How many subscriptions of this process a topic has. */
  subscribersOf(name: string): number {
    return this.#followed.get(name)?.follower.topic.subscriptions.size ?? 0
  }

  /** Resolves when the broker is up, or closed. */
  whenUp(): Promise<void> {
    if (this.isUp || this.#state.state === 'closed') return Promise.resolve()
    const waiting = new Deferred<void>()
    this.#waitingForUp.push(waiting)
    return waiting.promise
  }

  /**
   * Begins a subscription. Waits for the broker where the topic's log has to be asked first.
   *
   * @throws (by rejecting) what `prepare` of the broker throws.
   */
  async subscribe(
    name: string,
    kind: AnyTopicKind,
    receiver: Receiver,
    from: From,
  ): Promise<Subscription> {
    const followed = await this.#ready(name, kind)
    const start = await this.#startOf(followed.follower, from)
    // Somebody else may have given it up while we asked.
    const { topic } = this.#follow(name, kind).follower
    const subscription = new Subscription(topic, receiver, this.#now, start)
    topic.subscriptions.add(subscription)
    return subscription
  }

  /** Ends a subscription. The topic is followed for some time more. */
  unsubscribe(subscription: Subscription): void {
    const { topic } = subscription
    subscription.close()
    topic.subscriptions.remove(subscription)
    const followed = this.#followed.get(topic.name)
    if (followed?.follower.topic === topic) this.#letLinger(topic.name, followed)
  }

  /** Publishes an event. @throws (by rejecting) as `Topic.publish` says. */
  publish(name: string, kind: AnyTopicKind, publish: NodePublish): Promise<NodePublished> {
    if (kind.history === null) return this.#publishPlain(name, publish)
    const topic = { name, kind: this.#logKindOf(kind) }
    const prepared = this.#prepare(topic.kind)
    return prepared === null
      ? this.#publishLogged(topic, publish)
      : prepared.then(() => this.#publishLogged(topic, publish))
  }

  /** The position of a topic with history. */
  async position(name: string, kind: AnyTopicKind): Promise<Position> {
    const topic = this.#followed.get(name)?.follower.topic
    if (topic?.isReady === true) return { epoch: topic.epoch, offset: topic.head }
    const log = { name, kind: this.#logKindOf(kind) }
    await this.#prepare(log.kind)
    const [head] = await this.broker.heads([log])
    if (head === undefined) throw new BrokerUnavailableError(`ask for the head of "${name}"`, name)
    return head
  }

  /** Reads a page of a topic with history. @throws (by rejecting) {BrokerUnavailableError} */
  async history(name: string, kind: AnyTopicKind, request: HistoryRequest): Promise<HistoryEvents> {
    const topic = { name, kind: this.#logKindOf(kind) }
    await this.#prepare(topic.kind)
    const { slots } = this.#parts
    return readHistory(request, {
      isDense: this.broker.offsets === 'dense',
      head: () => this.position(name, kind),
      read: async (after, limit) => {
        const page = await slots.run(() => this.broker.read(topic, after, limit))
        const follower = this.#followed.get(name)?.follower
        const isFollowed = follower instanceof LogFollower
        return isFollowed ? { ...page, epoch: follower.exposed(page.epoch) } : page
      },
    })
  }

  /** The topic as the log knows it. */
  logTopicOf(name: string, kind: AnyTopicKind): LogTopic {
    return { name, kind: this.#logKindOf(kind) }
  }

  #message(channel: string, message: Uint8Array): void {
    if (!channel.startsWith('e:')) {
      this.#owner.message(channel, message)
      return
    }
    const name = channel.slice(2)
    const follower = this.#followed.get(name)?.follower
    if (follower instanceof WireFollower) follower.message(message, this.#lanes.senderOf(name))
  }

  #changed(state: BrokerState): void {
    const wasUp = this.isUp
    this.#state = state
    if (this.isUp && !wasUp) this.#up()
    this.#owner.brokerChanged(state)
  }

  #up(): void {
    const isReturn = this.#hasBeenUp
    this.#hasBeenUp = true
    const waiting = this.#waitingForUp
    this.#waitingForUp = []
    for (const each of waiting) each.resolve()
    this.#lanes.up()
    for (const { follower } of this.#followed.values()) {
      if (isReturn && follower instanceof WireFollower) follower.lostBroker()
      // Whoever waits for a page of the log asks again.
      follower.topic.mark()
    }
    void this.#checks.all()
  }

  /** The topic, once it is ready. */
  async #ready(name: string, kind: AnyTopicKind): Promise<Followed> {
    if (kind.history !== null) await this.#prepareUntilUp(this.#logKindOf(kind))
    for (;;) {
      const followed = this.#follow(name, kind)
      await followed.ready.promise
      if (this.#followed.get(name) === followed) return followed
      // Given up meanwhile, because nobody seemed to want it.
      if (this.#state.state === 'closed') {
        throw new BrokerUnavailableError(`subscribe to "${name}"`, name)
      }
    }
  }

  #follow(name: string, kind: AnyTopicKind): Followed {
    const existing = this.#followed.get(name)
    if (existing !== undefined) {
      existing.linger?.cancel()
      existing.linger = null
      return existing
    }
    const ready = new Deferred<void>()
    const begun = (): void => void ready.resolve()
    const follower =
      kind.history === null
        ? new WireFollower(name, kind, this.#parts)
        : new LogFollower(kind, { name, kind: this.#logKindOf(kind) }, this.#parts, begun)
    const followed: Followed = { follower, linger: null, ready }
    this.#followed.set(name, followed)
    if (follower instanceof LogFollower) this.#checks.add(follower)
    void this.#start(followed)
    return followed
  }

  /** Never rejects: a head that cannot be read now is read by the checks. */
  async #start({ follower, ready }: Followed): Promise<void> {
    try {
      await follower.start()
    } catch {
      // The broker follows by itself when it is back.
    }
    if (follower.topic.isReady) ready.resolve()
  }

  #letLinger(name: string, followed: Followed): void {
    if (followed.follower.topic.subscriptions.size > 0 || followed.linger !== null) return
    followed.linger = this.environment.timers.schedule(this.settings.lingerMs, () => {
      if (followed.follower.topic.subscriptions.size === 0) this.#giveUp(name)
    })
  }

  #giveUp(name: string): void {
    const followed = this.#followed.get(name)
    if (followed === undefined) return
    this.#followed.delete(name)
    followed.linger?.cancel()
    if (followed.follower instanceof LogFollower) this.#checks.remove(followed.follower)
    followed.follower.stop()
    followed.ready.resolve()
  }

  async #startOf(follower: Follower, from: From): Promise<Start> {
    const { topic } = follower
    const now: Start = { epoch: topic.epoch, offset: topic.head, awayMs: 0, isExact: true }
    if (from === 'now') return now
    if (follower instanceof WireFollower) {
      return typeof from === 'object' && 'epoch' in from ? { ...now, isLost: true } : now
    }
    if (from === 'start') return { ...now, offset: 0, awayMs: Infinity, isExact: false }
    if ('last' in from) {
      const offset = await follower.offsetBefore(from.last)
      return { ...now, epoch: topic.epoch, offset, awayMs: Infinity, isExact: false }
    }
    const { epoch, offset, away = Infinity } = from
    const start = { epoch, offset, awayMs: away, isExact: true }
    if (epoch !== topic.epoch || offset <= topic.head) return start
    // A position of the future: either this node is late, or it is of another life of the log (T-14).
    for (;;) {
      const head = await follower.check()
      if (head !== null)
        return offset <= Math.max(head, topic.head) ? start : { ...start, epoch: '' }
      await this.whenUp()
      if (this.#state.state === 'closed') return start
    }
  }

  #logKindOf(kind: AnyTopicKind): LogKind {
    let log = this.#kinds.get(kind)
    if (log === undefined) {
      const { size, ageMs } = kind.history ?? { size: 1, ageMs: 1 }
      const dedupeMs = Math.min(this.settings.dedupeMs, ageMs)
      log = Object.freeze({ id: kind.pattern, size, ageMs, dedupeMs })
      this.#kinds.set(kind, log)
    }
    return log
  }

  /** @returns `null` when the kind has been prepared. */
  #prepare(kind: LogKind): Promise<void> | null {
    const existing = this.#prepared.get(kind)
    if (existing !== undefined) return existing
    const preparing = this.broker.prepare(kind).then(
      () => void this.#prepared.set(kind, null),
      (error: unknown) => {
        this.#prepared.delete(kind)
        throw error
      },
    )
    this.#prepared.set(kind, preparing)
    return preparing
  }

  async #prepareUntilUp(kind: LogKind): Promise<void> {
    for (;;) {
      try {
        await this.#prepare(kind)
        return
      } catch (error) {
        if (!(error instanceof BrokerUnavailableError) || this.#state.state === 'closed')
          throw error
        await this.whenUp()
      }
    }
  }

  async #publishLogged(topic: LogTopic, publish: NodePublish): Promise<NodePublished> {
    const { envelope, identity, expect, signal } = publish
    const request = { message: envelope, identity, expect, signal }
    const appended: Appended = await this.#lanes.laneOf(topic).publish(request)
    const { epoch, offset, duplicate } = appended
    return { epoch, offset, duplicate, here: this.subscribersOf(topic.name) }
  }

  #publishPlain(name: string, { envelope }: NodePublish): Promise<NodePublished> {
    const { whileDown } = this.settings
    const message = encodeWireMessage({ ...this.#lanes.nextOf(name), envelope })
    try {
      this.broker.send(channelOf(name), message)
    } catch (error) {
      if (!(error instanceof BrokerUnavailableError)) throw error
      if (whileDown === 'reject') {
        const act = `publish to "${name}"`
        return Promise.reject(new BrokerUnavailableError(act, name, { cause: error }))
      }
    }
    const follower = this.#followed.get(name)?.follower
    if (follower instanceof WireFollower) follower.publish(envelope)
    const here = this.subscribersOf(name)
    return Promise.resolve({ offset: null, epoch: null, duplicate: false, here })
  }
}
