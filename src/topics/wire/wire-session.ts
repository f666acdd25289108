/**
 * The ready-made protocol, for one connection: what the client asks for, within its limits and permissions.
 */

import type { DefaultWebSocketServerSession } from '../../application/index.ts'
import { ScopeEndedError } from '../../base/index.ts'
import { TokenBucket, type WheelTimer } from '../../base/internal.ts'
import { ClosedReceiveChannelError } from '../../channels/index.ts'
import { CloseReason, Frame } from '../../protocol/index.ts'
import {
  BrokerUnavailableError,
  PublishRefusedError,
  PublishUncertainError,
  TopicNameError,
} from '../errors.ts'
import type { AnyTopicKind, TopicKind } from '../kind/define-topic.ts'
import type { From } from '../kind/items.ts'
import { problemOf } from '../kind/topic-name.ts'
import type { Attached } from '../session-outlets.ts'
import type { TopicsLimitName } from '../topics-events.ts'
import type { TopicsParts } from '../topics-parts.ts'
import type { ClientNames } from './client-names.ts'
import {
  type ClientMessage,
  type ErrorCode,
  HELLO_TIMEOUT_MS,
  MAX_UNANSWERED,
  type ServerMessage,
} from './messages.ts'
import { type AllowedTopic, decide, Denied, type Permissions } from './permissions.ts'
import { readClientMessage } from './read-client-message.ts'
import type { TopicsClient } from './topics-client.ts'
import { encodeMessage, WireFeed } from './wire-feed.ts'
import { WirePresence } from './wire-presence.ts'

/** How the ready-made protocol is served. */
export interface ServeOptions {
  /**
   * Whether a client may stay, asked with the token of its `hello` and each one that it renews; `null` for none. What is
   * not allowed is closed with 4401. @defaultValue everybody may
   */
  readonly authenticate?: (asked: {
    readonly session: DefaultWebSocketServerSession
    readonly token: string | null
  }) => boolean | Promise<boolean>
  /** Runs when a client has said hello: it may subscribe the client to topics of its own. */
  readonly connected?: (client: TopicsClient) => Promise<void> | void
}

/** What all sessions of a route share. */
export interface WireParts {
  readonly topics: TopicsParts
  readonly permissions: Permissions
  readonly names: ClientNames
  readonly options: ServeOptions
}

interface Subscribed {
  readonly topic: AllowedTopic | null
  attached: Attached | null
  until: WheelTimer | null
}

type Publish = Extract<ClientMessage, { type: 'publish' }>

const NOT_UNDERSTOOD = new CloseReason(4400, 'Not understood')
const WHO_ARE_YOU = new CloseReason(4401, 'Who are you')
const NO_HELLO = new CloseReason(4408, 'No hello')
const TOO_FAST = new CloseReason(4429, 'Too fast')
const RATE_BURST_MS = 2000
/** Refusals in a row of a client that does not slow down. */
const MAX_REFUSALS = 200
const MAX_TIMER_MS = 2 ** 31 - 1

/** One client's connection. */
export class WireSession implements TopicsClient {
  readonly session: DefaultWebSocketServerSession
  readonly #parts: WireParts
  readonly #subscribed = new Map<string, Subscribed>()
  readonly #presence: WirePresence
  readonly #subscribes: TokenBucket
  readonly #publishes: TokenBucket
  /** The lowest number that was refused and may come again, by topic: later ones must wait for it. */
  readonly #refused = new Map<string, number>()
  /** Publishes begin in the order in which they came. */
  #publishing: Promise<void> = Promise.resolve()
  #unanswered = 0
  #refusals = 0
  #id = ''
  #token: string | null = null

