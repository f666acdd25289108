/**
 * `towpath/topics`: topics with history, resume and presence, over as many processes as there are.
 */

export type {
  AppendIdentity,
  Appended,
  Broker,
  BrokerOptions,
  BrokerSink,
  BrokerState,
  EventPlace,
  Head,
  LogKind,
  LogPage,
  LogTopic,
  ReadLimit,
  StoredEvent,
} from './broker.ts'
export {
  BrokerUnavailableError,
  ExpectationFailedError,
  PresenceKeyTakenError,
  PublishRefusedError,
  PublishUncertainError,
  SubscriptionRefusedError,
  TopicKindConflictError,
  TopicNameError,
} from './errors.ts'
export type { PublishRefusal, SubscriptionRefusal } from './errors.ts'
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
export type {
  History,
  HistoryOptions,
  Lagging,
  PresenceOptions,
  TopicDefinition,
} from './kind/topic-definition.ts'
export type { TopicParameters } from './kind/topic-pattern.ts'
export { memoryBroker } from './memory/memory-broker.ts'
export type { MemoryBrokerOptions } from './memory/memory-broker.ts'
export { MemoryLog } from './memory/memory-log.ts'
export type { CutOptions, RestartOptions } from './memory/memory-log.ts'
export type { FeedOptions } from './node/session-feed.ts'
export type {
  JoinOptions,
  Member,
  Presence,
  PresenceChange,
  PresenceList,
  PresenceMode,
  Seat,
} from './presence/presence.ts'
export type { TopicKindStatistics, TopicsStatistics } from './statistics.ts'
export type { Subscribers } from './subscriber-counts.ts'
export type {
  EventsOptions,
  Published,
  PublishOptions,
  SubscribeOptions,
  Topic,
  TopicSubscription,
} from './topic.ts'
export type { TopicsEvents, TopicsLimitName } from './topics-events.ts'
export type { TopicsOptions } from './topics-options.ts'
export { openTopics, Topics } from './topics-plugin.ts'
export type { OpenTopicsOptions } from './topics-plugin.ts'
export type { TopicsOfProcess } from './topics.ts'
export { Denied } from './wire/permissions.ts'
export type { Asked, Identity, TopicPermissions, Verdict } from './wire/permissions.ts'
export type { TopicsClient } from './wire/topics-client.ts'
export type { ServeOptions } from './wire/serve-options.ts'
