/**
 * One primary: a client for commands and one for subscriptions, until either ends.
 *
 * Subscriptions have a socket of their own, because Redis closes the socket of a subscriber that is
 * too slow.
 */

import type { TimerWheel } from '../../base/internal.ts'
import { UnusableEngineError } from '../broker-link.ts'
import { type Client, type ClientParts, openClient, verifyServer } from './redis-client.ts'
import type { RedisAddress } from './redis-options.ts'
import { APPEND_SCRIPT, HEADS_SCRIPT, READ_SCRIPT, type Script } from './scripts.ts'

/** Is called with each message of a channel. */
export type HeardListener = (channel: string, message: Buffer) => void

/**
 * Replies after which a connection is of no use: another server has to be found, or scripts to be
 * loaded.
 */
const USELESS =
  /^(?:READONLY|LOADING|MASTERDOWN|CLUSTERDOWN|NOSCRIPT|UNBLOCKED|NOAUTH|MOVED|CROSSSLOT)\b/

/** The reply to a command that the ACL forbids. */
const FORBIDDEN = /^NOPERM\b/

/** One primary, connected. */
export class RedisShard {
  readonly #commands: Client
  /** Answers with bytes. */
  readonly #bytes: { sendCommand(args: ReadonlyArray<string | Buffer>): Promise<unknown> }
  readonly #subscriber: Client
  readonly #isSharded: boolean
  readonly #ended: (cause: unknown) => void
  readonly #timers: TimerWheel
  readonly #listener: (message: Buffer, channel: Buffer) => void

  private constructor(
    { redis, ended, timers }: ClientParts,
    commands: Client,
    subscriber: Client,
    isSharded: boolean,
    heard: HeardListener,
  ) {
    this.#commands = commands
    this.#bytes = commands.withTypeMapping({ [redis.RESP_TYPES.BLOB_STRING]: Buffer })
    this.#subscriber = subscriber
    this.#isSharded = isSharded
    this.#ended = ended
    this.#timers = timers
    this.#listener = (message, channel) => heard(channel.toString(), message)
    // Another server of the cluster has this channel now.
    subscriber.on('sharded-channel-moved', () => ended(new Error('A channel has moved')))
  }

  /**
   * Connects, and loads the scripts.
   *
   * @param isSharded whether the server is one of a cluster: then channels are sharded too.
   */
  static async open(
    parts: ClientParts,
    address: RedisAddress | null,
    isSharded: boolean,
    heard: HeardListener,
  ): Promise<RedisShard> {
    const commands = await openClient(parts, address)
    await verifyServer(commands, isSharded)
    const subscriber = await openClient(parts, address)
    for (const { text } of [APPEND_SCRIPT, READ_SCRIPT, HEADS_SCRIPT]) {
      await commands.sendCommand(['SCRIPT', 'LOAD', text])
    }
    return new RedisShard(parts, commands, subscriber, isSharded, heard)
  }

  /** A sign of life on both sockets. */
  probe(): Promise<unknown> {
    return Promise.all([this.#commands.ping(), this.#subscriber.ping()])
  }

  /** Resolves when everything that was sent before has reached Redis. */
  flush(): Promise<unknown> {
    return this.#commands.ping()
  }

  /** Runs a script. Strings come as `Buffer`. */
  run(
    script: Script,
    keys: readonly string[],
    args: ReadonlyArray<string | Uint8Array>,
  ): Promise<unknown> {
    const parts = args.map((arg) => (typeof arg === 'string' ? arg : bufferOf(arg)))
    return this.#send(['EVALSHA', script.sha, String(keys.length), ...keys, ...parts])
  }

  async publish(channel: string, message: Uint8Array): Promise<unknown> {
    try {
      return await this.#send([publishCommandOf(this.#isSharded), channel, bufferOf(message)])
    } catch (error) {
      throw this.#permitted(error)
    }
  }

  /** Ends the connection in the next turn. */
  failSoon(cause: Error): void {
    this.#timers.schedule(0, () => this.#ended(cause))
  }

  async subscribe(channels: readonly string[]): Promise<void> {
    const subscriber = this.#subscriber
    try {
      if (this.#isSharded) await subscriber.sSubscribe([...channels], this.#listener, true)
      else await subscriber.subscribe([...channels], this.#listener, true)
    } catch (error) {
      throw this.#permitted(this.#checked(error))
    }
  }

  async unsubscribe(channel: string): Promise<void> {
    if (this.#isSharded) await this.#subscriber.sUnsubscribe(channel, this.#listener, true)
    else await this.#subscriber.unsubscribe(channel, this.#listener, true)
  }

  async #send(args: ReadonlyArray<string | Buffer>): Promise<unknown> {
    try {
      return await this.#bytes.sendCommand(args)
    } catch (error) {
      throw this.#checked(error)
    }
  }

  /**
   * Ends the connection if `error` says that the ACL forbids the channel. Otherwise messages
   * between nodes would be lost without an error.
   *
   * @returns `error`, or the one that the connection has ended with.
   */
  #permitted(error: unknown): unknown {
    if (!(error instanceof Error) || !FORBIDDEN.test(error.message)) return error
    const problem =
      'the ACL of Redis forbids a channel, expected a user who may publish and subscribe'
    const unusable = new UnusableEngineError(problem, { cause: error })
    this.#ended(unusable)
    return unusable
  }

  /** Ends the connection if `error` makes it useless. @returns `error`. */
  #checked(error: unknown): unknown {
    if (error instanceof Error && USELESS.test(error.message)) this.#ended(error)
    return error
  }
}

/** Classic channels of a cluster go to every server; sharded ones to the server of their slot. */
export function publishCommandOf(isSharded: boolean): 'SPUBLISH' | 'PUBLISH' {
  return isSharded ? 'SPUBLISH' : 'PUBLISH'
}

/** A view, not a copy. */
function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
