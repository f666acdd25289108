/**
 * The topics of one process.
 */

import type { Environment } from '../base/internal.ts'
import type { Logger, Monitor } from '../application/index.ts'
import { EventMonitor, logFailure } from '../application/internal.ts'
import type { Broker, BrokerState } from './broker.ts'
import { type AnyTopicKind, requireKind, type TopicKind } from './kind/define-topic.ts'
import { KindRegistry } from './kind/kind-registry.ts'
import { TopicNode } from './node/topic-node.ts'
import { PublishOrder } from './publish-order.ts'
import { ServedTopic, type TopicParts } from './served-topic.ts'
import { SessionOutlets } from './session-outlets.ts'
import type { Topic } from './topic.ts'
import type { TopicsEvents } from './topics-events.ts'
import type { TopicsSettings } from './topics-options.ts'

/** What the parts of topics need of each other. */
export interface TopicsParts {
  readonly node: TopicNode
  readonly outlets: SessionOutlets
  readonly kinds: KindRegistry
  readonly settings: TopicsSettings
  readonly monitor: EventMonitor<TopicsEvents>
  readonly logger: Logger
}

/** Topics: made by `app.install(Topics)` or `openTopics`. */
export class TopicsOfProcess implements AsyncDisposable {
  readonly monitor: Monitor<TopicsEvents>
  readonly parts: TopicsParts
  readonly #topicParts: TopicParts
  #closing: Promise<void> | null = null

  constructor(settings: TopicsSettings, environment: Environment, logger: Logger) {
    const monitor = new EventMonitor<TopicsEvents>(logger)
    const kinds = new KindRegistry()
    const nodeId = randomId(environment)
    const node = new TopicNode(
      settings.broker,
      environment,
      { ...settings, nodeId },
      {
        brokerChanged: (state) => monitor.emit('brokerChanged', { state }),
        told: (news) => {
          if (news.type === 'epoch') monitor.emit('epochChanged', { topic: news.topic })
          else {
            const { topic, from, to } = news
            monitor.emit('historyHealed', { topic, from, to })
          }
        },
        message: () => {},
      },
    )
    const outlets = new SessionOutlets(node, {
      emit: (event, facts) => monitor.emit(event, facts),
      failed: (error, session) =>
        logFailure(logger, error, 'A function of a topic failed', { session: session.id }),
    })
    this.monitor = monitor
    this.parts = { node, outlets, kinds, settings, monitor, logger }
    this.#topicParts = {
      node,
      outlets,
      order: new PublishOrder(),
      maxEventBytes: settings.maxEventBytes,
      wallTime: () => Date.now(),
    }
  }

  /** The broker that was given, and its state. */
  get broker(): { readonly engine: Broker } & BrokerState {
    const { node } = this.parts
    return { engine: node.broker, ...node.state }
  }

  /** Connects to the broker. Rejects for what trying again cannot mend. */
  open(): Promise<void> {
    return this.parts.node.open()
  }

  /**
   * A topic of a kind.
   *
   * @throws {TopicNameError} for parameters that make no name; {TopicKindConflictError} when another kind in use may
   *   have a topic of that name; {TypeError} for what is no kind.
   */
  topic<Parameters, Event, Input, Meta>(
    kind: TopicKind<Parameters, Event, Input, Meta>,
    ...[parameters]: object extends Parameters
      ? [parameters?: Parameters]
      : [parameters: Parameters]
  ): Topic<Event, Input> {
    requireKind('use a topic', kind)
    this.parts.kinds.add(kind)
    // Left out only where the pattern has none.
    const name = kind.nameOf(parameters ?? ({} as Parameters))
    // The kind says what its events are.
    return this.served(name, kind) as unknown as Topic<Event, Input>
  }

  /** The topic of that name, for the parts of topics. */
  served(name: string, kind: AnyTopicKind): ServedTopic {
    return new ServedTopic(name, kind, this.#topicParts)
  }

  /** Ends all subscriptions and the connection to the broker. Idempotent; never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.parts.node.close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

const ID_BYTES = 9

function randomId(environment: Environment): string {
  return [...environment.random(new Uint8Array(ID_BYTES))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')
}
