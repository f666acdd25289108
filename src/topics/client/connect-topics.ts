/**
 * The client of the ready-made protocol of topics, on a connection that comes back: it goes on where it was, in both
 * directions, on any server.
 */

import type { Clock } from '../../base/index.ts'
import { requireKnownNames, requireObject, toMilliseconds } from '../../base/internal.ts'
import type { ClientSession, ReconnectingWebSocket } from '../../client/portable.ts'
import { CloseReason } from '../../protocol/portable.ts'
import { isPromise, validateWith } from '../../schema/index.ts'
import type { BrokerState } from '../broker.ts'
import {
  PublishRefusedError,
  SubscriptionRefusedError,
  type SubscriptionRefusal,
} from '../errors.ts'
import type { TopicKind } from '../kind/define-topic.ts'
import type { From, Position, TopicItem } from '../kind/items.ts'
import { fromBase64, toBase64 } from '../wire/base64.ts'
import { JSON_PROTOCOL, type ServerMessage } from '../wire/messages.ts'
import { ClientFeed } from './client-feed.ts'
import { type ClientPresence, ClientPresences } from './client-presence.ts'
import { type ClientPublished, Outbox, type OutboxLimits } from './outbox.ts'

/** How a client of topics is set up, beside the options of `connect`. */
export interface TopicsClientOptions {
  /** Asked for the token of each connection. @defaultValue none */
  readonly token?: () => string | null | Promise<string | null>
  /**
   * How many publishes may wait for their answer, and how many bytes. Past that `publish` is refused as `busy`.
   *
   * @defaultValue 64 messages and 1 MiB
   */
  readonly outbox?: Partial<OutboxLimits>
}

/** How a topic is published to. */
export interface ClientPublishOptions {
  /** The key of the event, up to 255 bytes of UTF-8. @defaultValue what the kind says, or none */
  readonly key?: string
  /** Ends the wait. What has been sent may be stored all the same. */
  readonly signal?: AbortSignal
}

/** A topic of the server. */
export interface ClientTopic<Event = unknown, Input = Event, Meta = unknown> {
  readonly name: string
  /** Up to where events were taken from `events`; `null` before, and in a topic without history. */
  readonly position: Position | null

  /** Who is there. */
  readonly presence: ClientPresence<Meta>

  /**
   * The events, as an async iterator; one at a time for each topic. It goes on over lost connections: what was missed
   * comes, or a gap says that it does not.
   *
   * @throws {SubscriptionRefusedError} from the loop when the server refuses, or takes the permission back;
   *   {TypeError} when another loop reads the topic.
   */
  events(options?: {
    readonly from?: From
    readonly signal?: AbortSignal
  }): AsyncIterableIterator<TopicItem<Event>>

  /**
   * Publishes an event. Resolves when it is stored, over as many connections as that takes.
   *
   * @throws (by rejecting) {PublishRefusedError}; {PublishUncertainError} when nobody knows; the signal's reason.
   */
  publish(event: Input, options?: ClientPublishOptions): Promise<ClientPublished>
}

/** The topics of a server. */
export interface LiveTopics extends AsyncDisposable {
  /** The connection: its states, and the reasons why it is not open. Frames are the client's own. */
  readonly connection: Pick<
    ReconnectingWebSocket<ClientSession>,
    'state' | 'states' | 'closed' | 'retryNow'
  >
  /** Whether the server can reach its broker, as it said last. */
  readonly broker: BrokerState['state']
  /** How many publishes wait for their answer. */
  readonly unanswered: number

  /** A topic of a kind, or of a name. Having one costs nothing. */
  topic<Parameters, Event, Input, Meta>(
    kind: TopicKind<Parameters, Event, Input, Meta>,
    ...[parameters]: object extends Parameters
      ? [parameters?: Parameters]
      : [parameters: Parameters]
  ): ClientTopic<Event, Input, Meta>
  topic<Event = unknown>(name: string): ClientTopic<Event>

  /** Sends a new token, so that permissions that are about to end are asked for again. */
  renewToken(): Promise<void>

