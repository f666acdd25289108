/**
 * The streams of all kinds that a node has prepared, and which of them were verified on the
 * connection of the moment.
 */

import { quoteName } from '../../base/internal.ts'
import { BrokerUnavailableError, type LogKind, type LogTopic } from '../../topics/index.ts'
import { UnusableEngineError } from '../broker-link.ts'
import type { EngineKinds } from '../engine.ts'
import { KindStream } from './kind-stream.ts'
import type { NatsConnection } from './nats-connection.ts'
import type { NatsNames } from './nats-names.ts'
import type { NatsSettings } from './nats-options.ts'

/** Streams by the id of their kind. */
export class KindStreams implements EngineKinds<NatsConnection> {
  readonly #names: NatsNames
  readonly #settings: NatsSettings
  readonly #createEpoch: () => string
  readonly #streams = new Map<string, KindStream>()
  readonly #verified = new Set<KindStream>()
  /** Streams whose marker moved before they were verified. */
  readonly #movedEarly = new Set<KindStream>()

  constructor(names: NatsNames, settings: NatsSettings, createEpoch: () => string) {
    this.#names = names
    this.#settings = settings
    this.#createEpoch = createEpoch
  }

  /** A new connection: every stream has to be verified again. */
  reset(): void {
    this.#verified.clear()
    this.#movedEarly.clear()
  }

  /** Verifies the next stream that is not verified. @returns `null` when there is none. */
  verifyNext(connection: NatsConnection): Promise<void> | null {
    for (const stream of this.#streams.values()) {
      if (!this.#verified.has(stream)) return this.#verify(connection, stream)
    }
    return null
  }

  /** Adds a kind. It is verified by `prepare`, or on the next connection. */
  add(kind: LogKind): void {
    if (this.#streams.has(kind.id)) return
    const stream = new KindStream(kind, this.#names, this.#settings, this.#createEpoch)
    this.#streams.set(kind.id, stream)
  }

  /**
   * Creates or verifies the stream of a kind. What fails here is tried again on the next
   * connection, before that is `up`.
   *
   * @throws (by rejecting) {UnusableEngineError} when another attempt cannot succeed.
   */
  async prepare(connection: NatsConnection, kind: LogKind): Promise<void> {
    const stream = this.#streams.get(kind.id)
    if (stream === undefined || this.#verified.has(stream)) return
    try {
      await this.#verify(connection, stream)
    } catch (error) {
      if (error instanceof UnusableEngineError) this.#streams.delete(kind.id)
      else connection.fail(error)
      throw error
    }
  }

  /** @throws {BrokerUnavailableError} for a topic whose kind is not prepared. */
  of(topic: LogTopic): KindStream {
    const stream = this.#streams.get(topic.kind.id)
    if (stream !== undefined && this.#verified.has(stream)) return stream
    throw new BrokerUnavailableError(
      `use ${quoteName(topic.name)} before its kind is prepared`,
      topic.name,
    )
  }

  /** @returns the stream of a kind, verified or not; `undefined` for an unknown kind. */
  find(kind: string): KindStream | undefined {
    return this.#streams.get(kind)
  }

  /**
   * A message came on the subject of a marker: another node has replaced the marker, or has tried
   * to. A new epoch ends the connection: the next one settles it.
   */
  async markerMoved(connection: NatsConnection, subject: string): Promise<void> {
    for (const stream of this.#streams.values()) {
      if (stream.names.marker !== subject) continue
      if (this.#verified.has(stream)) await this.#settleAgain(connection, stream)
      else this.#movedEarly.add(stream)
    }
  }

  /** Ends the connection if the epoch of a stream has changed. Never rejects. */
  async #settleAgain(connection: NatsConnection, stream: KindStream): Promise<void> {
    try {
      if (await stream.hasMoved(connection)) connection.fail(new Error('A new epoch has begun'))
    } catch (error) {
      connection.fail(error)
    }
  }

  async #verify(connection: NatsConnection, stream: KindStream): Promise<void> {
    await stream.verify(connection)
    this.#verified.add(stream)
    // The marker may have been read before another node replaced it.
    if (this.#movedEarly.delete(stream)) await this.#settleAgain(connection, stream)
  }
}
