/**
 * A topic in a node: what `topics.topic()` returns.
 */

import { ClosedSendChannelError } from '../channels/index.ts'
import type { WebSocketSession } from '../session/index.ts'
import { quoteName, readWholeNumber, requireKnownNames } from '../base/internal.ts'
import { isPromise, type Validated, validateWith } from '../schema/index.ts'
import type { AppendIdentity } from './broker.ts'
import { PublishRefusedError } from './errors.ts'
import type { AnyTopicKind } from './kind/define-topic.ts'
import { encodeData, encodeEnvelope } from './kind/envelope.ts'
import type { HistoryPage, HistoryPageOptions } from './kind/history-page.ts'
import type { Position, TopicItem } from './kind/items.ts'
import { EventStream } from './node/event-stream.ts'
import { PlainFeed } from './node/session-feed.ts'
import { MISSED_EVENTS } from './node/session-outlet.ts'
import type { TopicNode } from './node/topic-node.ts'
import type { Presences } from './presence/presences.ts'
import type { Presence } from './presence/presence.ts'
import type { PublishOrder } from './publish-order.ts'
import type { SessionOutlets } from './session-outlets.ts'
import type { SubscriberCounts, Subscribers } from './subscriber-counts.ts'
import type {
  EventsOptions,
  Published,
  PublishOptions,
  SubscribeOptions,
  Topic,
  TopicSubscription,
} from './topic.ts'

/** What topics share. */
export interface TopicParts {
  readonly node: TopicNode
  readonly outlets: SessionOutlets
  readonly order: PublishOrder
  readonly presences: Presences
  readonly counts: SubscriberCounts
  readonly maxEventBytes: number
  /** Milliseconds since 1970. */
  readonly wallTime: () => number
}

/** The publisher of an event, and the identity of its publish. */
export interface PublishOrigin {
  readonly publisher: string | null
  readonly identity: AppendIdentity | null
}

/** The same limit as that of clients. */
const MAX_HISTORY_EVENTS = 100
const MAX_TEXT_BYTES = 255
const LONE_SURROGATE = /\p{Cs}/u
const UTF8 = new TextEncoder()
const OWN: PublishOrigin = { publisher: null, identity: null }

/** One topic. */
export class ServedTopic implements Topic {
  readonly name: string
  readonly kind: AnyTopicKind
  readonly #parts: TopicParts

  constructor(name: string, kind: AnyTopicKind, parts: TopicParts) {
    this.name = name
    this.kind = kind
    this.#parts = parts
  }

  get here(): number {
    return this.#parts.node.subscribersOf(this.name)
  }

  subscribers(): Promise<Subscribers> {
    return this.#parts.counts.of(this.name)
  }

  get presence(): Presence {
    return this.#parts.presences.presenceOf(this.name, this.kind)
  }

  publish(event: unknown, options: PublishOptions = {}): Promise<Published> {
    return this.publishFrom(OWN, event, options)
  }

  /** Publishes for a client. */
  async publishFrom(
    origin: PublishOrigin,
    event: unknown,
    options: PublishOptions = {},
  ): Promise<Published> {
    options.signal?.throwIfAborted()
    this.#checkText('id', options.id)
    this.#checkText('key', options.key)
    const { order } = this.#parts
    const schema = this.kind.event
    const validated = schema === null ? VALID : validateWith(schema, event)
    const send = (outcome: Validated): Promise<Published> =>
      this.#send(origin, schema === null ? event : this.#valueOf(outcome), options)
    if (!isPromise(validated) && !order.isBusy(this.name)) return send(validated)
    return order.inTurn(this.name, Promise.resolve(validated), async (outcome) => send(outcome))
  }

  /** Returns the output of the schema. @throws (by rejecting) {PublishRefusedError} */
  async validate(event: unknown): Promise<unknown> {
    const schema = this.kind.event
    return schema === null ? event : this.#valueOf(await validateWith(schema, event))
  }

  async position(): Promise<Position> {
    this.#requireHistory('ask for the position of')
    return this.#parts.node.position(this.name, this.kind)
  }

