/**
 * `towpath/client/topics` in a browser: topics of a server, over a connection that comes back.
 */

import { systemClock } from './base/internal.ts'
import type { ConnectOptions, ConnectTarget, ClientSession } from './client/portable.ts'
import { connect, type BrowserClientOptions } from './engines/browser/index.ts'
import { connectTopicsOn, type LiveTopics, type TopicsClientOptions } from './topics/portable.ts'

/** How a client of topics is set up. */
export interface ConnectTopicsOptions extends TopicsClientOptions {
  /**
   * The options of `connect`, such as `reconnect` and `heartbeat`. `webSocketStream` is `false` by
   * default.
   */
  readonly connection?: Omit<
    ConnectOptions<BrowserClientOptions, ClientSession>,
    'protocols' | 'opened' | 'whileAway'
  >
}

/**
 * Connects to the topics of a server, which serves them with `topics.serve`. It comes back when its
 * connection is lost, on any server, and goes on where it was. It is the caller's to close.
 *
 * @param url an address, or a function that is asked for one before each attempt.
 * @throws {TypeError | RangeError} for an option that is invalid.
 *
 * @example
 * ```ts
 * import { connectTopics } from 'towpath/client/topics'
 *
 * await using live = connectTopics('wss://example.com/live')
 * ```
 */
export function connectTopics(url: ConnectTarget, options: ConnectTopicsOptions = {}): LiveTopics {
  const { connection = {}, ...own } = options
  return connectTopicsOn(
    {
      // A topic has a backpressure of its own, and Chromium may crash over WebSocketStream.
      connect: (protocols, opened) =>
        connect(url, { webSocketStream: false, ...connection, protocols, opened }),
      clock: systemClock,
    },
    own,
  )
}

export {
  defineTopic,
  PublishRefusedError,
  PublishUncertainError,
  SubscriptionRefusedError,
  TopicNameError,
} from './topics/portable.ts'
export type {
  ClientPresence,
  ClientPublished,
  ClientPublishOptions,
  ClientSeat,
  ClientTopic,
  EventData,
  EventItem,
  From,
  GapItem,
  GapReason,
  HistoryPage,
  HistoryPageOptions,
  JsonValue,
  LiveItem,
  LiveTopics,
  Member,
  OutboxLimits,
  Position,
  PresenceChange,
  PresenceMode,
  PublishRefusal,
  SkippedItem,
  SubscriptionRefusal,
  TopicDefinition,
  TopicItem,
  TopicKind,
  TopicsClientOptions,
} from './topics/portable.ts'
