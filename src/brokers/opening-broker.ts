/**
 * A broker before it is opened, and after: what all brokers with an engine share.
 *
 * The engine's half is made by `open`, when the sink, the namespace and the environment are known.
 * Before `open` and after a failed one, every method rejects or throws as it does after `close`.
 */

import { rejected } from '../base/internal.ts'
import {
  type AppendIdentity,
  type Appended,
  type Broker,
  type BrokerOptions,
  type BrokerSink,
  BrokerUnavailableError,
  type Head,
  type LogKind,
  type LogPage,
  type LogTopic,
  type ReadLimit,
} from '../topics/index.ts'

/** The half of a broker that talks to its engine. The methods are those of `Broker`. */
export interface EngineBroker extends Omit<Broker, 'open' | 'appendsInFlight' | 'offsets'> {
  /** Connects. Called once, before all others. See `Broker.open`. */
  start(): Promise<void>
}

/** What is known of a broker before it is opened. */
type BrokerFacts = Pick<Broker, 'appendsInFlight' | 'offsets'>

/** Makes the engine's half. */
type CreateEngine = (sink: BrokerSink, options: BrokerOptions) => EngineBroker

/** A broker that is opened once. */
export class OpeningBroker implements Broker {
  readonly appendsInFlight: number
  readonly offsets: Broker['offsets']
  readonly #create: CreateEngine
  #engine: EngineBroker | null = null
  #isClosed = false

  constructor({ appendsInFlight, offsets }: BrokerFacts, create: CreateEngine) {
    this.appendsInFlight = appendsInFlight
    this.offsets = offsets
    this.#create = create
  }

  open(sink: BrokerSink, options: BrokerOptions): Promise<void> {
    if (this.#isClosed || this.#engine !== null) {
      const problem = this.#isClosed ? 'it has been closed' : 'it is open'
      return rejected(
        new TypeError(`Cannot open the broker: ${problem}, expected one for each node`),
      )
    }
    try {
      this.#engine = this.#create(sink, options)
    } catch (error) {
      return rejected(error)
    }
    return this.#engine.start()
  }

  close(): Promise<void> {
    this.#isClosed = true
    return this.#engine?.close() ?? Promise.resolve()
  }

  listen(channel: string): Promise<void> {
    return this.#engine?.listen(channel) ?? unopened('listen to a channel')
  }

  unlisten(channel: string): void {
    this.#engine?.unlisten(channel)
  }

  send(channel: string, message: Uint8Array): void {
    if (this.#engine === null) throw new BrokerUnavailableError('send a message', null)
    this.#engine.send(channel, message)
  }

  flush(): Promise<void> {
    return this.#engine?.flush() ?? unopened('flush')
  }

  prepare(kind: LogKind): Promise<void> {
    return this.#engine?.prepare(kind) ?? unopened(`prepare "${kind.id}"`)
  }

  follow(topic: LogTopic): Promise<Head> {
    return this.#engine?.follow(topic) ?? unopened(`follow "${topic.name}"`, topic)
  }

  unfollow(topic: LogTopic): void {
    this.#engine?.unfollow(topic)
  }

  append(
    topic: LogTopic,
    message: Uint8Array,
    identity: AppendIdentity,
    expect?: Head,
  ): Promise<Appended> {
    return (
      this.#engine?.append(topic, message, identity, expect) ??
      unopened(`publish to "${topic.name}"`, topic)
    )
  }

  read(topic: LogTopic, after: number, limit: ReadLimit): Promise<LogPage> {
    return this.#engine?.read(topic, after, limit) ?? unopened(`read "${topic.name}"`, topic)
  }

  heads(topics: readonly LogTopic[]): Promise<readonly Head[]> {
    return this.#engine?.heads(topics) ?? unopened('read the heads of topics')
  }
}

function unopened(act: string, topic: LogTopic | null = null): Promise<never> {
  return rejected(new BrokerUnavailableError(act, topic?.name ?? null))
}
