/**
 * One connection to Redis: a client for commands and one for subscriptions, until either ends.
 *
 * Subscriptions have a socket of their own, because Redis closes the socket of a subscriber that is
 * too slow.
 */

import type * as Redis from '@redis/client'

import { loadPackage } from '../../packages/index.ts'
import { type LinkConnection, UnusableEngineError } from '../broker-link.ts'
import type { RedisAddress, RedisSettings } from './redis-options.ts'
import { APPEND_SCRIPT, HEADS_SCRIPT, READ_SCRIPT, type Script } from './scripts.ts'

type Client = ReturnType<typeof createClient>

const CONNECT_MS = 5000
const OLDEST_MAJOR = 7
/**
 * Replies after which a connection is of no use: another server has to be found, or scripts to be
 * loaded.
 */
const USELESS = /^(?:READONLY|LOADING|MASTERDOWN|CLUSTERDOWN|NOSCRIPT|UNBLOCKED|NOAUTH)\b/
/** Replies to a login that will not change by themselves. */
const REFUSED = /^(?:WRONGPASS|NOAUTH|NOPERM)\b|AUTH.*without any password/

/** Redis, connected. */
export interface RedisConnection extends LinkConnection {
  /** Runs a script. Strings come as `Buffer`. */
  run(
    script: Script,
    keys: readonly string[],
    args: ReadonlyArray<string | Uint8Array>,
  ): Promise<unknown>
  publish(channel: string, message: Uint8Array): Promise<unknown>
  /** Resolves when Redis has confirmed all of `channels`. */
  subscribe(channels: readonly string[]): Promise<void>
  unsubscribe(channel: string): Promise<void>
  /** Resolves when everything that was sent before has reached Redis. */
  flush(): Promise<unknown>
}

/** Loads the client library. @throws {PackageMissingError} */
export function loadRedis(): typeof Redis {
  // The package is what it says, or it is not there; what is used is checked by the tests of this
  // folder.
  return loadPackage('open the Redis broker', '@redis/client', '^6.3.1') as typeof Redis
}

/** Connects. See `Connector.connect`. */
export async function connectRedis(
  redis: typeof Redis,
  settings: RedisSettings,
  heard: (channel: string, message: Buffer) => void,
  signal: AbortSignal,
  ended: (cause: unknown) => void,
): Promise<RedisConnection> {
  const open = (address: RedisAddress | null): Promise<Client> =>
    openClient(redis, settings, address, signal, ended)
  const address = await primaryOf(redis, settings, signal)
  const commands = await open(address)
  await verify(commands)
  const subscriber = await open(address)
  for (const { text } of [APPEND_SCRIPT, READ_SCRIPT, HEADS_SCRIPT]) {
    await commands.sendCommand(['SCRIPT', 'LOAD', text])
  }
  return new Connection(redis, commands, subscriber, heard, ended)
}

class Connection implements RedisConnection {
  readonly #commands: Client
  /** Answers with bytes. */
  readonly #bytes: { sendCommand(args: ReadonlyArray<string | Buffer>): Promise<unknown> }
  readonly #subscriber: Client
  readonly #ended: (cause: unknown) => void
  readonly #listener: (message: Buffer, channel: Buffer) => void

  constructor(
    redis: typeof Redis,
    commands: Client,
    subscriber: Client,
    heard: (channel: string, message: Buffer) => void,
    ended: (cause: unknown) => void,
  ) {
    this.#commands = commands
    this.#bytes = commands.withTypeMapping({ [redis.RESP_TYPES.BLOB_STRING]: Buffer })
    this.#subscriber = subscriber
    this.#ended = ended
    this.#listener = (message, channel) => heard(channel.toString(), message)
  }

  probe(): Promise<unknown> {
    return Promise.all([this.#commands.ping(), this.#subscriber.ping()])
  }

  flush(): Promise<unknown> {
    return this.#commands.ping()
  }

  run(
    script: Script,
    keys: readonly string[],
    args: ReadonlyArray<string | Uint8Array>,
  ): Promise<unknown> {
    const parts = args.map((arg) => (typeof arg === 'string' ? arg : bufferOf(arg)))
    return this.#send(['EVALSHA', script.sha, String(keys.length), ...keys, ...parts])
  }

  publish(channel: string, message: Uint8Array): Promise<unknown> {
    return this.#send(['PUBLISH', channel, bufferOf(message)])
  }

  async subscribe(channels: readonly string[]): Promise<void> {
    await this.#subscriber.subscribe([...channels], this.#listener, true)
  }

  async unsubscribe(channel: string): Promise<void> {
    await this.#subscriber.unsubscribe(channel, this.#listener, true)
  }

  async #send(args: ReadonlyArray<string | Buffer>): Promise<unknown> {
    try {
      return await this.#bytes.sendCommand(args)
    } catch (error) {
      if (error instanceof Error && USELESS.test(error.message)) this.#ended(error)
      throw error
    }
  }
}

/** Makes a client that never reconnects, and connects it. */
async function openClient(
  redis: typeof Redis,
  settings: RedisSettings,
  address: RedisAddress | null,
  signal: AbortSignal,
  ended: (cause: unknown) => void,
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

function createClient(
  redis: typeof Redis,
  settings: RedisSettings,
  address: RedisAddress | null,
  password: string | null,
) {
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
    socket,
  })
}

/** The primary that a sentinel names; `null` when the URL says it. */
async function primaryOf(
  redis: typeof Redis,
  settings: RedisSettings,
  signal: AbortSignal,
): Promise<RedisAddress | null> {
  const { sentinel } = settings
  if (sentinel === null || sentinel === undefined) return null
  let cause: unknown = null
  for (const address of sentinel.addresses) {
    const asking = new AbortController()
    const stop = (): void => asking.abort()
    signal.addEventListener('abort', stop, { once: true })
    try {
      const ignored = (): void => {}
      const client = await openClient(redis, settings, address, asking.signal, ignored)
      const answer: unknown = await client.sendCommand([
        'SENTINEL',
        'get-master-addr-by-name',
        sentinel.name,
      ])
      if (Array.isArray(answer)) return { host: String(answer[0]), port: Number(answer[1]) }
    } catch (error) {
      cause = error
    } finally {
      signal.removeEventListener('abort', stop)
      stop()
    }
  }
  throw new Error('Cannot find the primary: no sentinel knows it', { cause })
}

/** Makes sure that the server is new enough, and a primary. */
async function verify(commands: Client): Promise<void> {
  const info = await commands.info()
  const version = /redis_version:(\S+)/.exec(info)?.[1] ?? 'unknown'
  if (Number.parseInt(version, 10) < OLDEST_MAJOR) {
    throw new UnusableEngineError(`Redis is ${version}, expected ${OLDEST_MAJOR}.0 or newer`)
  }
  if (/^cluster_enabled:1/m.test(info)) {
    throw new UnusableEngineError(
      'Redis runs as a cluster, expected a single primary, with Sentinel or without',
    )
  }
  if (!/^role:master/m.test(info)) {
    throw new Error('Cannot use this Redis: it is a replica, expected a primary')
  }
}

/** A view, not a copy. */
function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
