/**
 * The logs of topics in Redis: appends, reads and heads, each by a script.
 */

import { quoteName } from '../../base/internal.ts'
import {
  type Appended,
  BrokerUnavailableError,
  ExpectationFailedError,
  type Head,
  type LogKind,
  type LogPage,
  type LogTopic,
  type ReadLimit,
} from '../../topics/index.ts'
import { UnusableEngineError } from '../broker-link.ts'
import type { AppendRequest, EngineLog } from '../engine.ts'
import type { RedisConnection } from './redis-connection.ts'
import type { RedisNames } from './redis-names.ts'
import { readAppended, readAppendFailure, readHeads, readPage } from './replies.ts'
import { APPEND_SCRIPT, HEADS_SCRIPT, READ_SCRIPT } from './scripts.ts'

/**
 * Meta outlives its log by the age of the log, within these bounds. When meta goes, the next event
 * begins a new epoch.
 */
const MIN_META_MS = 3_600_000
const MAX_META_MS = 24 * 3_600_000
const HEADS_AT_ONCE = 256

/** The logs of one node. */
export class RedisLog implements EngineLog<RedisConnection> {
  readonly #names: RedisNames
  /** An error that Redis itself has answered. */
  readonly #ErrorReply: abstract new (...args: never[]) => Error
  readonly #isTrusted: boolean
  readonly #createEpoch: () => string

  constructor(
    names: RedisNames,
    ErrorReply: abstract new (...args: never[]) => Error,
    isTrusted: boolean,
    createEpoch: () => string,
  ) {
    this.#names = names
    this.#ErrorReply = ErrorReply
    this.#isTrusted = isTrusted
    this.#createEpoch = createEpoch
  }

  async append(
    connection: RedisConnection,
    { topic, message, identity, expect }: AppendRequest,
  ): Promise<Appended> {
    const { name, kind } = topic
    const keys = this.#names.topic(name)
    const all = [keys.meta, keys.log, this.#names.identity(name, identity)]
    const args = [
      ...this.#leading(kind),
      keys.channel,
      message,
      String('id' in identity ? 0 : identity.sequence),
      String(kind.dedupeMs),
      String(kind.size),
      String(kind.ageMs),
      // Marked: the epoch that an application expects may be empty.
      expect === undefined ? '' : `=${expect.epoch}`,
      String(expect?.offset ?? ''),
      connection.publishCommand,
    ]
    try {
      const reply = await connection.run(APPEND_SCRIPT, all, args)
      const failure = readAppendFailure(reply)
      if (failure !== null) connection.failSoon(keys.meta, halfDone(failure))
      const appended = readAppended(reply)
      if (appended !== null) return appended
    } catch (cause) {
      // The link rejects the append as uncertain for an error without an answer. Otherwise the
      // script has stored nothing. NOSCRIPT and the like have ended the connection before this
      // error.
      if (!(cause instanceof this.#ErrorReply)) throw cause
      const problem = `Redis answers ${/^[A-Z]+/.exec(cause.message)?.[0] ?? 'with an error'}`
      throw new BrokerUnavailableError(`publish to ${quoteName(name)}`, name, { cause, problem })
    }
    throw new ExpectationFailedError(name)
  }

  async read(
    connection: RedisConnection,
    topic: LogTopic,
    after: number,
    limit: ReadLimit,
  ): Promise<LogPage> {
    const { meta, log } = this.#names.topic(topic.name)
    const numbers = [after, limit.events, limit.bytes]
    const args = [
      ...this.#leading(topic.kind),
      ...numbers.map((each) => String(Math.min(each, Number.MAX_SAFE_INTEGER))),
    ]
    return readPage(await connection.run(READ_SCRIPT, [meta, log], args), after)
  }

  async heads(connection: RedisConnection, topics: readonly LogTopic[]): Promise<Head[]> {
    if (!connection.isCluster) return this.#headsTogether(connection, topics)
    // One script reads the topics of one partition: their keys belong to one slot.
    const partitions = new Map<number, number[]>()
    for (const [index, { name }] of topics.entries()) {
      const partition = this.#names.partition(name)
      const own = partitions.get(partition)
      if (own === undefined) partitions.set(partition, [index])
      else own.push(index)
    }
    const heads: Head[] = []
    const read = async (indices: readonly number[]): Promise<void> => {
      const some = indices.flatMap((index) => topics[index] ?? [])
      const found = await this.#headsTogether(connection, some)
      for (const [at, head] of found.entries()) heads[indices[at] ?? 0] = head
    }
    await Promise.all([...partitions.values()].map(read))
    return heads
  }

  async #headsTogether(connection: RedisConnection, topics: readonly LogTopic[]): Promise<Head[]> {
    const heads: Head[] = []
    for (let start = 0; start < topics.length; start += HEADS_AT_ONCE) {
      const some = topics.slice(start, start + HEADS_AT_ONCE)
      const keys = some.flatMap(({ name }) => {
        const { meta, log } = this.#names.topic(name)
        return [meta, log]
      })
      const ageMs = Math.max(...some.map(({ kind }) => kind.ageMs))
      const reply = await connection.run(HEADS_SCRIPT, keys, this.#leading({ ageMs }))
      heads.push(...readHeads(reply, some.length))
    }
    return heads
  }

  /** The leading arguments of every script. */
  #leading({ ageMs }: Pick<LogKind, 'ageMs'>): string[] {
    const outlivesMs = Math.min(MAX_META_MS, Math.max(MIN_META_MS, ageMs))
    return [this.#isTrusted ? '1' : '0', this.#createEpoch(), String(ageMs + outlivesMs)]
  }
}

/** The event is stored, and cannot be published or does not expire. */
function halfDone(failure: string): UnusableEngineError {
  const problem =
    'Redis has stored an event and refuses PUBLISH or PEXPIRE after it, expected a user who may run both'
  return new UnusableEngineError(problem, { cause: new Error(failure) })
}
