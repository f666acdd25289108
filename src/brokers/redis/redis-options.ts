/**
 * The options of `redisBroker`, checked.
 */

import type { ConnectionOptions } from 'node:tls'

import {
  readChoice,
  readWholeNumber,
  requireKnownNames,
  requireObject,
} from '../../base/internal.ts'

/** A host and a port. */
export interface RedisAddress {
  readonly host: string
  /** 1 to 65 535. */
  readonly port: number
}

/** What `redisBroker` takes. */
export interface RedisBrokerOptions {
  /**
   * Where Redis is: `redis://[user[:password]@]host[:port][/database]`, `rediss://` for TLS. Not
   * together with `sentinel` or `cluster`.
   *
   * @defaultValue `redis://localhost:6379`
   */
  readonly url?: string

  /**
   * Asks Redis Sentinel for the primary, at each connect. `addresses` are the sentinels, 1 or more.
   *
   * @defaultValue none
   */
  readonly sentinel?: { readonly name: string; readonly addresses: readonly RedisAddress[] }

  /**
   * Some servers of a Redis Cluster, 1 or more: name several, because one of them has to answer at
   * each connect. Topics are spread over the primaries.
   *
   * @defaultValue none: Redis is a single primary
   */
  readonly cluster?: readonly RedisAddress[]

  /** The user to log in as. @defaultValue the one in `url`, or Redis' default user */
  readonly username?: string

  /**
   * The password, or a function that returns it: called at each connect, so that tokens can be
   * renewed.
   *
   * @defaultValue the one in `url`, or none
   */
  readonly password?: string | (() => string | Promise<string>)

  /** TLS, with the options of `tls.connect`. @defaultValue TLS for `rediss://` alone */
  readonly tls?: ConnectionOptions | boolean

  /**
   * What a restart of Redis, or a replica that was promoted, means for the logs. `epoch`:
   * acknowledged events may be missing, so subscribers are told by a new epoch. `trust`: the engine
   * loses nothing it has acknowledged, as MemoryDB does, and Redis with `appendfsync always` and
   * without replicas.
   *
   * @defaultValue 'epoch'
   */
  readonly restart?: 'epoch' | 'trust'

  /**
   * How many bytes of messages of the wire may wait for Redis' answer, 1 or above. Above it, `send`
   * throws `BrokerUnavailableError` and the message is lost, as the wire may.
   *
   * @defaultValue 16 MiB
   */
  readonly maxUnsentBytes?: number
}

/** Options with their defaults. */
export interface RedisSettings {
  readonly url: string | null
  readonly sentinel: NonNullable<RedisBrokerOptions['sentinel']> | null
  readonly cluster: readonly RedisAddress[] | null
  readonly username: string | null
  readonly password: () => Promise<string | null>
  readonly tls: ConnectionOptions | boolean
  readonly isTrusted: boolean
  readonly maxUnsentBytes: number
}

const ACT = 'make the Redis broker'
const WHERE = ['url', 'sentinel', 'cluster'] as const
const NAMES = [...WHERE, 'username', 'password', 'tls', 'restart', 'maxUnsentBytes']

/** @throws {TypeError} for an unknown option or an invalid value. */
export function readRedisOptions(options: RedisBrokerOptions): RedisSettings {
  requireObject(ACT, 'the options argument', options)
  requireKnownNames(ACT, options, NAMES)
  const { url, sentinel, cluster, username, password, tls = false } = options
  const given = WHERE.filter((name) => options[name] !== undefined)
  if (given.length > 1) {
    const both = given.map((name) => `"${name}"`).join(' and ')
    throw new TypeError(`Cannot ${ACT}: both ${both} are given, expected one of them`)
  }
  if (url !== undefined) checkUrl(url)
  if (sentinel !== undefined) checkSentinel(sentinel)
  if (cluster !== undefined) checkCluster(cluster)
  const restart = readChoice(ACT, 'restart', options.restart, 'epoch', ['epoch', 'trust'])
  return {
    url: url ?? (given.length === 0 ? 'redis://localhost:6379' : null),
    sentinel: sentinel ?? null,
    cluster: cluster ?? null,
    username: username ?? null,
    password: async () => (typeof password === 'function' ? password() : (password ?? null)),
    tls,
    isTrusted: restart === 'trust',
    maxUnsentBytes: readWholeNumber(ACT, 'maxUnsentBytes', options.maxUnsentBytes, 16 << 20, {
      min: 1,
    }),
  }
}

/** The message names no part of the URL: it may hold a password. */
function checkUrl(url: unknown): void {
  const scheme = typeof url === 'string' && URL.canParse(url) ? new URL(url).protocol : null
  if (scheme === 'redis:' || scheme === 'rediss:') return
  throw new TypeError(
    `Cannot ${ACT}: option "url" is not a URL of Redis, expected redis://host:port or rediss://host:port`,
  )
}

function checkSentinel({ name, addresses }: NonNullable<RedisBrokerOptions['sentinel']>): void {
  if (typeof name !== 'string' || !areAddresses(addresses)) {
    throw new TypeError(
      `Cannot ${ACT}: option "sentinel" is incomplete, expected { name, addresses: [{ host, port }] }`,
    )
  }
}

function checkCluster(addresses: unknown): void {
  if (areAddresses(addresses)) return
  throw new TypeError(`Cannot ${ACT}: option "cluster" is invalid, expected [{ host, port }]`)
}

function areAddresses(value: unknown): boolean {
  if (!Array.isArray(value) || value.length === 0) return false
  return value.every((each: unknown) => {
    if (typeof each !== 'object' || each === null) return false
    const { host, port } = each as Partial<Record<'host' | 'port', unknown>> // checked below
    return typeof host === 'string' && Number.isInteger(port)
  })
}
