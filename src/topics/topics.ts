/**
 * The topics of one process.
 */

import { Deferred, type Environment, requireKnownNames, requireObject } from '../base/internal.ts'
import type { Logger, Monitor, Route } from '../application/index.ts'
import { EventMonitor, logFailure, logSafely } from '../application/internal.ts'
import type { Broker, BrokerState } from './broker.ts'
import { type AnyTopicKind, requireKind, type TopicKind } from './kind/define-topic.ts'
import { KindRegistry } from './kind/kind-registry.ts'
import { isMemory, isPrivate } from './memory/memory-broker.ts'
import { type NodeOwner, TopicNode } from './node/topic-node.ts'
import { Presences, type PresencesOwner } from './presence/presences.ts'
import { OutageLog } from './outage-log.ts'
import { PublishOrder } from './publish-order.ts'
import { ServedTopic, type TopicParts } from './served-topic.ts'
import { SessionOutlets } from './session-outlets.ts'
import { readKinds, type TopicsStatistics } from './statistics.ts'
import { SubscriberCounts } from './subscriber-counts.ts'
import type { Topic } from './topic.ts'
import type { TopicsEvents, TopicsLimitName } from './topics-events.ts'
import type { TopicsParts } from './topics-parts.ts'
import type { TopicsSettings } from './topics-options.ts'
import { ClientNames } from './wire/client-names.ts'
import { WIRE_PROTOCOLS } from './wire/encodings.ts'
import { type AnyPermissions, Permissions, type TopicPermissions } from './wire/permissions.ts'
import type { ServeOptions } from './wire/serve-options.ts'
import { WireSession } from './wire/wire-session.ts'

/** Topics: made by `app.install(Topics)` or `openTopics`. */
export class TopicsOfProcess implements AsyncDisposable {
  readonly monitor: Monitor<TopicsEvents>
  readonly parts: TopicsParts
  readonly #topicParts: TopicParts
  readonly #presences: Presences
  readonly #counts: SubscriberCounts
  readonly #permissions: Permissions
  readonly #names: ClientNames
  readonly #outages: OutageLog
  readonly #logger: Logger
  readonly #limits = new Map<TopicsLimitName, number>()
  readonly #ready = new Deferred<void>()
  #hasWarned = false
  #closing: Promise<void> | null = null

