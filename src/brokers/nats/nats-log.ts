/**
 * The logs of topics in JetStream: appends, reads, heads, and the events that streams republish.
 */

import {
  type AppendIdentity,
  type Appended,
  BrokerUnavailableError,
  type EventPlace,
  ExpectationFailedError,
  type Head,
  type LogPage,
  type LogTopic,
  PublishRefusedError,
  PublishUncertainError,
  type ReadLimit,
} from '../../topics/index.ts'
import type { KindStream } from './kind-stream.ts'
import type { KindStreams } from './kind-streams.ts'
import { findAppend, readHead, readPage, sequenceOf } from './log-reader.ts'
import {
  JetStreamError,
  type NatsConnection,
  type NatsMessage,
  readAnswer,
} from './nats-connection.ts'
import { messageIdOf, tokenOf } from './nats-names.ts'

const WRONG_LAST_SEQUENCE = 10071
const STREAM_NOT_FOUND = 10059
const TOO_LARGE: ReadonlySet<number> = new Set([10054, 10097])
const HEADS_AT_ONCE = 64

/** The logs of one node. */
export class NatsLog {
  readonly #streams: KindStreams
  /**
   * The newest head of each followed topic; `null` before the first one. An expired event leaves no
   * trace in the stream.
   */
  readonly #followed = new Map<string, Head | null>()

  constructor(streams: KindStreams) {
    this.#streams = streams
  }

