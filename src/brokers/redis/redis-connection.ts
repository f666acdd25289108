/**
 * One connection to Redis, until it ends: a single primary, or all primaries of a cluster.
 */

import type * as Redis from '@redis/client'

import { loadPackage } from '../../packages/index.ts'
import type { EngineConnection } from '../engine.ts'
import { readOffset } from '../places.ts'
import { askInTurn } from './asking.ts'
import type { ClientParts } from './redis-client.ts'
import { RedisCluster } from './redis-cluster.ts'
import type { RedisAddress, RedisSettings } from './redis-options.ts'
import { type HeardListener, publishCommandOf, RedisShard } from './redis-shard.ts'
import type { Script } from './scripts.ts'

/** Loads the client library. @throws {PackageMissingError} */
export function loadRedis(): typeof Redis {
  // The package is what it says, or it is not there; what is used is checked by the tests of this
  // folder.
  return loadPackage('make the Redis broker', '@redis/client', '^6.3.1') as typeof Redis
}

/** Connects. See `Connector.connect`. */
export async function connectRedis(
  redis: typeof Redis,
  settings: RedisSettings,
  heard: HeardListener,
  attempt: Omit<ClientParts, 'redis' | 'settings'>,
): Promise<RedisConnection> {
  const parts = { redis, settings, ...attempt }
  if (settings.cluster !== null) {
    return new RedisConnection(await RedisCluster.open(parts, settings.cluster, heard), null)
  }
  const address = await primaryOf(parts)
  return new RedisConnection(null, await RedisShard.open(parts, address, false, heard))
}

/** Redis, connected. */
export class RedisConnection implements EngineConnection {
  readonly #cluster: RedisCluster | null
  readonly #single: RedisShard | null

  /** One of the two is given. */
  constructor(cluster: RedisCluster | null, single: RedisShard | null) {
    this.#cluster = cluster
    this.#single = single
  }

  /** Whether the keys of one script have to belong to one slot. */
  get isCluster(): boolean {
    return this.#cluster !== null
  }

  /** The command by which a script publishes. */
  get publishCommand(): string {
    return publishCommandOf(this.isCluster)
  }

  probe(): Promise<unknown> {
    return Promise.all(this.#all().map((shard) => shard.probe()))
  }

  /** Resolves when everything that was sent before has reached Redis. */
  flush(): Promise<unknown> {
    return Promise.all(this.#all().map((shard) => shard.flush()))
  }

  /** Runs a script where its first key is. Strings come as `Buffer`. */
  run(
    script: Script,
    keys: readonly string[],
    args: ReadonlyArray<string | Uint8Array>,
  ): Promise<unknown> {
    return this.#shardOf(keys[0] ?? '').run(script, keys, args)
  }

  publish(channel: string, message: Uint8Array): Promise<unknown> {
    return this.#shardOf(channel).publish(channel, message)
  }

  /**
   * Ends the connection after the answers that have come are passed on: the connection of `key`
   * cannot be used.
   */
  failSoon(key: string, cause: Error): void {
    this.#shardOf(key).failSoon(cause)
  }

  /** Resolves when Redis has confirmed all of `channels`. */
  async subscribe(channels: readonly string[]): Promise<void> {
    const byShard = new Map<RedisShard, string[]>()
    for (const channel of channels) {
      const shard = this.#shardOf(channel)
      byShard.set(shard, [...(byShard.get(shard) ?? []), channel])
    }
    // The channels of one SSUBSCRIBE have to belong to one slot.
    const commands = [...byShard].flatMap(([shard, own]) =>
      this.isCluster ? own.map((each) => shard.subscribe([each])) : [shard.subscribe(own)],
    )
    await Promise.all(commands)
  }

  unsubscribe(channel: string): void {
    void this.#unsubscribed(channel)
  }

  /** Never rejects: what fails here has ended with the connection. */
  async #unsubscribed(channel: string): Promise<void> {
    try {
      await this.#shardOf(channel).unsubscribe(channel)
    } catch {
      // Redis drops the subscriptions of a connection with the connection.
    }
  }

  #all(): readonly RedisShard[] {
    if (this.#single !== null) return [this.#single]
    return [...(this.#cluster?.all ?? [])]
  }

  #shardOf(name: string): RedisShard {
    const shard = this.#single ?? this.#cluster?.shardOf(name)
    if (shard === undefined) throw new Error('Cannot find a server of Redis')
    return shard
  }
}

/** The primary that a sentinel names; `null` when the URL says it. */
async function primaryOf(parts: ClientParts): Promise<RedisAddress | null> {
  const { sentinel } = parts.settings
  if (sentinel === null) return null
  const problem = 'Cannot find the primary: no sentinel knows it'
  return askInTurn(parts, sentinel.addresses, problem, async (client) => {
    const question = ['SENTINEL', 'get-master-addr-by-name', sentinel.name]
    return readPrimary(await client.sendCommand(question))
  })
}

/** The primary in a sentinel's answer; `null` if the sentinel knows none. */
export function readPrimary(answer: unknown): RedisAddress | null {
  if (!Array.isArray(answer)) return null
  const [host, text] = answer.map(String)
  const port = readOffset(text)
  const isAddress = host !== undefined && host !== '' && port !== null && port > 0 && port < 65_536
  return isAddress ? { host, port } : null
}