  async history(options: HistoryPageOptions = {}): Promise<HistoryPage> {
    this.#requireHistory('read the history of')
    const act = `read the history of ${quoteName(this.name)}`
    requireKnownNames(act, options, ['from', 'before', 'limit'])
    const { from = { last: MAX_HISTORY_EVENTS }, before = null } = options
    const most = readWholeNumber(act, 'limit', options.limit, MAX_HISTORY_EVENTS, { min: 1 })
    const limit = Math.min(most, MAX_HISTORY_EVENTS)
    const page = await this.#parts.node.history(this.name, this.kind, { from, before, limit })
    const { epoch, head, complete, events } = page
    return { epoch, head, complete, events: events.map(({ item }) => item) }
  }

  events({ from = 'now', signal }: EventsOptions = {}): AsyncIterableIterator<TopicItem> {
    const { node } = this.#parts
    return new EventStream(
      {
        subscribe: (receiver, ending) =>
          node.subscribe(this.name, this.kind, receiver, from, ending),
        unsubscribe: (subscription) => node.unsubscribe(subscription),
      },
      signal ?? null,
    )
  }

  async subscribe(
    session: WebSocketSession,
    options: SubscribeOptions<unknown>,
  ): Promise<TopicSubscription> {
    const { outlets } = this.#parts
    const feed = new PlainFeed(options, () => void session.close(MISSED_EVENTS))
    const receiver = outlets.receiverOf(session, feed)
    const { from = 'now' } = options
    const subscription = await outlets.attach(receiver, this.name, this.kind, from)
    if (subscription === null) throw new ClosedSendChannelError(null)
    const cancel = (): void => outlets.detach(receiver, subscription)
    return {
      topic: this.name,
      get position() {
        return subscription.position
      },
      cancel,
      [Symbol.asyncDispose]: () => {
        cancel()
        return Promise.resolve()
      },
    }
  }

  #send(origin: PublishOrigin, event: unknown, options: PublishOptions): Promise<Published> {
    const { node, maxEventBytes, wallTime } = this.#parts
    const { isBinary, data } = encodeData(event)
    if (data.length > maxEventBytes) {
      const detail = `it has ${data.length} bytes, expected ${maxEventBytes} at most`
      throw new PublishRefusedError(this.name, 'size', { detail })
    }
    const key = options.key ?? this.kind.key?.(event) ?? null
    const { publisher } = origin
    const envelope = encodeEnvelope({ at: wallTime(), key, publisher, isBinary, data })
    const identity = options.id === undefined ? origin.identity : { id: options.id }
    const { expect = null, signal = null } = options
    return node.publish(this.name, this.kind, { envelope, identity, expect, signal })
  }

  #requireHistory(act: string): void {
    if (this.kind.history !== null) return
    throw new TypeError(
      `Cannot ${act} ${quoteName(this.name)}: its kind has no history, expected a kind that has one`,
    )
  }

  #valueOf(outcome: Validated): unknown {
    if (outcome.issues === null) return outcome.value
    const [issue] = outcome.issues
    const where =
      issue === undefined || issue.path.length === 0 ? '' : ` at ${issue.path.join('.')}`
    const detail = `it does not fit the schema of the topic${where}: ${issue?.message ?? 'invalid'}`
    throw new PublishRefusedError(this.name, 'schema', { detail })
  }

  #checkText(name: string, value: string | undefined): void {
    if (value === undefined) return
    // Two texts with different lone surrogates would be the same in UTF-8.
    const isText = typeof value === 'string' && value !== '' && !LONE_SURROGATE.test(value)
    if (isText && UTF8.encode(value).length <= MAX_TEXT_BYTES) return
    throw new TypeError(
      `Cannot publish to ${quoteName(this.name)}: option "${name}" is invalid, expected 1 to ${MAX_TEXT_BYTES} bytes of UTF-8`,
    )
  }
}

const VALID: Validated = { issues: null, value: undefined }