  follow({ name }: LogTopic): void {
    if (!this.#followed.has(name)) this.#followed.set(name, null)
  }

  unfollow({ name }: LogTopic): void {
    this.#followed.delete(name)
  }

  /** See `Broker.append`. Rejects with other errors when the answer did not come. */
  async append(
    connection: NatsConnection,
    topic: LogTopic,
    message: Uint8Array,
    identity: AppendIdentity,
    expect?: Head,
  ): Promise<Appended> {
    const { name } = topic
    if (message.length > connection.maxMessageBytes) throw new PublishRefusedError(name, 'size')
    const stream = this.#streams.of(topic)
    if (expect !== undefined && expect.epoch !== stream.epoch) {
      throw new ExpectationFailedError(name)
    }
    const messageId = messageIdOf(name, identity)
    const expected = expect && { 'Nats-Expected-Last-Subject-Sequence': String(expect.offset) }
    const headers = {
      'Nats-Msg-Id': messageId,
      'Nats-Expected-Stream': stream.names.stream,
      ...expected,
    }
    try {
      const answer = await connection.request(storedOf(stream, topic), message, headers)
      return readAppended(stream, answer, messageId)
    } catch (error) {
      const isPassed = error instanceof JetStreamError && error.number === WRONG_LAST_SEQUENCE
      if (isPassed && expect !== undefined) {
        return repeated(connection, stream, topic, identity, expect)
      }
      throw appendError(connection, name, error)
    }
  }

  /** See `Broker.read`. */
  read(
    connection: NatsConnection,
    topic: LogTopic,
    after: number,
    limit: ReadLimit,
  ): Promise<LogPage> {
    return unlessGone(connection, async () => {
      const stream = this.#streams.of(topic)
      const { offset } = await this.#headOf(connection, topic)
      return readPage(connection, stream, storedOf(stream, topic), after, offset, limit)
    })
  }

  /** See `Broker.heads`. */
  heads(connection: NatsConnection, topics: readonly LogTopic[]): Promise<Head[]> {
    return unlessGone(connection, async () => {
      const heads: Head[] = []
      for (let start = 0; start < topics.length; start += HEADS_AT_ONCE) {
        const some = topics.slice(start, start + HEADS_AT_ONCE)
        heads.push(...(await Promise.all(some.map((topic) => this.#headOf(connection, topic)))))
      }
      return heads
    })
  }

  /** The head of one topic. */
  head(connection: NatsConnection, topic: LogTopic): Promise<Head> {
    return unlessGone(connection, () => this.#headOf(connection, topic))
  }

  /**
   * Reads an event that a stream has republished.
   *
   * @returns where it stands; `null` for a message of another program. If an event was lost, the
   *   next one shows the hole.
   */
  heard(topic: string, kind: string, { headers }: NatsMessage): EventPlace | null {
    const stream = this.#streams.find(kind)
    if (stream === undefined || headers?.get('Nats-Stream') !== stream.names.stream) return null
    const offset = numberOf(headers.get('Nats-Sequence'))
    const previous = numberOf(headers.get('Nats-Last-Sequence'))
    if (offset === null || previous === null || previous >= offset) return null
    const { epoch } = stream
    stream.saw(offset, headers.get('Nats-Msg-Id'))
    const known = this.#followed.get(topic) ?? null
    if (known === null || known.epoch !== epoch || known.offset < offset) {
      this.#remember(topic, { epoch, offset })
    }
    return { epoch, offset, previous }
  }

  async #headOf(connection: NatsConnection, topic: LogTopic): Promise<Head> {
    const stream = this.#streams.of(topic)
    const { epoch } = stream
    const subject = storedOf(stream, topic)
    const last = this.#followed.get(topic.name) ?? null
    const known = last !== null && last.epoch === epoch ? last : null
    let offset = await readHead(connection, stream, subject)
    if (known !== null && (offset ?? 0) < known.offset) {
      const outcome = await stream.compare(connection)
      // The next connection settles the epoch of a stream that lacks what this node has seen.
      if (outcome === 'lost') connection.fail(new Error('The stream has lost its tail'))
      if (outcome === 'late') offset = await readHead(connection, stream, subject)
    }
    if (offset === null) return known ?? { epoch, offset: 0 }
    const head = { epoch, offset }
    this.#remember(topic.name, head)
    return head
  }

  #remember(topic: string, head: Head): void {
    if (this.#followed.has(topic)) this.#followed.set(topic, head)
  }
}

function storedOf(stream: KindStream, { name }: LogTopic): string {
  return `${stream.names.stored}.${tokenOf(name)}`
}

/** Does `work`. A stream that is gone is made again on the next connection, in a new epoch. */
async function unlessGone<T>(connection: NatsConnection, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const isGone = error instanceof JetStreamError && error.number === STREAM_NOT_FOUND
    if (isGone) connection.fail(error)
    throw error
  }
}

function appendError(connection: NatsConnection, topic: string, error: unknown): unknown {
  if (connection.isUnheard(error)) {
    return new BrokerUnavailableError(`publish to "${topic}"`, topic, { cause: error })
  }
  if (!(error instanceof JetStreamError)) return error
  if (TOO_LARGE.has(error.number)) return new PublishRefusedError(topic, 'size', { cause: error })
  // Such as an append of the same id that is under way: sent again, it is a duplicate.
  return new PublishUncertainError(topic, { cause: error })
}

/** @throws {ExpectationFailedError} unless the append that is refused has been stored before. */
async function repeated(
  connection: NatsConnection,
  stream: KindStream,
  topic: LogTopic,
  identity: AppendIdentity,
  { offset: after }: Head,
): Promise<Appended> {
  const messageId = messageIdOf(topic.name, identity)
  const offset = await findAppend(connection, stream, storedOf(stream, topic), after, messageId)
  if (offset === null) throw new ExpectationFailedError(topic.name)
  return { epoch: stream.epoch, offset, duplicate: true }
}

/** JetStream's acknowledgement of an append. */
function readAppended(stream: KindStream, answer: NatsMessage, messageId: string): Appended {
  const { seq, duplicate } = readAnswer(answer)
  const offset = sequenceOf(seq)
  stream.saw(offset, messageId)
  const isDuplicate = duplicate === true
  return { epoch: stream.epoch, offset: offset === 0 ? null : offset, duplicate: isDuplicate }
}

function numberOf(text: string): number | null {
  const number = Number(text)
  return /^\d{1,16}$/.test(text) && Number.isSafeInteger(number) ? number : null
}
