/**
 * The client of topics, for every platform.
 */

export { connectTopicsOn } from './client/connect-topics.ts'
export type {
  ClientPresence,
  ClientPublished,
  ClientPublishOptions,
  ClientSeat,
  ClientTopic,
  LiveTopics,
  OutboxLimits,
  TopicsClientOptions,
  TopicsConnector,
} from './client/live-topics.ts'
export { defineTopic } from './kind/define-topic.ts'
export type { EventData, JsonValue, TopicKind } from './kind/define-topic.ts'
export type { HistoryPage, HistoryPageOptions } from './kind/history-page.ts'
export type {
  EventItem,
  From,
  GapItem,
  GapReason,
  LiveItem,
  Position,
  SkippedItem,
  TopicItem,
} from './kind/items.ts'
export type { TopicDefinition } from './kind/topic-definition.ts'
export type { Member, PresenceChange, PresenceMode } from './presence/presence.ts'
export {
  PublishRefusedError,
  PublishUncertainError,
  SubscriptionRefusedError,
  TopicNameError,
} from './errors.ts'
export type { PublishRefusal, SubscriptionRefusal } from './errors.ts'
