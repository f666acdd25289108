/**
 * The stream that keeps one kind of topics: created or verified on each connection, and the marker
 * of its epoch.
 *
 * The marker is one message in a stream of its own, which has no age: `{ epoch, stream, server }`.
 * It is valid while the stream is the one that was created then, and has lost nothing that was
 * seen. With one copy, it is also valid for one run of the server only. Who finds it invalid
 * replaces it by compare-and-set, so that all nodes agree.
 */

import type { LogKind } from '../../topics/index.ts'
import { UnusableEngineError } from '../broker-link.ts'
import {
  fieldsOf,
  JetStreamError,
  messageIdIn,
  type NatsConnection,
  readAnswer,
} from './nats-connection.ts'
import type { KindNames, NatsNames } from './nats-names.ts'
import type { NatsSettings } from './nats-options.ts'

const STREAM_NOT_FOUND = 10059
const STREAM_NAME_IN_USE = 10058
/** Also the answer to a node that creates a stream while another node creates the same one. */
const SUBJECTS_OVERLAP = 10065
const MESSAGE_NOT_FOUND = 10037
const WRONG_LAST_SEQUENCE = 10071
/** So many nodes may race to replace the marker. */
const MARKER_ATTEMPTS = 16

/** Messages that only show how far a leader is. No topic has this token. */
const BARRIER = '=='

/** How a stream stands. */
export interface StreamState {
  readonly lastSequence: number
  /** Whether nothing has ever been removed. */
  readonly isWhole: boolean
}

/** One kind of topics in JetStream. */
export class KindStream {
  readonly kind: LogKind
  readonly names: KindNames
  readonly #all: NatsNames
  readonly #settings: NatsSettings
  readonly #createEpoch: () => string
  #epoch = ''
  #replicas = 1
  /** The newest sequence that was seen in this epoch. */
  #highest = 0
  /** The newest event of this epoch whose message id this node knows; 0 for none. */
  #witness = 0
  #witnessId = ''
  /**
   * A loss that was found counts until an epoch is settled, on a later connection if this one
   * fails: the stream grows meanwhile.
   */
  #isLost = false

  constructor(kind: LogKind, all: NatsNames, settings: NatsSettings, createEpoch: () => string) {
    this.kind = kind
    this.names = all.kind(kind.id)
    this.#all = all
    this.#settings = settings
    this.#createEpoch = createEpoch
  }

  /** Named by the marker; `''` before the first `verify`. */
  get epoch(): string {
    return this.#epoch
  }

  /** Whether a copy may answer that lacks the newest events. */
  get hasCopies(): boolean {
    return this.#replicas > 1
  }

