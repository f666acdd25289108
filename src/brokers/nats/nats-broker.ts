/**
 * The broker on NATS 2.9.10 or newer with JetStream: a stream per kind, which republishes what it
 * has stored.
 */

import type * as Nats from '@nats-io/transport-node'

import { rejected } from '../../base/internal.ts'
import {
  type AppendIdentity,
  type Appended,
  type Broker,
  type BrokerOptions,
  type BrokerSink,
  BrokerUnavailableError,
  ExpectationFailedError,
  type Head,
  type LogKind,
  type LogPage,
  type LogTopic,
  PublishRefusedError,
  PublishUncertainError,
  type ReadLimit,
} from '../../topics/index.ts'
import { BrokerLink, type Connector, UnusableEngineError } from '../broker-link.ts'
import { type Heard, Subscriptions } from '../subscriptions.ts'
import { KindStream } from './kind-stream.ts'
import { findAppend, readHead, readPage, sequenceOf } from './log-reader.ts'
import {
  connectNats,
  JetStreamError,
  loadNats,
  type NatsConnection,
  type NatsMessage,
  readAnswer,
} from './nats-connection.ts'
import { messageIdOf, NatsNames, tokenOf } from './nats-names.ts'
import { type NatsBrokerOptions, type NatsSettings, readNatsOptions } from './nats-options.ts'

const WRONG_LAST_SEQUENCE = 10071
const STREAM_NOT_FOUND = 10059
const TOO_LARGE: ReadonlySet<number> = new Set([10054, 10097])
const RESTORED_AT_ONCE = 1000
const HEADS_AT_ONCE = 64
/** For headers, which count towards the largest payload. */
const HEADER_BYTES = 512

/**
 * Makes the broker on NATS. It needs the package `@nats-io/transport-node` 3.3.1 or newer, which is
 * loaded by `open`.
 *
 * @throws {TypeError} for an unknown option or an invalid value.
 */
export function natsBroker(options: NatsBrokerOptions = {}): Broker {
  return new NatsBroker(readNatsOptions(options))
}

class NatsBroker implements Broker, Connector<NatsConnection> {
  /** A change of the stream's leader could otherwise store the second before the first. */
  readonly appendsInFlight: number = 1
  readonly offsets = 'sparse'
  readonly #settings: NatsSettings
  readonly #link = new BrokerLink<NatsConnection>(this)
  readonly #subscriptions = new Subscriptions()
  readonly #streams = new Map<string, KindStream>()
  /** Streams that have been verified on the connection of the moment. */
  readonly #verified = new Set<KindStream>()
  /** The newest offset of each followed topic: an expired event leaves no trace in the stream. */
  readonly #known = new Map<string, Head>()
  #nats: typeof Nats | null = null
  #sink: BrokerSink | null = null
  #names = new NatsNames('')
  #random: (target: Uint8Array) => Uint8Array = (target) => target
  #ended: (cause: unknown) => void = () => {}
  #unsentBytes = 0

  constructor(settings: NatsSettings) {
    this.#settings = settings
  }

  open(sink: BrokerSink, options: BrokerOptions): Promise<void> {
    try {
      this.#nats ??= loadNats()
    } catch (error) {
      return rejected(error)
    }
    if (this.#sink === null) {
      this.#sink = sink
      this.#names = new NatsNames(options.namespace)
      this.#random = options.environment.random
    }
    return this.#link.open(sink, options.environment)
  }

  close(): Promise<void> {
    this.#link.close()
    return Promise.resolve()
  }