  /** Ends the connection and all loops. What is not answered is rejected. Idempotent. */
  close(): Promise<void>
}

/** What a platform brings. */
export interface TopicsConnector {
  /** A connection that speaks `protocol`, and runs `opened` for each session. */
  readonly connect: (
    protocol: string,
    opened: (session: ClientSession) => Promise<void>,
  ) => ReconnectingWebSocket<ClientSession>
  readonly clock: Clock
}

const DEFAULT_OUTBOX: OutboxLimits = { messages: 64, bytes: 1 << 20 }
const OPTION_NAMES = ['token', 'outbox']
/** A server that is no server of topics is not asked again. */
const NOT_UNDERSTOOD = new CloseReason(4400, 'Not understood')
const MAX_RETRY_MS = 60_000

type Refusal = Extract<ServerMessage, { type: 'error' }>

/** Makes a client of topics; the first attempt to connect is under way when this returns. */
export function connectTopicsOn(
  connector: TopicsConnector,
  options: TopicsClientOptions = {},
): LiveTopics {
  requireObject('connect to topics', 'the options', options)
  requireKnownNames('connect to topics', options, OPTION_NAMES)
  return new TopicsConnection(connector, options)
}

class TopicsConnection implements LiveTopics {
  readonly connection: ReconnectingWebSocket<ClientSession>
  readonly #options: TopicsClientOptions
  readonly #clock: Clock
  readonly #outbox: Outbox
  readonly #presences: ClientPresences
  readonly #feeds = new Map<string, ClientFeed>()
  /** Topics by the ids of subscribes that are not answered. */
  readonly #asked = new Map<number, string>()
  #session: ClientSession | null = null
  #client: string | null = null
  #ids = 0
  #heardAt = 0
  #broker: BrokerState['state'] = 'up'