  /** A sequence of the stream was seen. @param messageId of the event; `''` if not known. */
  saw(sequence: number, messageId: string): void {
    if (sequence > this.#highest) this.#highest = sequence
    if (sequence <= this.#witness || messageId === '') return
    this.#witness = sequence
    this.#witnessId = messageId
  }

  /**
   * Creates the stream where there is none, and settles its epoch. A stream with copies is used
   * after its leader has acknowledged a message: a leader that was elected just now may not have
   * applied everything that an earlier one has acknowledged.
   */
  async verify(connection: NatsConnection): Promise<void> {
    const info = await this.#ensure(connection)
    this.#replicas = info.replicas
    const lastSequence = await this.#appliedSequence(connection, info.lastSequence)
    this.#isLost ||= lastSequence < this.#highest || !(await this.#hasWitness(connection))
    const epoch = await this.#settle(connection, info.identity, connection.info.server_id)
    if (epoch !== this.#epoch) {
      this.#highest = 0
      this.#witness = 0
    }
    this.#isLost = false
    this.#epoch = epoch
    this.saw(lastSequence, '')
  }

  /**
   * Compares the stream with what was seen of it.
   *
   * @returns `whole` when it has all of that, `lost` when it lacks its tail, and `late` when its
   *   leader had not applied everything, and now has.
   */
  async compare(connection: NatsConnection): Promise<'whole' | 'late' | 'lost'> {
    const { lastSequence } = await this.state(connection)
    if (lastSequence >= this.#highest) return 'whole'
    const applied = await this.#appliedSequence(connection, lastSequence)
    return applied < this.#highest ? 'lost' : 'late'
  }

  /** How the stream stands now, as its leader says. */
  async state(connection: NatsConnection): Promise<StreamState> {
    const info = await connection.ask(`STREAM.INFO.${this.names.stream}`, {})
    const { lastSequence, messages } = readInfo(info)
    return { lastSequence, isWhole: messages === lastSequence }
  }

  /** @returns whether another node has begun another epoch. */
  async hasMoved(connection: NatsConnection): Promise<boolean> {
    const { epoch } = await this.#marker(connection)
    return epoch !== this.#epoch
  }

  /**
   * The newest sequence that the stream had when its leader had applied everything. An empty stream
   * is asked to store a message too: another node may still be creating it.
   *
   * @param lastSequence what the leader says, which may be less.
   */
  async #appliedSequence(connection: NatsConnection, lastSequence: number): Promise<number> {
    const isBehind = lastSequence < this.#highest
    if (!this.hasCopies && !isBehind && lastSequence > 0) return lastSequence
    const subject = `${this.names.stored}.${BARRIER}`
    try {
      const { seq } = readAnswer(await connection.requestOfNew(subject, new Uint8Array(0)))
      return wholeOf(seq) - 1
    } catch (error) {
      // A disk that is full stores no message, and can be read.
      if (error instanceof JetStreamError && !isBehind) return lastSequence
      throw error
    }
  }

  /**
   * Whether the witness is the event that it was. A stream that lost its tail may have grown past
   * `#highest` again, by events of other nodes: then another event has the sequence of the witness.
   * A witness that is not found has expired, or was trimmed.
   */
  async #hasWitness(connection: NatsConnection): Promise<boolean> {
    if (this.#witness === 0) return true
    try {
      const question = { seq: this.#witness }
      const answer = await connection.ask(`STREAM.MSG.GET.${this.names.stream}`, question)
      return messageIdIn(fieldsOf(answer['message'])) === this.#witnessId
    } catch (error) {
      if (error instanceof JetStreamError && error.number === MESSAGE_NOT_FOUND) return true
      throw error
    }
  }

  async #ensure(connection: NatsConnection): Promise<StreamInfo> {
    const { stream } = this.names
    try {
      const info = readInfo(await connection.ask(`STREAM.INFO.${stream}`, {}))
      if (this.#fits(info.config)) return info
      const config = { ...info.config, ...this.#limits() }
      return readInfo(await connection.ask(`STREAM.UPDATE.${stream}`, config))
    } catch (error) {
      if (!(error instanceof JetStreamError)) throw error
      if (error.number !== STREAM_NOT_FOUND) throw unusable(error)
    }
    await this.#create(connection, this.names.stream, {
      description: `towpath ${this.#createEpoch()}`,
      subjects: [`${this.names.stored}.*`],
      ...this.#limits(),
      duplicate_window: this.kind.dedupeMs * 1e6,
      allow_direct: true,
      republish: { src: `${this.names.stored}.*`, dest: `${this.names.live}.{{wildcard(1)}}` },
    })
    return readInfo(await connection.ask(`STREAM.INFO.${stream}`, {}))
  }

  /**
   * What a change of the kind changes. One event more than is asked for: reading begins at the one
   * before.
   */
  #limits(): Readonly<Record<string, unknown>> {
    const { size, ageMs } = this.kind
    return { max_msgs_per_subject: size + 1, max_age: ageMs * 1e6 }
  }

  /** @throws {UnusableEngineError} for a stream that would not carry live events. */
  #fits(config: Readonly<Record<string, unknown>>): boolean {
    if (config['republish'] === undefined) {
      const problem = `stream "${this.names.stream}" does not republish, expected one made by Towpath`
      throw new UnusableEngineError(problem)
    }
    return Object.entries(this.#limits()).every(([name, value]) => config[name] === value)
  }

  async #create(
    connection: NatsConnection,
    name: string,
    config: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const replicas = this.#settings.replicas ?? (connection.isClustered ? 3 : 1)
    try {
      await connection.ask(`STREAM.CREATE.${name}`, {
        name,
        num_replicas: replicas,
        retention: 'limits',
        storage: 'file',
        discard: 'old',
        max_consumers: -1,
        max_msgs: -1,
        max_bytes: -1,
        max_msg_size: -1,
        ...config,
      })
    } catch (error) {
      if (!(error instanceof JetStreamError)) throw error
      // Another node was faster.
      if (error.number === STREAM_NAME_IN_USE) return
      if (error.number === SUBJECTS_OVERLAP && (await exists(connection, name))) return
      throw unusable(error)
    }
  }