  constructor(settings: TopicsSettings, environment: Environment, logger: Logger) {
    const monitor = new EventMonitor<TopicsEvents>(logger)
    const kinds = new KindRegistry()
    const nodeId = randomId(environment)
    this.#logger = logger
    this.#outages = new OutageLog(logger)
    monitor.on('limitReached', ({ limit }) => {
      this.#limits.set(limit, (this.#limits.get(limit) ?? 0) + 1)
    })
    const { broker } = settings
    const owner = this.#ownerOf(monitor)
    const node = new TopicNode(broker, environment, { ...settings, nodeId }, owner)
    const outlets = new SessionOutlets(node, {
      emit: (event, facts) => monitor.emit(event, facts),
      failed: failuresTo(logger).failed,
    })
    this.#permissions = new Permissions(kinds)
    this.#names = new ClientNames(settings.secret, environment.random)
    this.monitor = monitor
    const isAlone = isPrivate(broker)
    const presence = { ...settings, nodeId, isAlone }
    this.#presences = new Presences(broker, environment, presence, failuresTo(logger))
    this.#counts = new SubscriberCounts({
      broker,
      environment,
      nodeId,
      isAlone,
      isUp: () => node.isUp,
      hereOf: (topic) => node.subscribersOf(topic),
    })
    this.#topicParts = {
      node,
      outlets,
      order: new PublishOrder(),
      presences: this.#presences,
      counts: this.#counts,
      maxEventBytes: settings.maxEventBytes,
      wallTime: () => Date.now(),
    }
    const served = (name: string, kind: AnyTopicKind): ServedTopic =>
      new ServedTopic(name, kind, this.#topicParts)
    this.parts = { node, outlets, kinds, settings, monitor, served }
  }

  /** The broker that was given, and its state. */
  get broker(): { readonly engine: Broker } & BrokerState {
    const { node } = this.parts
    return { engine: node.broker, ...node.state }
  }

  /** Returns the counters of kinds, of the broker and of limits. Visits all subscriptions. */
  statistics(): TopicsStatistics {
    const { node } = this.parts
    const { counters, followed } = node
    const { outages, reconnects } = this.#outages
    return {
      kinds: readKinds({ counters, followed, presences: this.#presences.used }),
      broker: { state: node.state.state, outages, reconnects },
      limitsReached: Object.fromEntries(this.#limits),
    }
  }

  /**
   * Resolves when the broker is usable for the first time, or the topics are closed. Await it
   * before the server starts, so that a wrong password or an old broker fails the start.
   *
   * Rejects with `UnusableEngineError` (`TOWPATH_BROKER_UNUSABLE`) if another attempt cannot
   * succeed. It is pending while the broker cannot be reached; `broker` has the cause.
   */
  get ready(): Promise<void> {
    return this.#ready.promise
  }

  /** Connects to the broker. Rejects if another attempt cannot succeed. */
  async open(): Promise<void> {
    try {
      await this.parts.node.open()
    } catch (error) {
      this.#ready.promise.catch(() => {
        // The caller of `open` reports it. Few applications read `ready`.
      })
      this.#ready.reject(error)
      throw error
    }
    this.#ready.resolve(undefined)
  }

  /**
   * A topic of a kind.
   *
   * @throws {TopicNameError} for parameters that make no valid name; {TopicKindConflictError} if
   *   another kind in use may have a topic of that name; {TypeError} for an invalid kind.
   */
  topic<Parameters, Event, Input, Meta>(
    kind: TopicKind<Parameters, Event, Input, Meta>,
    ...[parameters]: object extends Parameters
      ? [parameters?: Parameters]
      : [parameters: Parameters]
  ): Topic<Event, Input, Meta> {
    requireKind('use a topic', kind)
    this.parts.kinds.add(kind)
    // Left out only where the pattern has none.
    const name = kind.nameOf(parameters ?? ({} as Parameters))
    // The kind says what its events are.
    return this.parts.served(name, kind) as unknown as Topic<Event, Input, Meta>
  }

  /**
   * Says what clients may do with the topics of a kind. A kind without this is closed to clients,
   * and open to the server's own code.
   *
   * @throws {TypeError} if the kind has permissions already; {TopicKindConflictError}.
   */
  allow<Parameters, Event, Input, Meta>(
    kind: TopicKind<Parameters, Event, Input, Meta>,
    permissions: TopicPermissions<Parameters, Event, Input, Meta>,
  ): void {
    // Asked with what the kind captures, and with events that its schema has accepted.
    this.#permissions.allow(kind as AnyTopicKind, permissions as unknown as AnyPermissions)
  }

  /**
   * Serves the ready-made protocol of topics at a path, for `connectTopics` of
   * `towpath/client/topics`. Logs a warning if processes may share the broker and there is no
   * `secret`.
   *
   * @throws {PluginMissingError} if `WebSockets` is not installed; what `route.webSocket` throws.
   */
  serve(route: Pick<Route, 'webSocket'>, path: string, options: ServeOptions = {}): void {
    const act = `serve topics at "${path}"`
    requireObject(act, 'the options argument', options)
    requireKnownNames(act, options, ['authenticate', 'connected'])
    const parts = {
      topics: this.parts,
      permissions: this.#permissions,
      names: this.#names,
      options,
    }
    this.#requireSecret()
    const served = { protocols: [...WIRE_PROTOCOLS], requireProtocol: true }
    route.webSocket(path, served, (session) => new WireSession(session, parts).run())
  }

  /** Ends all subscriptions and the connection to the broker. Idempotent; never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  /** Passes the reports of the node on. Some of their receivers are made after the node. */
  #ownerOf(monitor: EventMonitor<TopicsEvents>): NodeOwner {
    return {
      brokerChanged: (state) => {
        this.#presences.brokerChanged(state.state === 'up')
        if (state.state === 'up') this.#counts.up()
        this.#outages.changed(state)
        monitor.emit('brokerChanged', { state })
      },
      told: (news) => {
        const { topic } = news
        if (news.type === 'epoch') monitor.emit('epochChanged', { topic })
        else monitor.emit('historyHealed', { topic, from: news.from, to: news.to })
      },
      message: (channel, message) => {
        if (!this.#counts.message(channel, message)) this.#presences.message(channel, message)
      },
    }
  }

  /** Logs once that the option `secret` is missing. Only clients of `serve` have signed names. */
  #requireSecret(): void {
    const { broker, secret } = this.parts.settings
    if (this.#hasWarned || secret !== null || isMemory(broker)) return
    this.#hasWarned = true
    logSafely(() => this.#logger.warn({}, NO_SECRET))
  }

  async #close(): Promise<void> {
    this.#presences.end()
    await this.parts.node.close()
    this.#ready.resolve(undefined)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

const ID_BYTES = 9

const NO_SECRET =
  'Topics have no option "secret": a client that returns to another process is a new client, and' +
  ' its unanswered publishes are uncertain. Give all processes the same secret'

function randomId(environment: Environment): string {
  return [...environment.random(new Uint8Array(ID_BYTES))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')
}

/** Logs the failures of the application's functions, and of the checks of keys. */
function failuresTo(logger: Logger): PresencesOwner {
  return {
    failed: (error, session) =>
      logFailure(logger, error, 'A function of a topic failed', { session: session.id }),
    keysFailed: (error) => logFailure(logger, error, 'The keys of presence cannot be checked'),
  }
}