  constructor(session: DefaultWebSocketServerSession, parts: WireParts) {
    this.session = session
    this.#parts = parts
    const { settings, node } = parts.topics
    const { clock } = node.environment
    this.#presence = new WirePresence({
      client: this,
      session,
      topics: parts.topics,
      permissions: parts.permissions,
      decide: (topic, allowed) => this.#decide(topic, allowed),
      forbid: (id, topic, denied) => this.#forbid(id, topic, denied),
      refuse: (id, topic, code, message) => void this.#refuse(id, topic, code, message),
      deny: (topic) => this.#deny(topic, null),
      tellLimit: (limit, topic) => this.#tellLimit(limit, topic),
    })
    this.#subscribes = new TokenBucket(clock, settings.maxSubscribesPerSecond, 1000)
    this.#publishes = new TokenBucket(clock, settings.maxPublishesPerSecond, RATE_BURST_MS)
  }

  get id(): string {
    return this.#id
  }

  get token(): string | null {
    return this.#token
  }

  get call(): DefaultWebSocketServerSession['call'] {
    return this.session.call
  }

  /** Serves the client until it leaves. */
  async run(): Promise<void> {
    const hello = await this.#hello()
    if (hello === null) return
    const listener = this.#parts.topics.monitor.on('brokerChanged', ({ state }) =>
      this.#send({ type: 'broker', state: state.state }),
    )
    try {
      await this.#welcome(hello)
      for await (const frame of this.session.incoming) {
        if (!(await this.#receive(frame))) return
      }
    } finally {
      listener[Symbol.dispose]()
      for (const { until } of this.#subscribed.values()) until?.cancel()
      this.#presence.end()
    }
  }

  async subscribe<Parameters, Event, Input, Meta>(
    kind: TopicKind<Parameters, Event, Input, Meta>,
    parameters: Parameters,
    { from = 'now' }: { readonly from?: From } = {},
  ): Promise<void> {
    this.#parts.topics.kinds.add(kind as AnyTopicKind) // whatever its types are
    const name = kind.nameOf(parameters)
    if (this.#subscribed.has(name)) return
    await this.#attach(null, name, kind as AnyTopicKind, null, from)
  }

  async #hello(): Promise<Extract<ClientMessage, { type: 'hello' }> | null> {
    const { session } = this
    const { timers } = this.#parts.topics.node.environment
    const timer = timers.schedule(HELLO_TIMEOUT_MS, () => {
      this.#tellLimit('helloTimeout', null)
      void session.close(NO_HELLO)
    })
    try {
      const frame = await session.incoming.receive()
      const message = frame instanceof Frame.Text ? readClientMessage(frame.readText()) : null
      if (message?.type === 'hello') return message
      void session.close(NOT_UNDERSTOOD)
    } catch (error) {
      if (!(error instanceof ClosedReceiveChannelError)) throw error
    } finally {
      timer.cancel()
    }
    return null
  }

  async #welcome(hello: Extract<ClientMessage, { type: 'hello' }>): Promise<void> {
    const { names, topics, options } = this.#parts
    const { settings, node } = topics
    if (!(await this.#authenticate(hello.token))) return
    const known = hello.client === null ? null : names.recognise(hello.client)
    const { id, client } =
      known === null || hello.client === null ? names.create() : { id: known, client: hello.client }
    this.#id = id
    this.#send({
      type: 'welcome',
      client,
      limits: {
        topics: settings.maxTopics,
        eventBytes: settings.maxEventBytes,
        publishesPerSecond: settings.maxPublishesPerSecond,
        unanswered: MAX_UNANSWERED,
      },
      dedupe: settings.dedupeMs,
      features: ['presence'],
    })
    if (!node.isUp) this.#send({ type: 'broker', state: node.state.state })
    await options.connected?.(this)
    for (const { topic, ...rest } of hello.topics) {
      const from = 'from' in rest ? rest.from : rest
      // Resumed all at once: the rate is for those who ask one by one.
      void this.session
        .launch(() => this.#subscribe(null, topic, from))
        .catch(() => {
          // The session has failed with it.
        })
    }
  }

  async #authenticate(token: string | null): Promise<boolean> {
    this.#token = token
    const { authenticate } = this.#parts.options
    // Whatever the function returns: anything but true is no permission.
    const verdict: unknown =
      authenticate === undefined ? true : await authenticate({ session: this.session, token })
    if (verdict !== true) void this.session.close(WHO_ARE_YOU)
    return verdict === true
  }

  /** @returns whether the session goes on. */
  async #receive(frame: Frame): Promise<boolean> {
    const message = frame instanceof Frame.Text ? readClientMessage(frame.readText()) : null
    switch (message?.type) {
      case 'subscribe':
        return this.#askToSubscribe(message)
      case 'unsubscribe':
        this.#unsubscribe(message.topic)
        this.#send({ type: 'unsubscribed', id: message.id, topic: message.topic })
        return true
      case 'publish':
        return this.#askToPublish(message)
      case 'token':
        if (!(await this.#authenticate(message.token))) return false
        await this.#askAgain()
        await this.#presence.askAgain()
        return true
      case 'presence':
      case 'join':
      case 'leave':
        return this.#askForPresence(message)
      case 'unknown':
        return this.#refuse(message.id, null, 'unknown', `Unknown message "${message.named}"`)
      case 'hello':
      case undefined:
        void this.session.close(NOT_UNDERSTOOD)
        return false
    }
  }

  #askForPresence(
    message: Extract<ClientMessage, { type: 'presence' | 'join' | 'leave' }>,
  ): boolean {
    const { id, topic } = message
    if (!this.#maySubscribe(id, topic)) return !this.session.outgoing.isClosedForSend
    void this.session
      .launch(() => this.#presence.handle(message))
      .catch(() => {
        // The session has failed with it.
      })
    return true
  }

  /** Takes from the rate of subscribes, or refuses. */
  #maySubscribe(id: number, topic: string): boolean {
    if (this.#subscribes.take()) return true
    this.#tellLimit('maxSubscribesPerSecond', topic)
    const retryAfter = Math.ceil(this.#subscribes.msUntilToken)
    this.#refuse(id, topic, 'rate', 'Too many subscribes', { retryAfter })
    return false
  }

  #askToSubscribe({
    id,
    topic,
    from,
  }: Extract<ClientMessage, { type: 'subscribe' }>): Promise<boolean> | boolean {
    if (!this.#maySubscribe(id, topic)) return !this.session.outgoing.isClosedForSend
    // The next message is not held up by a permission that takes its time.
    void this.session
      .launch(() => this.#subscribe(id, topic, from))
      .catch(() => {
        // The session has failed with it.
      })
    return true
  }

  async #subscribe(id: number | null, name: string, from: From): Promise<void> {
    const { permissions, topics } = this.#parts
    if (problemOf(name) !== null) {
      this.#refuse(id, null, 'name', 'The name of the topic is invalid')
      return
    }
    if (this.#subscribed.has(name)) this.#unsubscribe(name)
    if (this.#subscribed.size >= topics.settings.maxTopics) {
      this.#tellLimit('maxTopics', name)
      this.#refuse(id, name, 'limit', 'Too many topics')
      return
    }
    const allowed = permissions.find(name)
    const subscribed: Subscribed = { topic: allowed, attached: null, until: null }
    this.#subscribed.set(name, subscribed)
    const decision = await this.#decide(name, allowed)
    // It may have been taken back meanwhile.
    if (this.#subscribed.get(name) !== subscribed) return
    if (!decision.isAllowed || allowed === null) {
      this.#subscribed.delete(name)
      this.#forbid(id, name, decision.isAllowed ? null : decision.denied)
      return
    }
    this.#endAt(name, subscribed, decision.until)
    await this.#attach(id, name, allowed.kind, subscribed, from)
  }

  async #attach(
    id: number | null,
    topic: string,
    kind: AnyTopicKind,
    existing: Subscribed | null,
    from: From,
  ): Promise<void> {
    const subscribed = existing ?? { topic: null, attached: null, until: null }
    this.#subscribed.set(topic, subscribed)
    const isResume = typeof from === 'object' && 'epoch' in from
    const { outlets } = this.#parts.topics
    const attached = await outlets.attach(
      this.session,
      topic,
      kind,
      from,
      (begin) => new WireFeed({ id, topic, isResume, begin }),
    )
    if (this.#subscribed.get(topic) === subscribed) subscribed.attached = attached
    else attached.cancel()
  }

  #unsubscribe(topic: string): void {
    const subscribed = this.#subscribed.get(topic)
    if (subscribed === undefined) return
    this.#subscribed.delete(topic)
    subscribed.until?.cancel()
    subscribed.attached?.cancel()
  }

  async #decide(topic: string, allowed: AllowedTopic | null): Promise<ReturnType<typeof decide>> {
    const ask = allowed?.permissions.subscribe
    if (allowed === null || ask === undefined) return { isAllowed: false, denied: null }
    return decide(await ask({ client: this, parameters: allowed.parameters, topic }))
  }

  /** Ends a subscription when its permission does. */
  #endAt(topic: string, subscribed: Subscribed, until: Date | null): void {
    subscribed.until?.cancel()
    subscribed.until = null
    if (until === null) return
    const { timers } = this.#parts.topics.node.environment
    const ms = Math.min(Math.max(0, until.getTime() - Date.now()), MAX_TIMER_MS)
    subscribed.until = timers.schedule(ms, () => this.#deny(topic, null))
  }

  #deny(topic: string, denied: Denied | null): void {
    this.#unsubscribe(topic)
    this.#presence.denied(topic)
    const { code = 'expired', message = '' } = denied ?? {}
    this.#send({ type: 'denied', topic, code, message })
  }

  /** A renewed token is asked for everything that was allowed up to a moment. */
  async #askAgain(): Promise<void> {
    for (const [topic, subscribed] of this.#subscribed) {
      if (subscribed.until === null) continue
      const decision = await this.#decide(topic, subscribed.topic)
      if (this.#subscribed.get(topic) !== subscribed) continue
      if (decision.isAllowed) this.#endAt(topic, subscribed, decision.until)
      else this.#deny(topic, decision.denied)
    }
  }

  /** @returns whether the session goes on. */
  #askToPublish(publish: Publish): boolean {
    const { id, topic, seq } = publish
    if (this.#unanswered >= MAX_UNANSWERED) {
      this.#tellLimit('maxUnanswered', topic)
      void this.session.close(TOO_FAST)
      return false
    }
    const refused = this.#refused.get(topic)
    if (refused !== undefined && seq > refused) {
      // Stored before the one that was refused, it would make that one look like a repetition.
      return this.#refuse(id, topic, 'order', 'An earlier publish was refused', { retryAfter: 0 })
    }
    if (!this.#publishes.take()) {
      this.#tellLimit('maxPublishesPerSecond', topic)
      const retryAfter = Math.ceil(this.#publishes.msUntilToken)
      return this.#refusePublish(publish, 'rate', 'Too many publishes', retryAfter)
    }
    if (seq === refused) this.#refused.delete(topic)
    this.#unanswered++
    this.#publishing = this.#publishing.then(() => this.#publish(publish))
    return true
  }

  /** Resolves when the publish has begun. Never rejects. */
  async #publish(publish: Publish): Promise<void> {
    const { id, topic: name, seq, key, data } = publish
    const { permissions, topics } = this.#parts
    try {
      const refused = this.#refused.get(name)
      if (refused !== undefined && seq > refused) throw new OrderError()
      const allowed = problemOf(name) === null ? permissions.find(name) : null
      const event = await this.#mayPublish(name, allowed, data)
      if (allowed === null) throw new PublishRefusedError(name, 'forbidden')
      const served = topics.served(name, allowed.kind)
      const identity = { lane: this.#id, sequence: seq }
      const origin = { publisher: this.#id, identity }
      const published = served.publishFrom(origin, event, key === null ? {} : { key })
      published.then(
        ({ epoch, offset, duplicate }) => {
          this.#unanswered--
          this.#refusals = 0
          this.#send({ type: 'published', id, epoch, offset, duplicate })
        },
        (error: unknown) => this.#publishFailed(publish, error),
      )
    } catch (error) {
      this.#publishFailed(publish, error)
    }
  }

  /** @returns what is to be published. @throws {PublishRefusedError} */
  async #mayPublish(topic: string, allowed: AllowedTopic | null, event: unknown): Promise<unknown> {
    const ask = allowed?.permissions.publish
    if (allowed === null || ask === undefined) throw new PublishRefusedError(topic, 'forbidden')
    const valid = await this.#parts.topics.served(topic, allowed.kind).validate(event)
    const answer = await ask({
      client: this,
      parameters: allowed.parameters,
      topic,
      event: valid,
    })
    if (answer === true) return event
    if (typeof answer === 'object' && answer !== null && 'event' in answer) return answer.event
    const detail = answer instanceof Denied ? answer.message : undefined
    throw new PublishRefusedError(topic, 'forbidden', detail === undefined ? {} : { detail })
  }

  #publishFailed(publish: Publish, error: unknown): void {
    this.#unanswered--
    const { id, topic } = publish
    if (error instanceof BrokerUnavailableError) {
      this.#refusePublish(publish, 'unavailable', 'The broker is away', RETRY_AFTER_MS)
    } else if (error instanceof PublishUncertainError) {
      this.#refuse(id, topic, 'uncertain', error.message)
    } else if (error instanceof OrderError) {
      this.#refuse(id, topic, 'order', 'An earlier publish was refused', { retryAfter: 0 })
    } else if (error instanceof PublishRefusedError && error.reason === 'busy') {
      this.#refusePublish(publish, 'busy', error.message, RETRY_AFTER_MS)
    } else if (error instanceof PublishRefusedError) {
      if (error.reason === 'size') this.#tellLimit('maxEventBytes', topic)
      const code = error.reason === 'size' || error.reason === 'schema' ? error.reason : 'forbidden'
      this.#refuse(id, topic, code, error.message)
    } else if (error instanceof TypeError || error instanceof TopicNameError) {
      this.#refuse(id, topic, 'schema', 'The event is invalid')
    } else {
      // A permission of the application has failed: the session fails with it, once.
      this.#fail(error)
    }
  }

  /** Fails the session, if it is not over. */
  #fail(error: unknown): void {
    try {
      void this.session
        .launch(() => {
          throw error
        })
        .catch(() => {
          // The session has failed with it.
        })
    } catch (ended) {
      if (!(ended instanceof ScopeEndedError)) throw ended
    }
  }

  /** Refuses a publish that may come again; later ones of the topic have to wait for it. */
  #refusePublish(publish: Publish, code: ErrorCode, message: string, retryAfter: number): boolean {
    const { id, topic, seq } = publish
    this.#refused.set(topic, Math.min(seq, this.#refused.get(topic) ?? seq))
    return this.#refuse(id, topic, code, message, { retryAfter })
  }

  #forbid(id: number | null, topic: string, denied: Denied | null): void {
    const more = denied === null ? {} : { denied: { code: denied.code, message: denied.message } }
    this.#refuse(id, topic, 'forbidden', 'Not allowed, or no such topic', more)
  }

  /** @returns whether the session goes on. */
  #refuse(
    id: number | null,
    topic: string | null,
    code: ErrorCode,
    message: string,
    more: Partial<Extract<ServerMessage, { type: 'error' }>> = {},
  ): boolean {
    if (++this.#refusals > MAX_REFUSALS) {
      void this.session.close(TOO_FAST)
      return false
    }
    const named = topic === null ? {} : { topic }
    this.#send({ type: 'error', id, ...named, code, message, ...more })
    return true
  }

  #send(message: ServerMessage): void {
    this.#parts.topics.outlets.outletOf(this.session).send(encodeMessage(message))
  }

  #tellLimit(limit: TopicsLimitName, topic: string | null): void {
    const { session } = this
    this.#parts.topics.monitor.emit('limitReached', { limit, session, topic })
  }
}

const RETRY_AFTER_MS = 1000

/** A publish came behind one that was refused. */
class OrderError extends Error {}
