/**
 * The broker on Redis 7.0 or newer, or Valkey 7.2 or newer: a stream per topic, written by scripts
 * that also publish.
 */

import type * as Redis from '@redis/client'

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
import { type Heard, Subscriptions } from '../subscriptions.ts'
import { connectRedis, loadRedis, type RedisConnection } from './redis-connection.ts'
import { RedisNames } from './redis-names.ts'
import { type RedisBrokerOptions, readRedisOptions, type RedisSettings } from './redis-options.ts'
import { RedisLog } from './redis-log.ts'
import { readPublished } from './replies.ts'

const RESTORED_AT_ONCE = 256

/**
 * Makes the broker on Redis. It needs the package `@redis/client` 6.3.1 or newer, which this call
 * loads.
 *
 * @throws {PackageMissingError} if the package is not installed; {TypeError} for an unknown option
 *   or an invalid value.
 */
export function redisBroker(options: RedisBrokerOptions = {}): Broker {
  const settings = readRedisOptions(options)
  const redis = loadRedis()
  return new OpeningBroker(
    { appendsInFlight: Infinity, offsets: 'dense' },
    (sink, opening) => new RedisEngine(redis, settings, sink, opening),
  )
}

class RedisEngine implements EngineBroker, Connector<RedisConnection> {
  readonly #redis: typeof Redis
  readonly #settings: RedisSettings
  readonly #sink: BrokerSink
  readonly #link: BrokerLink<RedisConnection>
  readonly #names: RedisNames
  readonly #log: RedisLog
  readonly #subscriptions = new Subscriptions()
  #unsentBytes = 0

  constructor(
    redis: typeof Redis,
    settings: RedisSettings,
    sink: BrokerSink,
    { namespace, environment }: BrokerOptions,
  ) {
    this.#redis = redis
    this.#settings = settings
    this.#sink = sink
    this.#link = new BrokerLink(this, sink, environment)
    this.#names = new RedisNames(namespace)
    const createEpoch = (): string =>
      Buffer.from(environment.random(new Uint8Array(8))).toString('hex')
    this.#log = new RedisLog(this.#names, redis.ErrorReply, settings.isTrusted, createEpoch)
  }

  start(): Promise<void> {
    return this.#link.start()
  }

  close(): Promise<void> {
    this.#link.close()
    return Promise.resolve()
  }

  connect(signal: AbortSignal, ended: (cause: unknown) => void): Promise<RedisConnection> {
    this.#subscriptions.reset()
    const heard = (channel: string, message: Buffer): void => {
      if (!signal.aborted) this.#heard(channel, message)
    }
    return connectRedis(this.#redis, this.#settings, heard, signal, ended)
  }

  restore(connection: RedisConnection): Promise<unknown> | null {
    const names = this.#subscriptions.missing(RESTORED_AT_ONCE)
    if (names.length === 0) return null
    for (const name of names) this.#subscriptions.confirm(name)
    return connection.subscribe(names)
  }

  listen(channel: string): Promise<void> {
    const name = this.#names.wire(channel)
    return this.#subscribe('listen to a channel', null, name, { type: 'message', channel }, () =>
      Promise.resolve(),
    )
  }

  unlisten(channel: string): void {
    this.#unsubscribe(this.#names.wire(channel))
  }

  send(channel: string, message: Uint8Array): void {
    const { connection } = this.#link
    const unsentBytes = this.#unsentBytes + message.length
    if (connection === null || unsentBytes > this.#settings.maxUnsentBytes) {
      throw new BrokerUnavailableError('send a message', null)
    }
    this.#unsentBytes = unsentBytes
    void this.#publish(connection, this.#names.wire(channel), message)
  }

  flush(): Promise<void> {
    return this.#link.request('flush', null, async (connection) => {
      await connection.flush()
    })
  }

  prepare(_kind: LogKind): Promise<void> {
    return Promise.resolve()
  }

  follow(topic: LogTopic): Promise<Head> {
    const { channel } = this.#names.topic(topic.name)
    const heard: Heard = { type: 'event', topic: topic.name, kind: topic.kind.id }
    const act = `follow "${topic.name}"`
    return this.#subscribe(act, topic.name, channel, heard, async (connection) => {
      const [head] = await this.#log.heads(connection, [topic])
      if (head === undefined) throw new Error('Cannot read a head')
      return head
    })
  }

  unfollow(topic: LogTopic): void {
    this.#unsubscribe(this.#names.topic(topic.name).channel)
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

  /** Never rejects: what fails is lost, and the end of the connection is told by the state. */
  async #publish(connection: RedisConnection, name: string, message: Uint8Array): Promise<void> {
    try {
      await connection.publish(name, message)
    } catch {
      // At most once.
    }
    this.#unsentBytes -= message.length
  }

  #subscribe<T>(
    act: string,
    topic: string | null,
    name: string,
    heard: Heard,
    then: (connection: RedisConnection) => Promise<T>,
  ): Promise<T> {
    this.#subscriptions.add(name, heard)
    return this.#link.request(act, topic, async (connection) => {
      await connection.subscribe([name])
      this.#subscriptions.confirm(name)
      return then(connection)
    })
  }

  #unsubscribe(name: string): void {
    if (!this.#subscriptions.remove(name)) return
    // What fails here has ended with the connection.
    this.#link.connection?.unsubscribe(name).catch(() => {})
  }

  #heard(channel: string, payload: Buffer): void {
    const heard = this.#subscriptions.find(channel)
    if (heard === undefined) return
    if (heard.type === 'message') {
      this.#sink.message(heard.channel, new Uint8Array(payload))
      return
    }
    const published = readPublished(payload)
    // Bytes of another program. If an event was lost with them, the next one shows the hole.
    if (published === null) return
    this.#sink.event(heard.topic, published.place, published.message)
  }
}
