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
  PublishRefusedError,
  PublishUncertainError,
  SubscriptionRefusedError,
  TopicKindConflictError,
  TopicNameError,
} from './errors.ts'
export type { PublishRefusal, SubscriptionRefusal } from './errors.ts'
export { defineTopic } from './kind/define-topic.ts'
export type {
  EventData,
  History,
  HistoryOptions,
  JsonValue,
  Lagging,
  PresenceOptions,
  TopicDefinition,
  TopicKind,
} from './kind/define-topic.ts'
export type { TopicParameters } from './kind/topic-pattern.ts'
export { memoryBroker } from './memory/memory-broker.ts'
export type { MemoryBrokerOptions } from './memory/memory-broker.ts'
export { MemoryLog } from './memory/memory-log.ts'
export type { CutOptions, RestartOptions } from './memory/memory-log.ts'
