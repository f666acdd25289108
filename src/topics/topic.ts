/**
 * A topic, for the server's own code: publishing, subscribing, positions.
 */

import type { WebSocketSession } from '../session/index.ts'
import type { HistoryPage, HistoryPageOptions } from './kind/history-page.ts'
import type { From, Position, TopicItem } from './kind/items.ts'
import type { FeedOptions } from './node/session-feed.ts'
import type { Subscribers } from './subscriber-counts.ts'
import type { Presence } from './presence/presence.ts'

/** How an event is published. */
export interface PublishOptions {
  /**
   * Makes the publish idempotent: the same id within `dedupe` is stored once. 1 to 255 bytes of
   * UTF-8. Ignored in a topic without history. @defaultValue a new one
   */
  readonly id?: string
  /**
   * The key of the event, up to 255 bytes of UTF-8. @defaultValue what the kind's `key` says, or
   * none
   */
  readonly key?: string
  /**
   * Refuses with the reason `expectation` when something was stored after this position.
   * @defaultValue none
   */
  readonly expect?: Position
  /** Ends the wait. An event that was sent to the broker may still be stored. */
  readonly signal?: AbortSignal
}

/** The result of a publish. */
export interface Published {
  /**
   * Where the event is. `null` in a topic without history, and for a duplicate that is only known
   * to be old.
   */
  readonly offset: number | null
  /** `null` in a topic without history. */
  readonly epoch: string | null
  /** Whether an earlier publish of the same id has stored the event. */
  readonly duplicate: boolean
  /** Subscriptions of this process that the event is for. */
  readonly here: number
}

/** Options of `Topic.events`. */
export interface EventsOptions {
  /** @defaultValue 'now' */
  readonly from?: From
  /** Ends the loop by throwing the signal's reason. */
  readonly signal?: AbortSignal
}

/** Options of `Topic.subscribe`. */
export interface SubscribeOptions<Event> extends FeedOptions<Event> {
  /** @defaultValue 'now' */
  readonly from?: From
}

/** A subscription of a session. It ends with the session. */
export interface TopicSubscription extends AsyncDisposable {
  /** The name of the topic. */
  readonly topic: string
  /** After the newest event that the session was given; `null` in a topic without history. */
  readonly position: Position | null
  /** Ends the subscription now. Idempotent. */
  cancel(): void
}

/** A topic. It costs nothing until the first subscription. */
export interface Topic<Event = unknown, Input = Event, Meta = unknown> {
  readonly name: string

  /** The members, over all processes. @throws {TypeError} if the kind has no presence. */
  readonly presence: Presence<Meta>

  /**
   * Publishes an event. Resolves when the broker has stored it; without history, when it was sent.
   *
   * Events that one process publishes to one topic are stored in the order of the calls.
   *
   * @throws (by rejecting) {PublishRefusedError} for an event that is refused (`reason` says why);
   *   {BrokerUnavailableError} if it is not stored; {PublishUncertainError} if it may be stored;
   *   the signal's reason.
   */
  publish(event: Input, options?: PublishOptions): Promise<Published>

  /**
   * The newest position. Taken before the state is read from a database, it lets a page subscribe
   * from there and miss nothing.
   *
   * @throws (by rejecting) {BrokerUnavailableError}; {TypeError} in a topic without history.
   */
  position(): Promise<Position>

  /**
   * Reads one page of the history, without a subscription.
   *
   * @throws (by rejecting) {BrokerUnavailableError}; {TypeError} in a topic without history.
   */
  history(options?: HistoryPageOptions): Promise<HistoryPage<Event>>

  /**
   * The events, and gaps where events are missing, as an async iterator. It ends when the topics
   * are closed.
   *
   * @throws (by rejecting the first `next`) {BrokerUnavailableError} after the topics were closed.
   */
  events(options?: EventsOptions): AsyncIterableIterator<TopicItem<Event>>

  /**
   * Sends the events to a session, until the session or the subscription ends. A slow session
   * delays no other.
   *
   * @returns resolves when the subscription has begun: what is published later is sent.
   * @throws (by rejecting) {ClosedSendChannelError} when the session ends while the broker is away;
   *   {BrokerUnavailableError} when the log cannot be read, and after the topics were closed.
   */
  subscribe(session: WebSocketSession, options: SubscribeOptions<Event>): Promise<TopicSubscription>

  /** How many subscriptions this process has. */
  readonly here: number

  /** How many subscriptions there are in all processes. Takes half a second at most. */
  subscribers(): Promise<Subscribers>
}
