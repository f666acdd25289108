/**
 * One connection of the wire protocol: greets the client, and passes each message to the part that
 * handles it.
 */

import type { DefaultWebSocketServerSession } from '../../application/index.ts'
import { ClosedReceiveChannelError } from '../../channels/index.ts'
import { CloseReason } from '../../protocol/index.ts'
import { LiveSession } from '../../session/internal.ts'
import type { BrokerState } from '../broker.ts'
import type { AnyTopicKind, TopicKind } from '../kind/define-topic.ts'
import type { From } from '../kind/items.ts'
import { problemOf } from '../kind/topic-name.ts'
import { encodingOf, type WireEncoding } from './encodings.ts'
import { type ClientMessage, HELLO_TIMEOUT_MS, MAX_UNANSWERED } from './messages.ts'
import type { Denied } from './permissions.ts'
import type { WireService } from './serve-options.ts'
import type { TopicsClient } from './topics-client.ts'
import { WireAnswers } from './wire-answers.ts'
import { WirePresence } from './wire-presence.ts'
import { WirePublishing } from './wire-publishing.ts'
import { WireRequests } from './wire-requests.ts'
import { WireSubscriptions } from './wire-subscriptions.ts'

type Hello = Extract<ClientMessage, { type: 'hello' }>

const NOT_UNDERSTOOD = new CloseReason(4400, 'Not understood')
const WHO_ARE_YOU = new CloseReason(4401, 'Who are you')
const NO_HELLO = new CloseReason(4408, 'No hello')

/** The connection of one client. */
export class WireSession implements TopicsClient {
  readonly session: DefaultWebSocketServerSession
  readonly #service: WireService
  readonly #encoding: WireEncoding
  readonly #answers: WireAnswers
  readonly #publishing: WirePublishing
  readonly #subscriptions: WireSubscriptions
  readonly #presence: WirePresence
  readonly #requests: WireRequests
  #id = ''
  #token: string | null = null
  /** The topics of `hello`, until the subscribes to them begin. */
  #resumed: ReadonlyMap<string, Hello['topics'][number]> | null = null
  /** The state of the broker that waits until the client has taken what was sent before. */
  #untold: BrokerState['state'] | null = null

