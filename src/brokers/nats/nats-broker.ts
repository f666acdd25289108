/**
 * The broker on NATS 2.9.10 or newer with JetStream: a stream per kind, which republishes what it
 * has stored.
 */

import type * as Nats from '@nats-io/transport-node'

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
  PublishUncertainError,
  type ReadLimit,
} from '../../topics/index.ts'
import { BrokerLink, type Connector } from '../broker-link.ts'
import { type EngineBroker, OpeningBroker } from '../opening-broker.ts'
import { Subscriptions } from '../subscriptions.ts'
import { KindStreams } from './kind-streams.ts'
import { connectNats, loadNats, type NatsConnection, type NatsMessage } from './nats-connection.ts'
import { NatsLog } from './nats-log.ts'
import { NatsNames, tokenOf } from './nats-names.ts'
import { type NatsBrokerOptions, type NatsSettings, readNatsOptions } from './nats-options.ts'
import { NatsWire } from './nats-wire.ts'

const RESTORED_AT_ONCE = 1000

/**
 * Makes the broker on NATS. It needs the package `@nats-io/transport-node` 3.3.1 or newer, which
 * this call loads.
 *
 * @throws {PackageMissingError} if the package is not installed; {TypeError} for an unknown option
 *   or an invalid value.
 */
export function natsBroker(options: NatsBrokerOptions = {}): Broker {
  const settings = readNatsOptions(options)
  const nats = loadNats()
  // A change of the stream's leader could otherwise store the second append before the first.
  return new OpeningBroker(
    { appendsInFlight: 1, offsets: 'sparse' },
    (sink, opening) => new NatsEngine(nats, settings, sink, opening),
  )
}

class NatsEngine implements EngineBroker, Connector<NatsConnection> {
  readonly #nats: typeof Nats
  readonly #settings: NatsSettings
  readonly #sink: BrokerSink
  readonly #link: BrokerLink<NatsConnection>
  readonly #names: NatsNames
  readonly #streams: KindStreams
  readonly #log: NatsLog
  readonly #wire: NatsWire
  readonly #subscriptions = new Subscriptions()

  constructor(
    nats: typeof Nats,
    settings: NatsSettings,
    sink: BrokerSink,
    { namespace, environment }: BrokerOptions,
  ) {
    this.#nats = nats
    this.#settings = settings
    this.#sink = sink
    this.#link = new BrokerLink(this, sink, environment)
    this.#names = new NatsNames(namespace)
    const createEpoch = (): string =>
      Buffer.from(environment.random(new Uint8Array(8))).toString('hex')
    this.#streams = new KindStreams(this.#names, settings, createEpoch)
    this.#log = new NatsLog(this.#streams)
    this.#wire = new NatsWire(settings.maxUnsentBytes)
  }

  start(): Promise<void> {
    return this.#link.start()
  }

  close(): Promise<void> {
    this.#link.close()
    return Promise.resolve()
  }

  async connect(signal: AbortSignal, ended: (cause: unknown) => void): Promise<NatsConnection> {
    this.#subscriptions.reset()
    this.#streams.reset()
    const connection = await connectNats(this.#nats, this.#settings, signal, ended)
    const moved = ({ subject }: NatsMessage): void =>
      void this.#streams.markerMoved(connection, subject)
    await connection.subscribe([this.#names.allMarkers], moved)
    return connection
  }

  restore(connection: NatsConnection): Promise<unknown> | null {
    const verifying = this.#streams.verifyNext(connection)
    if (verifying !== null) return verifying
    const subjects = this.#subscriptions.missing(RESTORED_AT_ONCE)
    if (subjects.length === 0) return null
    for (const subject of subjects) this.#subscriptions.confirm(subject)
    return connection.subscribe(subjects, this.#heard)
  }

  listen(channel: string): Promise<void> {
    const subject = this.#names.wire(channel)
    this.#subscriptions.add(subject, { type: 'message', channel })
    return this.#link.request('listen to a channel', null, (connection) =>
      this.#subscribe(connection, subject),
    )
  }

  unlisten(channel: string): void {
    this.#unsubscribe(this.#names.wire(channel))
  }

  send(channel: string, message: Uint8Array): void {
    const { connection } = this.#link
    if (connection === null) throw new BrokerUnavailableError('send a message', null)
    this.#wire.send(connection, this.#names.wire(channel), message)
  }

  flush(): Promise<void> {
    return this.#link.request('flush', null, (connection) => connection.flush())
  }

  prepare(kind: LogKind): Promise<void> {
    this.#streams.add(kind)
    return this.#link.request(`prepare "${kind.id}"`, null, (connection) =>
      this.#streams.prepare(connection, kind),
    )
  }

  follow(topic: LogTopic): Promise<Head> {
    const { name, kind } = topic
    const subject = this.#liveOf(topic)
    this.#subscriptions.add(subject, { type: 'event', topic: name, kind: kind.id })
    this.#log.follow(topic)
    return this.#link.request(`follow "${name}"`, name, async (connection) => {
      await this.#subscribe(connection, subject)
      return this.#log.head(connection, topic)
    })
  }

  unfollow(topic: LogTopic): void {
    this.#log.unfollow(topic)
    this.#unsubscribe(this.#liveOf(topic))
  }

  append(
    topic: LogTopic,
    message: Uint8Array,
    identity: AppendIdentity,
    expect?: Head,
  ): Promise<Appended> {
    const { name } = topic
    return this.#link.request(
      `publish to "${name}"`,
      name,
      (connection) => this.#log.append(connection, topic, message, identity, expect),
      (cause) => new PublishUncertainError(name, { cause }),
    )
  }

  read(topic: LogTopic, after: number, limit: ReadLimit): Promise<LogPage> {
    return this.#link.request(`read "${topic.name}"`, topic.name, (connection) =>
      this.#log.read(connection, topic, after, limit),
    )
  }

  heads(topics: readonly LogTopic[]): Promise<readonly Head[]> {
    return this.#link.request('read the heads of topics', null, (connection) =>
      this.#log.heads(connection, topics),
    )
  }

  #liveOf({ name, kind }: LogTopic): string {
    return `${this.#names.kind(kind.id).live}.${tokenOf(name)}`
  }

  async #subscribe(connection: NatsConnection, subject: string): Promise<void> {
    await connection.subscribe([subject], this.#heard)
    this.#subscriptions.confirm(subject)
  }

  #unsubscribe(subject: string): void {
    if (this.#subscriptions.remove(subject)) this.#link.connection?.unsubscribe(subject)
  }

  readonly #heard = (message: NatsMessage): void => {
    const heard = this.#subscriptions.find(message.subject)
    if (heard === undefined) return
    if (heard.type === 'message') {
      this.#sink.message(heard.channel, message.data.slice())
      return
    }
    const place = this.#log.heard(heard.topic, heard.kind, message)
    if (place !== null) this.#sink.event(heard.topic, place, message.data.slice())
  }
}