  async connect(signal: AbortSignal, ended: (cause: unknown) => void): Promise<NatsConnection> {
    this.#subscriptions.reset()
    this.#verified.clear()
    this.#unsentBytes = 0
    this.#ended = ended
    const connection = await connectNats(this.#nats ?? loadNats(), this.#settings, signal, ended)
    const moved = (message: NatsMessage): void => void this.#markerMoved(connection, message)
    await connection.subscribe([this.#names.allMarkers], moved)
    return connection
  }

  restore(connection: NatsConnection): Promise<unknown> | null {
    for (const stream of this.#streams.values()) {
      if (!this.#verified.has(stream)) return this.#verify(connection, stream)
    }
    const subjects = this.#subscriptions.missing(RESTORED_AT_ONCE)
    if (subjects.length === 0) return null
    for (const subject of subjects) this.#subscriptions.confirm(subject)
    return connection.subscribe(subjects, this.#heard)
  }

  listen(channel: string): Promise<void> {
    const subject = this.#names.wire(channel)
    this.#subscriptions.add(subject, { type: 'message', channel })
    return this.#link.request('listen to a channel', null, (connection) =>
      this.#subscribe(connection, subject),
    )
  }

  unlisten(channel: string): void {
    this.#unsubscribe(this.#names.wire(channel))
  }

  send(channel: string, message: Uint8Array): void {
    const { connection } = this.#link
    const isFull = this.#unsentBytes + message.length > this.#settings.maxUnsentBytes
    if (connection === null || isFull) throw new BrokerUnavailableError('send a message', null)
    if (message.length + HEADER_BYTES > connection.info.max_payload) {
      throw new BrokerUnavailableError('send a message', null, {
        cause: new Error(`Cannot send ${message.length} bytes: NATS takes fewer`),
      })
    }
    connection.publish(this.#names.wire(channel), message)
    const isFirst = this.#unsentBytes === 0
    this.#unsentBytes += message.length
    if (isFirst) void this.#sent(connection)
  }

  flush(): Promise<void> {
    return this.#link.request('flush', null, (connection) => connection.flush())
  }

  prepare(kind: LogKind): Promise<void> {
    const stream = this.#streams.get(kind.id) ?? this.#add(kind)
    return this.#link.request(`prepare "${kind.id}"`, null, (connection) =>
      this.#verified.has(stream) ? Promise.resolve() : this.#prepare(connection, stream),
    )
  }

  follow(topic: LogTopic): Promise<Head> {
    const subject = this.#liveOf(topic)
    this.#subscriptions.add(subject, { type: 'event', topic: topic.name, kind: topic.kind.id })
    return this.#ask(`follow "${topic.name}"`, topic.name, async (connection) => {
      await this.#subscribe(connection, subject)
      return this.#headOf(connection, topic)
    })
  }

  unfollow(topic: LogTopic): void {
    this.#known.delete(topic.name)
    this.#unsubscribe(this.#liveOf(topic))
  }

  append(
    topic: LogTopic,
    message: Uint8Array,
    identity: AppendIdentity,
    expect?: Head,
  ): Promise<Appended> {
    const { name } = topic
    const act = `publish to "${name}"`
    const work = async (connection: NatsConnection): Promise<Appended> => {
      if (message.length + HEADER_BYTES > connection.info.max_payload) {
        throw new PublishRefusedError(name, 'size')
      }
      const stream = this.#streamOf(topic)
      if (expect !== undefined && expect.epoch !== stream.epoch) {
        throw new ExpectationFailedError(name)
      }
      const messageId = messageIdOf(name, identity)
      const headers = {
        'Nats-Msg-Id': messageId,
        'Nats-Expected-Stream': stream.names.stream,
        ...(expect === undefined
          ? {}
          : { 'Nats-Expected-Last-Subject-Sequence': String(expect.offset) }),
      }
      try {
        const answer = await connection.request(storedOf(stream, topic), message, headers)
        return readAppended(stream, answer, messageId)
      } catch (error) {
        const isPassed = error instanceof JetStreamError && error.number === WRONG_LAST_SEQUENCE
        if (isPassed && expect !== undefined) {
          return repeated(connection, stream, topic, identity, expect)
        }
        throw this.#appendError(connection, act, name, error)
      }
    }
    return this.#link.request(
      act,
      name,
      work,
      (cause) => new PublishUncertainError(name, { cause }),
    )
  }

  read(topic: LogTopic, after: number, limit: ReadLimit): Promise<LogPage> {
    return this.#ask(`read "${topic.name}"`, topic.name, async (connection) => {
      const stream = this.#streamOf(topic)
      const subject = storedOf(stream, topic)
      const { offset } = await this.#headOf(connection, topic)
      return readPage(connection, stream, subject, after, offset, limit)
    })
  }

  heads(topics: readonly LogTopic[]): Promise<readonly Head[]> {
    return this.#ask('read the heads of topics', null, async (connection) => {
      const heads: Head[] = []
      for (let start = 0; start < topics.length; start += HEADS_AT_ONCE) {
        const some = topics.slice(start, start + HEADS_AT_ONCE)
        heads.push(...(await Promise.all(some.map((topic) => this.#headOf(connection, topic)))))
      }
      return heads
    })
  }

  /**
   * A request about streams. One that is gone is made again on the next connection, in a new epoch.
   */
  #ask<T>(
    act: string,
    topic: string | null,
    work: (connection: NatsConnection) => Promise<T>,
  ): Promise<T> {
    return this.#link.request(act, topic, async (connection) => {
      try {
        return await work(connection)
      } catch (error) {
        const isGone = error instanceof JetStreamError && error.number === STREAM_NOT_FOUND
        if (isGone) this.#ended(error)
        throw error
      }
    })
  }

  async #headOf(connection: NatsConnection, topic: LogTopic): Promise<Head> {
    const stream = this.#streamOf(topic)
    const { epoch } = stream
    const offset = await readHead(connection, stream, storedOf(stream, topic))
    const known = this.#known.get(topic.name)
    if (offset !== null) {
      const head = { epoch, offset }
      if (this.#subscriptions.find(this.#liveOf(topic)) !== undefined) {
        this.#known.set(topic.name, head)
      }
      return head
    }
    if (known === undefined || known.epoch !== epoch) return { epoch, offset: 0 }
    const { lastSequence } = await stream.state(connection)
    // The stream lacks what this node has seen of it: the epoch is settled anew on the next
    // connection.
    if (lastSequence < known.offset) this.#ended(new Error('The stream has lost its tail'))
    return known
  }

  #appendError(connection: NatsConnection, act: string, topic: string, error: unknown): unknown {
    if (connection.isUnheard(error)) return new BrokerUnavailableError(act, topic, { cause: error })
    if (!(error instanceof JetStreamError)) return error
    if (TOO_LARGE.has(error.number)) return new PublishRefusedError(topic, 'size', { cause: error })
    // Such as an append of the same id that is under way: sent again, it is a duplicate.
    return new PublishUncertainError(topic, { cause: error })
  }

  #add(kind: LogKind): KindStream {
    const createEpoch = (): string => Buffer.from(this.#random(new Uint8Array(8))).toString('hex')
    const stream = new KindStream(kind, this.#names, this.#settings, createEpoch)
    this.#streams.set(kind.id, stream)
    return stream
  }

  /** What fails here is tried again on the next connection, before it is `up`. */
  async #prepare(connection: NatsConnection, stream: KindStream): Promise<void> {
    try {
      await this.#verify(connection, stream)
    } catch (error) {
      if (error instanceof UnusableEngineError) this.#streams.delete(stream.kind.id)
      else this.#ended(error)
      throw error
    }
  }

  async #verify(connection: NatsConnection, stream: KindStream): Promise<void> {
    await stream.verify(connection)
    this.#verified.add(stream)
  }

  #streamOf(topic: LogTopic): KindStream {
    const stream = this.#streams.get(topic.kind.id)
    if (stream !== undefined && this.#verified.has(stream)) return stream
    throw new BrokerUnavailableError(`use "${topic.name}" before its kind is prepared`, topic.name)
  }

  #liveOf({ name, kind }: LogTopic): string {
    return `${this.#names.kind(kind.id).live}.${tokenOf(name)}`
  }

  async #subscribe(connection: NatsConnection, subject: string): Promise<void> {
    await connection.subscribe([subject], this.#heard)
    this.#subscriptions.confirm(subject)
  }

  #unsubscribe(subject: string): void {
    if (this.#subscriptions.remove(subject)) this.#link.connection?.unsubscribe(subject)
  }

  /** Waits until the server has what was sent, so that what it does not take is bounded. */
  async #sent(connection: NatsConnection): Promise<void> {
    while (this.#unsentBytes > 0 && this.#link.connection === connection) {
      const bytes = this.#unsentBytes
      try {
        await connection.flush()
      } catch {
        // The end of the connection is told by the state.
        break
      }
      if (this.#link.connection === connection) this.#unsentBytes -= bytes
    }
  }

  /** Another node has replaced a marker, or has tried to. */
  async #markerMoved(connection: NatsConnection, message: NatsMessage): Promise<void> {
    for (const stream of this.#verified) {
      if (stream.names.marker !== message.subject) continue
      try {
        if (await stream.hasMoved(connection)) this.#ended(new Error('Another epoch has begun'))
      } catch (error) {
        this.#ended(error)
      }
    }
  }

  readonly #heard = (message: NatsMessage): void => {
    const heard = this.#subscriptions.find(message.subject)
    if (heard === undefined) return
    if (heard.type === 'message') this.#sink?.message(heard.channel, message.data.slice())
    else this.#event(heard, message)
  }

  #event(heard: Extract<Heard, { type: 'event' }>, { headers, data }: NatsMessage): void {
    const stream = this.#streams.get(heard.kind)
    // Published by another program. If an event was lost, the next one shows the hole.
    if (stream === undefined || headers?.get('Nats-Stream') !== stream.names.stream) return
    const offset = numberOf(headers.get('Nats-Sequence'))
    const previous = numberOf(headers.get('Nats-Last-Sequence'))
    if (offset === null || previous === null || previous >= offset) return
    const { epoch } = stream
    stream.saw(offset, headers.get('Nats-Msg-Id'))
    const known = this.#known.get(heard.topic)
    if (known === undefined || known.epoch !== epoch || known.offset < offset) {
      this.#known.set(heard.topic, { epoch, offset })
    }
    this.#sink?.event(heard.topic, { epoch, offset, previous }, data.slice())
  }
}

function storedOf(stream: KindStream, { name }: LogTopic): string {
  return `${stream.names.stored}.${tokenOf(name)}`
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
