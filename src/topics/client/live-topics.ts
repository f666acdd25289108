/**
 * The topics of a server, as a client uses them.
 */

import type { Clock } from '../../base/index.ts'
import type { ClientSession, ReconnectingWebSocket } from '../../client/portable.ts'
import type { BrokerState } from '../broker.ts'
import type { HistoryPageOptions, HistoryPage } from '../kind/history-page.ts'
import type { From, Position, TopicItem } from '../kind/items.ts'
import type { TopicKind } from '../kind/define-topic.ts'
import type { PresenceChange, PresenceMode } from '../presence/presence.ts'

/** The result of a publish. */
export interface ClientPublished {
  readonly epoch: string | null
  readonly offset: number | null
  readonly duplicate: boolean
}

/** How much an outbox holds at most. */
export interface OutboxLimits {
  readonly messages: number
  readonly bytes: number
}

/** Options of a client of topics, beside the options of `connect`. */
export interface TopicsClientOptions {
  /** Returns the token for each connection. @defaultValue none */
  readonly token?: () => string | null | Promise<string | null>
  /**
   * How many publishes may wait for their answer, and how many bytes of them. Beyond that,
   * `publish` rejects with the reason `busy`.
   *
   * @defaultValue 64 messages and 1 MiB
   */
  readonly outbox?: Partial<OutboxLimits>
  /**
   * How messages are encoded. `binary` is smaller, and events with bytes need no base64. A server
   * that does not know it gets JSON. @defaultValue 'json'
   */
  readonly encoding?: 'json' | 'binary'
}

/** Options of a publish. */
export interface ClientPublishOptions {
  /** The key of the event, up to 255 bytes of UTF-8. @defaultValue the key of the kind, or none */
  readonly key?: string
  /** Ends the wait. An event that was sent may still be stored. */
  readonly signal?: AbortSignal
}

/** A place among the members of a topic. */
export interface ClientSeat extends AsyncDisposable {
  /** The key of the client, as the server has decided. */
  readonly key: string
  /**
   * Resolves when the seat has ended: with `null` after `leave`, else with the reason. A server may
   * refuse the seat on a later connection, for example because another client has the key. Never
   * rejects.
   */
  readonly ended: Promise<Error | null>
  /**
   * Joins again with another argument. If the server refuses, the seat stays as it was.
   *
   * @throws (by rejecting) {SubscriptionRefusedError}
   */
  update(meta?: unknown): Promise<void>
  /** Leaves at once. Idempotent. */
  leave(): void
}

/** The presence of one topic, for a client. */
export interface ClientPresence<Meta = unknown> {
  /**
   * The members, and then every change. After a reconnect the members come again.
   *
   * @throws {SubscriptionRefusedError} from the loop when the server refuses, or takes the
   *   permission back.
   */
  changes(options?: {
    readonly mode?: PresenceMode
    readonly signal?: AbortSignal
  }): AsyncIterableIterator<PresenceChange<Meta>>

  /**
   * Becomes a member, on later connections too, until it leaves. The server decides about the key
   * and the meta of the member.
   *
   * @param meta an argument for the permission of the server.
   * @throws (by rejecting) {SubscriptionRefusedError}
   */
  join(meta?: unknown): Promise<ClientSeat>
}

/** One topic of the server. */
export interface ClientTopic<Event = unknown, Input = Event, Meta = unknown> {
  readonly name: string
  /** After the last item that `events` returned; `null` before, and without history. */
  readonly position: Position | null

  /** The members of the topic. */
  readonly presence: ClientPresence<Meta>

  /**
   * The events, as an async iterator. Only one loop at a time may read a topic. The loop continues
   * over lost connections: missed events come, or a gap says that they do not.
   *
   * @throws {SubscriptionRefusedError} from the loop if the server refuses, or the permission ends;
   *   {TypeError} if another loop reads the topic.
   */
  events(options?: {
    readonly from?: From
    readonly signal?: AbortSignal
  }): AsyncIterableIterator<TopicItem<Event>>

  /**
   * Reads one page of the history, without a subscription. Asks again after a lost connection.
   *
   * @throws (by rejecting) {SubscriptionRefusedError}; the signal's reason.
   */
  history(
    options?: HistoryPageOptions & { readonly signal?: AbortSignal },
  ): Promise<HistoryPage<Event>>

  /**
   * Publishes an event. Resolves when it is stored, over as many connections as that takes. Do not
   * change the event before that.
   *
   * @throws (by rejecting) {PublishRefusedError}; {PublishUncertainError} if the event may be
   *   stored; the signal's reason.
   */
  publish(event: Input, options?: ClientPublishOptions): Promise<ClientPublished>
}

/** The topics of a server. */
export interface LiveTopics extends AsyncDisposable {
  /** The connection: its states, and why it is not open. Its frames are the client's own. */
  readonly connection: Pick<
    ReconnectingWebSocket<ClientSession>,
    'state' | 'states' | 'closed' | 'retryNow'
  >
  /** Whether the server can reach its broker, as it said last. */
  readonly broker: BrokerState['state']
  /** How many publishes wait for their answer. */
  readonly unanswered: number

  /** A topic of a kind, or by its name. Costs nothing until it is used. */
  topic<Parameters, Event, Input, Meta>(
    kind: TopicKind<Parameters, Event, Input, Meta>,
    ...[parameters]: object extends Parameters
      ? [parameters?: Parameters]
      : [parameters: Parameters]
  ): ClientTopic<Event, Input, Meta>
  topic<Event = unknown>(name: string): ClientTopic<Event>

  /** Sends a new token: the server asks again for permissions that end. */
  renewToken(): Promise<void>

  /** Ends the connection and all loops. Rejects what is not answered. Idempotent. */
  close(): Promise<void>
}

/** What a platform provides. */
export interface TopicsConnector {
  /** Connects with one of `protocols`, and runs `opened` for each session. */
  readonly connect: (
    protocols: readonly string[],
    opened: (session: ClientSession) => Promise<void>,
  ) => ReconnectingWebSocket<ClientSession>
  readonly clock: Clock
}