  /** @returns the epoch that all nodes agree on. */
  async #settle(connection: NatsConnection, stream: string, server: string): Promise<string> {
    const isAnyRun = this.#settings.isTrusted || this.hasCopies
    for (let attempt = 0; attempt < MARKER_ATTEMPTS; attempt++) {
      const marker = await this.#marker(connection)
      const isSameRun = isAnyRun || marker.server === server
      // A loss that this node alone has seen counts until somebody has replaced the marker it knew.
      const isReplaced = !this.#isLost || marker.epoch !== this.#epoch
      if (marker.epoch !== '' && marker.stream === stream && isSameRun && isReplaced) {
        return marker.epoch
      }
      const epoch = this.#createEpoch()
      if (await this.#replace(connection, { epoch, stream, server }, marker.sequence)) return epoch
    }
    throw new Error('Cannot agree on an epoch: the marker changes too often')
  }

  /**
   * Asks for the state of the markers' stream first. While a stream is being created by another
   * node, servers up to 2.9 crash when they are asked for one of its messages.
   */
  async #marker(connection: NatsConnection): Promise<Marker> {
    const { markers, allMarkers } = this.#all
    try {
      const { messages } = readInfo(await connection.ask(`STREAM.INFO.${markers}`, {}))
      if (messages === 0) return NO_MARKER
      const question = { last_by_subj: this.names.marker }
      const answer = await connection.ask(`STREAM.MSG.GET.${markers}`, question)
      return readMarker(fieldsOf(answer['message']))
    } catch (error) {
      if (!(error instanceof JetStreamError)) throw error
      if (error.number === MESSAGE_NOT_FOUND) return NO_MARKER
      if (error.number !== STREAM_NOT_FOUND) throw error
      await this.#create(connection, markers, { subjects: [allMarkers], max_msgs_per_subject: 1 })
      return NO_MARKER
    }
  }

  /** @returns whether no other node was faster. */
  async #replace(
    connection: NatsConnection,
    marker: Readonly<Record<string, string>>,
    after: number,
  ): Promise<boolean> {
    const message = new TextEncoder().encode(JSON.stringify(marker))
    const headers = { 'Nats-Expected-Last-Subject-Sequence': String(after) }
    const answer = await connection.requestOfNew(this.names.marker, message, headers)
    const { error } = fieldsOf(answer.json<unknown>())
    if (error === undefined) return true
    const { err_code: number, description } = fieldsOf(error)
    if (number === WRONG_LAST_SEQUENCE) return false
    throw new JetStreamError(Number(number), String(description))
  }
}

async function exists(connection: NatsConnection, stream: string): Promise<boolean> {
  try {
    await connection.ask(`STREAM.INFO.${stream}`, {})
    return true
  } catch (error) {
    if (error instanceof JetStreamError && error.number === STREAM_NOT_FOUND) return false
    throw error
  }
}

interface StreamInfo {
  readonly config: Readonly<Record<string, unknown>>
  /** Changes when the stream is removed and made again. */
  readonly identity: string
  readonly replicas: number
  readonly lastSequence: number
  readonly messages: number
}

interface Marker {
  readonly epoch: string
  readonly stream: string
  readonly server: string
  readonly sequence: number
}

/**
 * Names one life of a stream. Servers of a cluster do not agree on the time at which the stream was
 * created: after a restart, a new leader says another one.
 */
const DESCRIPTION = /^towpath [0-9a-f]{16}$/

const NO_MARKER: Marker = { epoch: '', stream: '', server: '', sequence: 0 }

function readInfo(info: Readonly<Record<string, unknown>>): StreamInfo {
  const config = fieldsOf(info['config'])
  const state = fieldsOf(info['state'])
  const { description } = config
  const isOurs = typeof description === 'string' && DESCRIPTION.test(description)
  return {
    config,
    identity: isOurs ? description : String(info['created']),
    replicas: wholeOf(config['num_replicas']),
    lastSequence: wholeOf(state['last_seq']),
    messages: wholeOf(state['messages']),
  }
}

/** A marker that is not ours has no epoch, and will be replaced. */
function readMarker(message: Readonly<Record<string, unknown>>): Marker {
  const sequence = wholeOf(message['seq'])
  try {
    const text = Buffer.from(String(message['data']), 'base64').toString()
    const { epoch, stream, server } = fieldsOf(JSON.parse(text))
    if (typeof epoch === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(epoch)) {
      return { epoch, stream: String(stream), server: String(server), sequence }
    }
  } catch {
    // Not JSON.
  }
  return { ...NO_MARKER, sequence }
}

function wholeOf(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw new Error('Cannot read the answer of JetStream: a number is missing')
}

/** Refusals that another attempt cannot mend, such as too few servers for the copies. */
function unusable(error: JetStreamError): Error {
  const isFinal = [10074, 10047, 10052, 10065, 10076, 10039].includes(error.number)
  return isFinal ? new UnusableEngineError(error.message, { cause: error }) : error
}
