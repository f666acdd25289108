/**
 * What the parts of topics share.
 */

import type { EventMonitor } from '../application/internal.ts'
import type { AnyTopicKind } from './kind/define-topic.ts'
import type { KindRegistry } from './kind/kind-registry.ts'
import type { TopicNode } from './node/topic-node.ts'
import type { ServedTopic } from './served-topic.ts'
import type { SessionOutlets } from './session-outlets.ts'
import type { TopicsEvents } from './topics-events.ts'
import type { TopicsSettings } from './topics-options.ts'

/** The parts of one process. */
export interface TopicsParts {
  readonly node: TopicNode
  readonly outlets: SessionOutlets
  readonly kinds: KindRegistry
  readonly settings: TopicsSettings
  readonly monitor: EventMonitor<TopicsEvents>
  /** The topic of that name. */
  readonly served: (name: string, kind: AnyTopicKind) => ServedTopic
}
