/**
 * One socket to one server of Redis. It never reconnects: a broken one ends the connection that it
 * belongs to.
 */

import type * as Redis from '@redis/client'

import type { TimerWheel } from '../../base/internal.ts'
import { UnusableEngineError } from '../broker-link.ts'
import type { RedisAddress, RedisSettings } from './redis-options.ts'

/** A client of the package. */
export type Client = Redis.RedisClientType<Nothing, Nothing, Nothing, 3, Nothing>

/** No modules, functions or scripts of the package. */
type Nothing = Record<never, never>

/** What all clients of a connection are made with. */
export interface ClientParts {
  readonly redis: typeof Redis
  readonly settings: RedisSettings
  /** Ends the attempt, and later every client. */
  readonly signal: AbortSignal
  /** Is called when a client has ended by itself. */
  readonly ended: (cause: unknown) => void
  /** Counts the attempts to connect, from 0. */
  readonly attempt: number
  /** Timers that keep the process alive. */
  readonly timers: TimerWheel
}

const CONNECT_MS = 5000
const OLDEST_MAJOR = 7
/** Replies to a login that will not change by themselves. */
const REFUSED = /^(?:WRONGPASS|NOAUTH|NOPERM)\b|AUTH.*without any password/

/** Connects. @param address `null` for the server that the URL names. */
export async function openClient(
  { redis, settings, signal, ended }: ClientParts,
  address: RedisAddress | null,
): Promise<Client> {
  const client = createClient(redis, settings, address, await settings.password())
  // Without a listener an error would end the process.
  let isOpen = false
  client.on('error', (error) => {
    if (isOpen) ended(error)
  })
  client.on('end', () => {
    if (isOpen) ended(null)
  })
  if (signal.aborted) throw new Error('Cannot connect: the attempt has ended')
  signal.addEventListener('abort', () => client.destroy(), { once: true })
  // A client that is destroyed while its socket connects does not end the socket by itself.
  client.on('connect', () => {
    if (signal.aborted) client.destroy()
  })
  try {
    await client.connect()
  } catch (error) {
    if (error instanceof Error && REFUSED.test(error.message)) {
      throw new UnusableEngineError('Redis refuses the credentials, expected valid ones', {
        cause: error,
      })
    }
    throw error
  }
  isOpen = true
  return client
}

/** Makes sure that the server is new enough, a primary, and part of a cluster if `isCluster`. */
export async function verifyServer(client: Client, isCluster: boolean): Promise<void> {
  const info = await client.info()
  const version = /redis_version:(\S+)/.exec(info)?.[1] ?? 'unknown'
  const isNewEnough = Number.parseInt(version, 10) >= OLDEST_MAJOR
  if (!isNewEnough) {
    throw new UnusableEngineError(`Redis is ${version}, expected ${OLDEST_MAJOR}.0 or newer`)
  }
  if (/^cluster_enabled:1/m.test(info) !== isCluster) {
    const problem = isCluster
      ? 'Redis runs without cluster support, expected the option "url" for a single primary'
      : 'Redis runs as a cluster, expected the option "cluster" with the addresses of some servers'
    throw new UnusableEngineError(problem)
  }
  if (!/^role:master/m.test(info)) {
    throw new Error('Cannot use this Redis: it is a replica, expected a primary')
  }
}

function createClient(
  redis: typeof Redis,
  settings: RedisSettings,
  address: RedisAddress | null,
  password: string | null,
): Client {
  const { url, username, tls } = settings
  const socket = {
    ...address,
    ...(typeof tls === 'object' ? tls : {}),
    ...(tls === false ? {} : { tls: true }),
    connectTimeout: CONNECT_MS,
    reconnectStrategy: false,
    // The types of the package know no option of TLS whose value may be `undefined`.
  } as NonNullable<Redis.RedisClientOptions['socket']>
  return redis.createClient({
    ...(address === null && url !== null ? { url } : {}),
    ...(username === null ? {} : { username }),
    ...(password === null ? {} : { password }),
    RESP: 3,
    disableOfflineQueue: true,
    // By default each command makes an `AbortSignal.timeout` of 5 s, which fires although the
    // command was answered: 8 % of a node's CPU time in a fan-out. The probes of the link detect a
    // silent Redis.
    commandOptions: { timeout: 0 },
    socket,
  })
}
