/**
 * The logs of topics in JetStream: appends, reads, heads, and the events that streams republish.
 */

import { quoteName } from '../../base/internal.ts'
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
import { readPlace } from '../places.ts'
import type { AppendRequest, EngineLog } from '../engine.ts'
import type { KindStream } from './kind-stream.ts'
import type { KindStreams } from './kind-streams.ts'
import type { Wanted, WantedEvents } from '../subscriptions.ts'
import {
  isJetStreamError,
  JetStreamCode,
  JetStreamError,
  readAnswer,
  wholeOf,
} from './jetstream-answers.ts'
import { findAppend, readHead, readPage } from './log-reader.ts'
import type { NatsConnection, NatsMessage } from './nats-connection.ts'
import { messageIdOf, tokenOf } from './nats-names.ts'

const TOO_LARGE: ReadonlySet<number> = new Set([10054, 10097])
const HEADS_AT_ONCE = 64

/** The logs of one node. */
export class NatsLog implements EngineLog<NatsConnection> {
  readonly #streams: KindStreams
  readonly #wantedOf: (topic: LogTopic) => Wanted | undefined
  /** The newest head of each followed topic. An expired event leaves no trace in the stream. */
  readonly #heads = new WeakMap<Wanted, Head>()

  /** @param wantedOf returns `undefined` for a topic that is not followed. */
  constructor(streams: KindStreams, wantedOf: (topic: LogTopic) => Wanted | undefined) {
    this.#streams = streams
    this.#wantedOf = wantedOf
  }

  async append(
    connection: NatsConnection,
    { topic, message, identity, expect }: AppendRequest,
  ): Promise<Appended> {
    const { name } = topic
    if (message.length > connection.maxMessageBytes) throw new PublishRefusedError(name, 'size')
    const stream = this.#streams.of(topic)
    if (expect !== undefined && expect.epoch !== stream.epoch) {
      // It may be a repetition: a stream that goes on in another epoch has kept its events.
      return repeated(connection, stream, topic, identity, expect)
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
      const isPassed = isJetStreamError(error, JetStreamCode.WrongLastSequence)
      if (isPassed && expect !== undefined) {
        return repeated(connection, stream, topic, identity, expect)
      }
      throw appendError(connection, name, error)
    }
  }

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

  /**
   * Reads an event that a stream has republished.
   *
   * @returns where it stands; `null` for a message of another program.
   */
  placeOf({ headers }: NatsMessage, wanted: WantedEvents): EventPlace | null {
    const stream = this.#streams.find(wanted.topic.kind.id)
    if (stream === undefined || headers?.get('Nats-Stream') !== stream.names.stream) return null
    const { epoch } = stream
    const previous = headers.get('Nats-Last-Sequence')
    const place = readPlace(epoch, headers.get('Nats-Sequence'), previous)
    if (place === null) return null
    const { offset } = place
    stream.saw(offset, headers.get('Nats-Msg-Id'))
    const known = this.#heads.get(wanted)
    if (known?.epoch !== epoch || known.offset < offset) this.#heads.set(wanted, { epoch, offset })
    return place
  }

  async #headOf(connection: NatsConnection, topic: LogTopic): Promise<Head> {
    const stream = this.#streams.of(topic)
    const { epoch } = stream
    const subject = storedOf(stream, topic)
    const wanted = this.#wantedOf(topic)
    const last = wanted && this.#heads.get(wanted)
    const known = last?.epoch === epoch ? last : null
    let offset = await readHead(connection, stream, subject)
    if (known !== null && (offset ?? 0) < known.offset) {
      const outcome = await stream.compare(connection)
      // The next connection settles the epoch of a stream that lacks what this node has seen.
      if (outcome === 'lost') connection.fail(new Error('The stream has lost its tail'))
      if (outcome === 'late') offset = await readHead(connection, stream, subject)
    }
    if (offset === null) return known ?? { epoch, offset: 0 }
    const head = { epoch, offset }
    if (wanted !== undefined) this.#heads.set(wanted, head)
    return head
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
    if (isJetStreamError(error, JetStreamCode.StreamNotFound)) connection.fail(error)
    throw error
  }
}

function appendError(connection: NatsConnection, topic: string, error: unknown): unknown {
  const act = `publish to ${quoteName(topic)}`
  if (connection.isUnheard(error)) return new BrokerUnavailableError(act, topic, { cause: error })
  if (connection.isForbidden(error)) {
    const problem = 'the permissions of NATS forbid it'
    return new BrokerUnavailableError(act, topic, { cause: error, problem })
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
  const offset = wholeOf(seq)
  stream.saw(offset, messageId)
  const isDuplicate = duplicate === true
  return { epoch: stream.epoch, offset: offset === 0 ? null : offset, duplicate: isDuplicate }
}
