/**
 * The marker that names the epoch of a stream: one message, `{ epoch, stream, server }`, in the
 * stream of markers, whose messages do not expire.
 *
 * A node that finds the marker invalid replaces it by compare-and-set, so that all nodes agree on
 * the epoch.
 */

import { isEpoch } from '../places.ts'
import {
  decoded,
  fieldsOf,
  isJetStreamError,
  JetStreamCode,
  readAnswer,
  wholeOf,
} from './jetstream-answers.ts'
import { createStream, streamInfo } from './jetstream-streams.ts'
import type { NatsConnection } from './nats-connection.ts'
import type { NatsNames } from './nats-names.ts'

/** What a marker says. */
export interface MarkedEpoch {
  readonly epoch: string
  /** The identity of the stream. */
  readonly stream: string
  /** The run of the server that held the stream when the epoch began. */
  readonly server: string
}

interface StoredMarker extends MarkedEpoch {
  /** 0 for no marker. */
  readonly sequence: number
}

/** So many nodes may race to replace the marker. */
const ATTEMPTS = 16

const NO_MARKER: StoredMarker = { epoch: '', stream: '', server: '', sequence: 0 }

/** The marker of one kind of topics. */
export class EpochMarker {
  readonly #names: NatsNames
  readonly #subject: string
  readonly #replicas: number | null

  /** @param replicas of the stream of markers; see `createStream`. */
  constructor(names: NatsNames, subject: string, replicas: number | null) {
    this.#names = names
    this.#subject = subject
    this.#replicas = replicas
  }

  /** The epoch that the marker names; `''` for none. */
  async epoch(connection: NatsConnection): Promise<string> {
    return (await this.#read(connection)).epoch
  }

  /**
   * Replaces the marker unless it is valid.
   *
   * @param isValid whether the epoch of a marker goes on.
   * @param create makes the marker of another epoch.
   * @returns the epoch that all nodes agree on.
   */
  async settle(
    connection: NatsConnection,
    isValid: (marker: MarkedEpoch) => boolean,
    create: () => MarkedEpoch,
  ): Promise<string> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const marker = await this.#read(connection)
      if (marker.epoch !== '' && isValid(marker)) return marker.epoch
      const created = create()
      if (await this.#replace(connection, created, marker.sequence)) return created.epoch
    }
    throw new Error('Cannot agree on an epoch: the marker changes too often')
  }

  /**
   * Asks for the state of the markers' stream first. While a stream is being created by another
   * node, servers up to 2.9 crash when they are asked for one of its messages.
   */
  async #read(connection: NatsConnection): Promise<StoredMarker> {
    const { markers, allMarkers } = this.#names
    try {
      const { messages } = await streamInfo(connection, markers)
      if (messages === 0) return NO_MARKER
      const question = { last_by_subj: this.#subject }
      const answer = await connection.ask(`STREAM.MSG.GET.${markers}`, question)
      return readMarker(fieldsOf(answer['message']))
    } catch (error) {
      if (isJetStreamError(error, JetStreamCode.MessageNotFound)) return NO_MARKER
      if (!isJetStreamError(error, JetStreamCode.StreamNotFound)) throw error
      const config = { subjects: [allMarkers], max_msgs_per_subject: 1 }
      await createStream(connection, markers, this.#replicas, config)
      return NO_MARKER
    }
  }

  /** @returns whether no other node was faster. */
  async #replace(connection: NatsConnection, marker: MarkedEpoch, after: number): Promise<boolean> {
    const message = new TextEncoder().encode(JSON.stringify(marker))
    const headers = { 'Nats-Expected-Last-Subject-Sequence': String(after) }
    try {
      readAnswer(await connection.requestOfNew(this.#subject, message, headers))
      return true
    } catch (error) {
      if (isJetStreamError(error, JetStreamCode.WrongLastSequence)) return false
      throw error
    }
  }
}

/** A marker of another program has no epoch, and will be replaced. */
function readMarker(message: Readonly<Record<string, unknown>>): StoredMarker {
  const sequence = wholeOf(message['seq'])
  try {
    const { epoch, stream, server } = fieldsOf(JSON.parse(decoded(message['data']).toString()))
    if (isEpoch(epoch)) return { epoch, stream: String(stream), server: String(server), sequence }
  } catch {
    // Not an object in JSON.
  }
  return { ...NO_MARKER, sequence }
}
