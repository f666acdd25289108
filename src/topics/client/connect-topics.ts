/**
 * The client of topics, on a connection that comes back. It continues where it was, in both
 * directions, on any server.
 */

import { requireKnownNames, requireObject } from '../../base/internal.ts'
import { isValid } from '../../schema/index.ts'
import type { BrokerState } from '../broker.ts'
import {
  PublishRefusedError,
  SubscriptionRefusedError,
  type SubscriptionRefusal,
} from '../errors.ts'
import type { TopicKind } from '../kind/define-topic.ts'
import type { HistoryPage } from '../kind/history-page.ts'
import type { TopicItem } from '../kind/items.ts'
import type { ServerMessage } from '../wire/messages.ts'
import { ClientConnection } from './client-connection.ts'
import { ClientFeeds } from './client-feeds.ts'
import { ClientHistories } from './client-histories.ts'
import { ClientPresences } from './client-presence.ts'
import type {
  ClientPresence,
  ClientPublished,
  ClientPublishOptions,
  ClientTopic,
  LiveTopics,
  OutboxLimits,
  TopicsClientOptions,
  TopicsConnector,
} from './live-topics.ts'
import { Outbox } from './outbox.ts'

const DEFAULT_OUTBOX: OutboxLimits = { messages: 64, bytes: 1 << 20 }
/** `connection` is for the caller, and is here for the message about an unknown option. */
const OPTION_NAMES = ['token', 'outbox', 'encoding', 'connection']

type Denied = { readonly code: string; readonly message: string } | null

/** Makes a client of topics. Its first attempt to connect has begun when this returns. */
export function connectTopicsOn(
  connector: TopicsConnector,
  options: TopicsClientOptions = {},
): LiveTopics {
  requireObject('connect to topics', 'the options', options)
  requireKnownNames('connect to topics', options, OPTION_NAMES)
  return new TopicsConnection(connector, options)
}

class TopicsConnection implements LiveTopics {
  readonly #connection: ClientConnection
  readonly #outbox: Outbox
  readonly #feeds: ClientFeeds
  readonly #histories: ClientHistories
  readonly #presences: ClientPresences

  constructor(connector: TopicsConnector, options: TopicsClientOptions) {
    const connection = (): ClientConnection => this.#connection
    this.#outbox = new Outbox({ ...DEFAULT_OUTBOX, ...options.outbox }, connection)
    this.#feeds = new ClientFeeds(connection)
    this.#histories = new ClientHistories(connection)
    this.#presences = new ClientPresences(connection)
    this.#connection = new ClientConnection(connector, options, {
      resumed: (away, max) => this.#feeds.resumed(away, max),
      opened: (welcome, isSame) => {
        this.#outbox.opened(welcome, isSame)
        this.#feeds.opened()
        this.#histories.opened()
        this.#presences.opened()
      },
      received: (message) => this.#received(message),
      unhandled: (id) => this.#outbox.unhandled(id),
      ended: (error) => {
        this.#feeds.endAll(error)
        this.#histories.end(error)
        this.#presences.end(error)
        this.#outbox.end()
      },
    })
  }

  get connection(): LiveTopics['connection'] {
    return this.#connection.socket
  }

  get broker(): BrokerState['state'] {
    return this.#connection.broker
  }

  get unanswered(): number {
    return this.#outbox.size
  }

  topic<Parameters, Event, Input, Meta>(
    kind: TopicKind<Parameters, Event, Input, Meta> | string,
    parameters?: Parameters,
  ): ClientTopic<Event, Input, Meta> {
    const name = typeof kind === 'string' ? kind : kind.nameOf(parameters ?? ({} as Parameters))
    const feeds = this.#feeds
    return {
      name,
      get position() {
        return feeds.find(name)?.position ?? null
      },
      // The types of events and members are those of the kind.
      presence: this.#presences.presenceOf(name) as ClientPresence<Meta>,
      events: ({ from = 'now', signal } = {}) =>
        feeds.read(name, from, signal ?? null) as AsyncIterableIterator<TopicItem<Event>>,
      history: ({ signal, ...request } = {}) =>
        this.#histories.read(name, request, signal ?? null) as Promise<HistoryPage<Event>>,
      publish: (event, options = {}) =>
        this.#publish(name, typeof kind === 'string' ? null : kind, event, options),
    }
  }

  renewToken(): Promise<void> {
    return this.#connection.renewToken()
  }

  close(): Promise<void> {
    return this.#connection.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #publish<Parameters, Event, Input, Meta>(
    name: string,
    kind: TopicKind<Parameters, Event, Input, Meta> | null,
    event: Input,
    { key, signal }: ClientPublishOptions,
  ): Promise<ClientPublished> {
    signal?.throwIfAborted()
    const schema = kind?.event ?? null
    if (schema !== null) {
      const validated = isValid(schema, event)
      // Not awaited without need, so that publishes keep the order of the calls.
      const valid = typeof validated === 'boolean' ? validated : await validated
      if (!valid) throw new PublishRefusedError(name, 'schema')
    }
    const isBytes = event instanceof Uint8Array
    const size = isBytes ? event.length : JSON.stringify(event)?.length
    if (size === undefined) {
      throw new TypeError('Cannot publish the event: it is neither JSON nor bytes')
    }
    const body = isBytes ? { bytes: event } : { data: event }
    const keyed = key === undefined ? body : { ...body, key }
    return this.#outbox.publish(name, keyed, size, signal ?? null)
  }

  #received(message: ServerMessage): void {
    switch (message.type) {
      case 'subscribed':
        this.#feeds.subscribed(message)
        return
      case 'event':
      case 'gap':
      case 'skipped':
      case 'live':
        this.#feeds.receive(message)
        return
      case 'published':
        this.#outbox.published(message.id, message)
        return
      case 'history':
        this.#histories.receive(message)
        return
      case 'error':
        this.#refused(message)
        return
      case 'denied': {
        const error = refusal(message.topic, 'forbidden', message)
        this.#feeds.end(message.topic, error)
        this.#presences.denied(message.topic, error)
        return
      }
      case 'done':
      case 'members':
      case 'joined':
      case 'updated':
      case 'left':
      case 'count':
        this.#presences.receive(message)
        break
      // Messages of a newer server are ignored too.
      case 'broker':
      case 'welcome':
      case 'unsubscribed':
    }
  }

  #refused(refused: Extract<ServerMessage, { type: 'error' }>): void {
    const { id, topic = null, code, message, denied = null } = refused
    const retryAfter = refused.retryAfter ?? null
    const reason = reasonOf(code)
    const error = (name: string): SubscriptionRefusedError => refusal(name, reason, denied)
    if (id !== null) {
      if (this.#outbox.refused(id, code, message, retryAfter)) return
      if (this.#presences.refused(id, retryAfter, error)) return
      if (this.#histories.refused(id, retryAfter, error)) return
    }
    this.#feeds.refused(id, topic, retryAfter, error)
  }
}

function refusal(
  topic: string,
  reason: SubscriptionRefusal,
  denied: Denied,
): SubscriptionRefusedError {
  const facts = denied === null ? null : { code: denied.code, message: denied.message }
  return new SubscriptionRefusedError(topic, reason, facts)
}

function reasonOf(code: Extract<ServerMessage, { type: 'error' }>['code']): SubscriptionRefusal {
  if (code === 'size' || code === 'schema') return 'meta'
  return code === 'limit' || code === 'rate' || code === 'taken' || code === 'name'
    ? code
    : 'forbidden'
}
