/**
 * The stream that keeps one kind of topics: created or verified on each connection.
 *
 * Its epoch goes on while the stream is the one that the marker names (`epoch-marker.ts`), and has
 * lost nothing that was seen. With one copy, the epoch also ends with the run of the server.
 */

import type { LogKind } from '../../topics/index.ts'
import { UnusableEngineError } from '../broker-link.ts'
import { EpochMarker } from './epoch-marker.ts'
import {
  type AnswerFields,
  fieldsOf,
  isJetStreamError,
  JetStreamCode,
  JetStreamError,
  messageIdIn,
  readAnswer,
  wholeOf,
} from './jetstream-answers.ts'
import {
  createStream,
  descriptionOf,
  streamInfo,
  type StreamInfo,
  unusable,
  updateStream,
} from './jetstream-streams.ts'
import type { NatsConnection } from './nats-connection.ts'
import type { KindNames, NatsNames } from './nats-names.ts'
import type { NatsSettings } from './nats-options.ts'
import { SeenTail } from './seen-tail.ts'

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
  readonly #settings: NatsSettings
  readonly #createEpoch: () => string
  readonly #marker: EpochMarker
  #epoch = ''
  #replicas = 1
  #seen = new SeenTail()
  /**
   * A loss that was found counts until an epoch is settled, on a later connection if this one
   * fails: the stream grows meanwhile.
   */
  #isLost = false

  constructor(kind: LogKind, all: NatsNames, settings: NatsSettings, createEpoch: () => string) {
    this.kind = kind
    this.names = all.kind(kind.id)
    this.#settings = settings
    this.#createEpoch = createEpoch
    this.#marker = new EpochMarker(all, this.names.marker, settings.replicas)
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
    this.#seen.saw(sequence, messageId)
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
    this.#isLost ||= lastSequence < this.#seen.highest || !(await this.#hasWitness(connection))
    const epoch = await this.#settle(connection, info.identity)
    if (epoch !== this.#epoch) this.#seen = new SeenTail()
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
    const { highest } = this.#seen
    if (lastSequence >= highest) return 'whole'
    const applied = await this.#appliedSequence(connection, lastSequence)
    return applied < highest ? 'lost' : 'late'
  }

  /** How the stream stands now, as its leader says. */
  async state(connection: NatsConnection): Promise<StreamState> {
    const { lastSequence, messages } = await streamInfo(connection, this.names.stream)
    return { lastSequence, isWhole: messages === lastSequence }
  }

  /** @returns whether another node has begun another epoch. */
  async hasMoved(connection: NatsConnection): Promise<boolean> {
    return (await this.#marker.epoch(connection)) !== this.#epoch
  }

  /**
   * The newest sequence that the stream had when its leader had applied everything. An empty stream
   * is asked to store a message too: another node may still be creating it.
   *
   * @param lastSequence what the leader says, which may be less.
   */
  async #appliedSequence(connection: NatsConnection, lastSequence: number): Promise<number> {
    const isBehind = lastSequence < this.#seen.highest
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
   * the highest sequence again, by events of other nodes: then another event has the sequence of
   * the witness. A witness that is not found has expired, or was trimmed.
   */
  async #hasWitness(connection: NatsConnection): Promise<boolean> {
    const { witness, witnessId } = this.#seen
    if (witness === 0) return true
    try {
      const operation = `STREAM.MSG.GET.${this.names.stream}`
      const answer = await connection.ask(operation, { seq: witness })
      return messageIdIn(fieldsOf(answer['message'])) === witnessId
    } catch (error) {
      if (isJetStreamError(error, JetStreamCode.MessageNotFound)) return true
      throw error
    }
  }

  async #ensure(connection: NatsConnection): Promise<StreamInfo> {
    const { stream, stored } = this.names
    try {
      const info = await streamInfo(connection, stream)
      if (this.#fits(info.config)) return info
      return await updateStream(connection, stream, {
        ...info.config,
        ...this.#limits(),
        allow_direct: true,
      })
    } catch (error) {
      if (!isJetStreamError(error, JetStreamCode.StreamNotFound)) throw unusable(error)
    }
    await createStream(connection, stream, this.#settings.replicas, {
      description: descriptionOf(this.#createEpoch()),
      subjects: [`${stored}.*`],
      ...this.#limits(),
      allow_direct: true,
      republish: this.#republish,
    })
    return streamInfo(connection, stream)
  }

  get #republish(): { readonly src: string; readonly dest: string } {
    const { stored, live } = this.names
    return { src: `${stored}.*`, dest: `${live}.{{wildcard(1)}}` }
  }

  /**
   * What a change of the kind changes. One event more than is asked for: reading begins at the one
   * before.
   */
  #limits(): AnswerFields {
    const { size, ageMs, dedupeMs } = this.kind
    return {
      max_msgs_per_subject: size + 1,
      max_age: ageMs * 1e6,
      duplicate_window: dedupeMs * 1e6,
    }
  }

  /** @throws {UnusableEngineError} for a stream that would not carry live events. */
  #fits(config: AnswerFields): boolean {
    const { republish } = config
    if (republish === undefined || fieldsOf(republish)['dest'] !== this.#republish.dest) {
      const { stream } = this.names
      const problem = `stream "${stream}" does not republish its events, expected one made by Towpath`
      throw new UnusableEngineError(problem)
    }
    // Without direct reads, each read would end the connection.
    if (config['allow_direct'] !== true) return false
    return Object.entries(this.#limits()).every(([name, value]) => config[name] === value)
  }

  /** @returns the epoch that all nodes agree on. */
  #settle(connection: NatsConnection, stream: string): Promise<string> {
    const { server_id: server } = connection.info
    const isAnyRun = this.#settings.isTrusted || this.hasCopies
    return this.#marker.settle(
      connection,
      (marker) => {
        const isSameRun = isAnyRun || marker.server === server
        // A loss that this node alone has seen counts until a node has replaced the marker.
        const isReplaced = !this.#isLost || marker.epoch !== this.#epoch
        return marker.stream === stream && isSameRun && isReplaced
      },
      () => ({ epoch: this.#createEpoch(), stream, server }),
    )
  }
}
