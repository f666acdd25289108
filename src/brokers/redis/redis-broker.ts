/**
 * The broker on Redis 7.0 or newer, or Valkey 7.2 or newer: a stream per topic, written by scripts
 * that also publish.
 */

import type * as Redis from '@redis/client'

import type { TimerWheel } from '../../base/internal.ts'
import {
  type Broker,
  type BrokerOptions,
  type BrokerSink,
  BrokerUnavailableError,
} from '../../topics/index.ts'
import { createEpoch } from '../places.ts'
import type { Engine } from '../engine.ts'
import { OpeningBroker } from '../opening-broker.ts'
import { type Delivery, type LiveEvent, Subscriptions, type Wanted } from '../subscriptions.ts'
import { connectRedis, loadRedis, type RedisConnection } from './redis-connection.ts'
import { RedisLog } from './redis-log.ts'
import { RedisNames } from './redis-names.ts'
import { type RedisBrokerOptions, readRedisOptions, type RedisSettings } from './redis-options.ts'
import { readPublished } from './replies.ts'

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

/** No node listens to the channel without a name. */
const NOTHING = new Uint8Array(0)

class RedisEngine implements Engine<RedisConnection, Buffer>, Delivery<Buffer> {
  readonly subscriptions: Subscriptions<Buffer>
  readonly log: RedisLog
  readonly kinds = null
  readonly #redis: typeof Redis
  readonly #settings: RedisSettings
  readonly #names: RedisNames
  readonly #timers: TimerWheel
  #unsentBytes = 0
  #attempts = 0

  constructor(
    redis: typeof Redis,
    settings: RedisSettings,
    sink: BrokerSink,
    { namespace, environment }: BrokerOptions,
  ) {
    this.#redis = redis
    this.#settings = settings
    this.#names = new RedisNames(namespace)
    this.#timers = environment.waitingTimers
    this.subscriptions = new Subscriptions(sink, this)
    const { isTrusted } = settings
    const newEpoch = (): string => createEpoch(environment)
    this.log = new RedisLog(this.#names, redis.ErrorReply, isTrusted, newEpoch)
  }

  async connect(signal: AbortSignal, ended: (cause: unknown) => void): Promise<RedisConnection> {
    const heard = (channel: string, message: Buffer): void => {
      if (!signal.aborted) this.subscriptions.heard(channel, message)
    }
    const attempt = this.#attempts++
    const timers = this.#timers
    const parts = { signal, ended, attempt, timers }
    const connection = await connectRedis(this.#redis, this.#settings, heard, parts)
    // Rejects if the ACL forbids it. Otherwise messages would be lost without an error.
    await connection.publish(this.#names.wire(''), NOTHING)
    return connection
  }

  send(connection: RedisConnection, channel: string, message: Uint8Array): void {
    const unsentBytes = this.#unsentBytes + message.length
    if (unsentBytes > this.#settings.maxUnsentBytes) {
      throw new BrokerUnavailableError('send a message', null)
    }
    this.#unsentBytes = unsentBytes
    void this.#publish(connection, this.#names.wire(channel), message)
  }

  nameOf(wanted: Wanted): string {
    return wanted.type === 'message'
      ? this.#names.wire(wanted.channel)
      : this.#names.topic(wanted.topic.name).channel
  }

  messageIn(payload: Buffer): Uint8Array {
    return new Uint8Array(payload)
  }

  eventIn(payload: Buffer): LiveEvent | null {
    return readPublished(payload)
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
}