  constructor(session: DefaultWebSocketServerSession, service: WireService) {
    const { topics, permissions } = service
    this.session = session
    this.#service = service
    this.#encoding = encodingOf(session.protocol)
    this.#answers = new WireAnswers(session, topics, this.#encoding)
    const parts = {
      client: this,
      session,
      topics,
      permissions,
      encoding: this.#encoding,
      answers: this.#answers,
    }
    this.#publishing = new WirePublishing(parts)
    const spend = (requests: number): void => this.#requests.spend(requests)
    const deny = (topic: string, denied: Denied | null): void => this.#deny(topic, denied)
    this.#subscriptions = new WireSubscriptions(parts, deny, spend)
    this.#presence = new WirePresence(
      parts,
      (topic, allowed) => this.#subscriptions.decide(topic, allowed),
      (topic) => this.#deny(topic, null),
      spend,
    )
    this.#requests = new WireRequests(session, topics, this.#answers)
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
    const listener = this.#service.topics.monitor.on('brokerChanged', ({ state }) =>
      this.#tellBroker(state.state),
    )
    try {
      await this.#welcome(hello)
      for await (const frame of this.session.incoming) {
        if (!(await this.#receive(this.#encoding.read(frame)))) return
        await this.#answers.taken()
      }
    } finally {
      listener[Symbol.dispose]()
      this.#subscriptions.end()
      this.#presence.end()
    }
  }

  async subscribe<Parameters, Event, Input, Meta>(
    kind: TopicKind<Parameters, Event, Input, Meta>,
    parameters: Parameters,
    { from = 'now' }: { readonly from?: From } = {},
  ): Promise<void> {
    const anyKind = kind as AnyTopicKind // Its types do not matter here.
    this.#service.topics.kinds.add(anyKind)
    const name = kind.nameOf(parameters)
    // The client continues from its own place. Two subscriptions would hide what lies between.
    if (this.#resumed?.has(name) === true) this.#subscriptions.serve(name, anyKind, from)
    else await this.#subscriptions.subscribeAsServer(name, anyKind, from)
  }

  async #hello(): Promise<Hello | null> {
    const { session } = this
    const { timers } = this.#service.topics.node.environment
    const timer = timers.schedule(HELLO_TIMEOUT_MS, () => {
      this.#answers.tellLimit('helloTimeout', null)
      void session.close(NO_HELLO)
    })
    try {
      const message = this.#encoding.read(await session.incoming.receive())
      if (message?.type === 'hello') return message
      void session.close(NOT_UNDERSTOOD)
    } catch (error) {
      if (!(error instanceof ClosedReceiveChannelError)) throw error
    } finally {
      timer.cancel()
    }
    return null
  }

  /** Only the newest state waits: a client that reads nothing cannot fill the memory. */
  #tellBroker(state: BrokerState['state']): void {
    // `welcome` is the first message, and is followed by the state.
    if (this.#id === '') return
    const isWaiting = this.#untold !== null
    const taken = isWaiting ? null : this.#answers.taken()
    if (!isWaiting && taken === null) {
      this.#answers.send({ type: 'broker', state })
      return
    }
    this.#untold = state
    void taken?.then(() => {
      const newest = this.#untold ?? state
      this.#untold = null
      this.#answers.send({ type: 'broker', state: newest })
    })
  }

  async #welcome(hello: Hello): Promise<void> {
    const { names, topics, options } = this.#service
    const { settings, node } = topics
    if (!(await this.#authenticate(hello.token))) return
    const known = hello.client === null ? null : names.recognise(hello.client)
    const { id, client } =
      known === null || hello.client === null ? names.create() : { id: known, client: hello.client }
    this.#id = id
    this.#answers.send({
      type: 'welcome',
      client,
      limits: {
        topics: settings.maxTopics,
        eventBytes: settings.maxEventBytes,
        publishesPerSecond: settings.maxPublishesPerSecond,
        unanswered: MAX_UNANSWERED,
        ...messageLimit(this.session),
      },
      dedupe: settings.dedupeMs,
      features: ['presence', 'history'],
    })
    if (!node.isUp) this.#answers.send({ type: 'broker', state: node.state.state })
    // A topic that is named twice costs one question to the application: the last one counts.
    const resumed = new Map(hello.topics.map((each) => [each.topic, each]))
    this.#resumed = resumed
    await options.connected?.(this)
    this.#resumed = null
    for (const { topic, ...rest } of resumed.values()) {
      const from = 'from' in rest ? rest.from : rest
      // The rate does not count topics that are resumed. Their number is limited.
      this.#requests.launch(() => this.#subscriptions.subscribe(null, topic, from))
    }
  }

  async #authenticate(token: string | null): Promise<boolean> {
    this.#token = token
    const { authenticate } = this.#service.options
    // A function without types may return anything: only `true` is a permission.
    const verdict: unknown =
      authenticate === undefined ? true : await authenticate({ session: this.session, token })
    if (verdict !== true) void this.session.close(WHO_ARE_YOU)
    return verdict === true
  }

  /** @returns whether the session continues. */
  async #receive(message: ClientMessage | null): Promise<boolean> {
    if (message === null || message.type === 'hello') {
      void this.session.close(NOT_UNDERSTOOD)
      return false
    }
    if ('topic' in message && problemOf(message.topic) !== null) {
      this.#answers.refuse(message.id, null, 'name', 'The name of the topic is invalid')
      return this.#answers.isOpen
    }
    switch (message.type) {
      case 'unsubscribe':
        this.#subscriptions.unsubscribe(message.topic)
        this.#answers.send({ type: 'unsubscribed', id: message.id, topic: message.topic })
        break
      case 'publish':
        this.#publishing.handle(message)
        break
      case 'token':
        return this.#renew(message.token)
      case 'unknown':
        this.#answers.refuse(message.id, null, 'unknown', `Unknown message "${message.named}"`)
        break
      default:
        if (this.#requests.mayAsk(message.id, message.topic))
          this.#requests.launch(() => this.#answer(message))
    }
    return this.#answers.isOpen
  }

  #answer(
    message: Extract<
      ClientMessage,
      { type: 'subscribe' | 'history' | 'presence' | 'join' | 'leave' }
    >,
  ): Promise<void> {
    if (message.type === 'history') return this.#subscriptions.history(message)
    if (message.type !== 'subscribe') return this.#presence.handle(message)
    return this.#subscriptions.subscribe(message.id, message.topic, message.from)
  }

  /** @returns whether the session continues. */
  async #renew(token: string | null): Promise<boolean> {
    if (!this.#requests.mayAsk(null, null)) return this.#answers.isOpen
    if (!(await this.#authenticate(token))) return false
    const asked = (await this.#subscriptions.askAgain()) + (await this.#presence.askAgain())
    // Each question to the application counts. The token itself has counted already.
    this.#requests.spend(asked)
    return true
  }

  #deny(topic: string, denied: Denied | null): void {
    this.#subscriptions.revoke(topic)
    this.#presence.denied(topic)
    const { code = 'expired', message = '' } = denied ?? {}
    this.#answers.send({ type: 'denied', topic, code, message })
  }
}

/** The largest message that the session accepts. A client sends each in one frame. */
function messageLimit(session: DefaultWebSocketServerSession): { messageBytes?: number } {
  const { maxMessageSize } = session instanceof LiveSession ? session.core.settings : NO_LIMIT
  const messageBytes = Math.min(maxMessageSize, session.maxFrameSize)
  return messageBytes === Infinity ? {} : { messageBytes }
}

const NO_LIMIT = { maxMessageSize: Infinity }