  constructor(connector: TopicsConnector, options: TopicsClientOptions) {
    this.#options = options
    this.#clock = connector.clock
    this.#outbox = new Outbox(
      { ...DEFAULT_OUTBOX, ...options.outbox },
      {
        send: (message) => this.#send(message),
        now: () => this.#clock.now(),
        flushLater: (ms) => {
          const delayMs = Math.min(toMilliseconds(ms, 'retryAfter'), MAX_RETRY_MS)
          this.#clock.setTimer(delayMs, () => this.#outbox.flush())
        },
      },
    )
    this.#presences = new ClientPresences(
      (message) => {
        const id = ++this.#ids
        return this.#send({ id, ...message }) ? id : null
      },
      (ms, act) => this.#clock.setTimer(Math.min(ms, MAX_RETRY_MS), act),
    )
    this.connection = connector.connect(JSON_PROTOCOL, (session) => this.#opened(session))
    void this.#receiveAll()
  }

  get broker(): BrokerState['state'] {
    return this.#broker
  }

  get unanswered(): number {
    return this.#outbox.size
  }

  topic<Parameters, Event, Input, Meta>(
    kind: TopicKind<Parameters, Event, Input, Meta> | string,
    parameters?: Parameters,
  ): ClientTopic<Event, Input, Meta> {
    const name = typeof kind === 'string' ? kind : kind.nameOf(parameters ?? ({} as Parameters))
    const feed = (): ClientFeed | undefined => this.#feeds.get(name)
    return {
      name,
      get position() {
        return feed()?.position ?? null
      },
      // The kind says what is said of its members.
      presence: this.#presences.presenceOf(name) as ClientPresence<Meta>,
      // The kind says what its events are.
      events: ({ from = 'now', signal } = {}) =>
        this.#read(name, from, signal ?? null) as AsyncIterableIterator<TopicItem<Event>>,
      publish: (event, options = {}) =>
        this.#publish(name, typeof kind === 'string' ? null : kind, event, options),
    }
  }

  async renewToken(): Promise<void> {
    const token = (await this.#options.token?.()) ?? null
    this.#send({ type: 'token', token })
  }

  async close(): Promise<void> {
    await this.connection.close()
    this.#end(null)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #read(name: string, from: From, signal: AbortSignal | null): AsyncIterableIterator<TopicItem> {
    let feed = this.#feeds.get(name)
    if (feed?.hasReader === true) {
      throw new TypeError(`Cannot read "${name}" twice: another loop reads it, expected one`)
    }
    if (feed === undefined) {
      feed = this.#addFeed(name, from, false)
      this.#subscribe(feed)
    }
    return feed.read(signal)
  }

  #addFeed(name: string, from: From, isServed: boolean): ClientFeed {
    const feed: ClientFeed = new ClientFeed(
      name,
      from,
      {
        subscribe: (each) => this.#subscribe(each),
        unsubscribe: (each) => {
          if (!each.isSuspended) this.#feeds.delete(name)
          this.#send({ type: 'unsubscribe', id: ++this.#ids, topic: name })
        },
      },
      isServed,
    )
    this.#feeds.set(name, feed)
    return feed
  }

  #subscribe({ topic, from }: ClientFeed): void {
    const id = ++this.#ids
    if (this.#send({ type: 'subscribe', id, topic, from })) this.#asked.set(id, topic)
  }

  async #publish<Parameters, Event, Input, Meta>(
    name: string,
    kind: TopicKind<Parameters, Event, Input, Meta> | null,
    event: Input,
    options: ClientPublishOptions,
  ): Promise<ClientPublished> {
    const schema = kind?.event ?? null
    if (schema !== null) {
      const validated = validateWith(schema, event)
      const { issues } = isPromise(validated) ? await validated : validated
      if (issues !== null) throw new PublishRefusedError(name, 'schema')
    }
    const isBytes = event instanceof Uint8Array
    const data: unknown = isBytes ? toBase64(event) : event
    const size = JSON.stringify(data)?.length
    if (size === undefined) {
      throw new TypeError('Cannot publish the event: it is neither JSON nor bytes')
    }
    const named = isBytes ? { bytes: data } : { data }
    const body = options.key === undefined ? named : { ...named, key: options.key }
    return this.#outbox.publish(name, body, size, options.signal ?? null)
  }

  /** Says hello on a new session, and sends everything again that was not answered. */
  async #opened(session: ClientSession): Promise<void> {
    this.#session = null
    const token = (await this.#options.token?.()) ?? null
    const away = Math.max(0, Math.round(this.#clock.now() - this.#heardAt))
    const topics = [...this.#feeds.values()]
      .filter(({ isServed, isSuspended }) => !isServed && !isSuspended)
      .map(({ topic, from }) =>
        typeof from === 'object' && 'epoch' in from
          ? { topic, ...from, ...(this.#heardAt === 0 ? {} : { away }) }
          : { topic, from },
      )
    this.#asked.clear()
    await session.send(JSON.stringify({ type: 'hello', client: this.#client, token, topics }))
    const frame = await session.incoming.receive()
    const message = 'readText' in frame ? readServerMessage(frame.readText()) : null
    if (message?.type !== 'welcome') {
      void session.close(NOT_UNDERSTOOD)
      throw new TypeError('Cannot talk to the server: it did not answer hello with welcome')
    }
    const isSame = this.#client === message.client
    this.#client = message.client
    this.#heardAt = this.#clock.now()
    this.#broker = 'up'
    this.#session = session
    const limits = { unanswered: message.limits.unanswered, dedupeMs: message.dedupe }
    this.#outbox.opened(limits, isSame)
    this.#presences.opened()
  }

  async #receiveAll(): Promise<void> {
    try {
      for await (const frame of this.connection.incoming) {
        this.#heardAt = this.#clock.now()
        if ('readText' in frame) this.#receive(readServerMessage(frame.readText()))
      }
      this.#end(null)
    } catch (error) {
      this.#end(error)
    }
  }

  #receive(message: ServerMessage | null): void {
    switch (message?.type) {
      case 'subscribed':
        this.#subscribed(message)
        return
      case 'event':
        this.#event(message)
        return
      case 'gap':
      case 'skipped':
      case 'live': {
        const { topic, ...item } = message
        this.#feeds.get(topic)?.receive(item)
        return
      }
      case 'published': {
        const { id, epoch, offset, duplicate } = message
        this.#outbox.published(id, { epoch, offset, duplicate })
        return
      }
      case 'error':
        this.#refused(message)
        return
      case 'denied':
        this.#endFeed(message.topic, 'forbidden', message)
        this.#presences.denied(
          message.topic,
          new SubscriptionRefusedError(message.topic, 'forbidden', factsOf(message)),
        )
        return
      case 'done':
      case 'members':
      case 'joined':
      case 'updated':
      case 'left':
      case 'count':
        this.#presences.receive(message)
        return
      case 'broker':
        this.#broker = message.state
        break
      // What a newer server says is ignored.
      case 'welcome':
      case 'unsubscribed':
      case undefined:
    }
  }

  #subscribed(message: Extract<ServerMessage, { type: 'subscribed' }>): void {
    const { topic, epoch, offset, resumed, id } = message
    if (id !== null) this.#asked.delete(id)
    const position = epoch === null || offset === null ? null : { epoch, offset }
    const feed = this.#feeds.get(topic) ?? this.#addFeed(topic, 'now', true)
    feed.subscribed(position, resumed)
  }

  #event(message: Extract<ServerMessage, { type: 'event' }>): void {
    const { topic, offset, at, key = null, publisher = null, bytes } = message
    const event: unknown = bytes === undefined ? message.data : fromBase64(bytes)
    this.#feeds.get(topic)?.receive({ type: 'event', offset, event, key, at, publisher })
  }

  #refused(refusal: Refusal): void {
    const { id, topic, code, message } = refusal
    const retryAfter = refusal.retryAfter ?? null
    if (id !== null && this.#outbox.refused(id, code, message, retryAfter)) return
    const reason = reasonOf(code)
    const error = (each: string): SubscriptionRefusedError =>
      new SubscriptionRefusedError(each, reason, factsOf(refusal.denied ?? null))
    if (id !== null && this.#presences.refused(id, retryAfter, error)) return
    const asked = id === null ? topic : this.#asked.get(id)
    if (id !== null) this.#asked.delete(id)
    if (asked === undefined) return
    const feed = this.#feeds.get(asked)
    if (feed !== undefined && retryAfter !== null) {
      this.#clock.setTimer(Math.min(retryAfter, MAX_RETRY_MS), () => this.#subscribe(feed))
      return
    }
    this.#endFeed(asked, reason, refusal.denied ?? null)
  }

  #endFeed(
    topic: string,
    reason: SubscriptionRefusal,
    denied: { readonly code: string; readonly message: string } | null,
  ): void {
    const feed = this.#feeds.get(topic)
    this.#feeds.delete(topic)
    feed?.end(new SubscriptionRefusedError(topic, reason, factsOf(denied)))
  }

  /** @returns whether there is a connection. */
  #send(message: object): boolean {
    const session = this.#session
    if (session === null || session.outgoing.isClosedForSend) return false
    session.send(JSON.stringify(message)).catch(() => {
      // The connection has ended: what matters is sent again on the next.
    })
    return true
  }

  #end(error: unknown): void {
    const cause = error instanceof Error ? error : null
    for (const feed of this.#feeds.values()) feed.end(cause)
    this.#feeds.clear()
    this.#presences.end(cause)
    this.#outbox.end()
  }
}

function factsOf(
  denied: { readonly code: string; readonly message: string } | null,
): { readonly code: string; readonly message: string } | null {
  return denied === null ? null : { code: denied.code, message: denied.message }
}

function reasonOf(code: Refusal['code']): SubscriptionRefusal {
  if (code === 'size' || code === 'schema') return 'meta'
  return code === 'limit' || code === 'rate' || code === 'name' ? code : 'forbidden'
}

/** @returns `null` for what this client does not understand. */
function readServerMessage(text: string): ServerMessage | null {
  try {
    const value: unknown = JSON.parse(text)
    const isMessage = typeof value === 'object' && value !== null && 'type' in value
    // Servers are trusted as to the fields of the messages of this version.
    return isMessage ? (value as ServerMessage) : null
  } catch {
    return null
  }
}
