/**
 * One connection to NATS, until it ends: requests, subscriptions, and requests to JetStream.
 */

import type * as Nats from '@nats-io/transport-node'

import { UnusableEngineError } from '../broker-link.ts'
import type { EngineConnection } from '../engine.ts'
import { type AnswerFields, readAnswer } from './jetstream-answers.ts'

/** For headers, which count towards the largest payload. */
const HEADER_BYTES = 512
/**
 * JetStream may have no leader for a while: requests then get no answer, on a connection that is
 * well.
 */
const ANSWER_MS = 4000

/**
 * The waits for the answer of a stream that another node may be creating. JetStream knows such a
 * stream before the stream listens, and before it answers.
 */
const NEW_STREAM_ANSWER_MS: readonly number[] = [125, 250, 500, 1000, 2000]

const NOTHING = new Uint8Array(0)

/** A message as it comes. */
export type NatsMessage = Nats.Msg

/** Is called with each message of a subscription. */
export type NatsListener = (message: NatsMessage) => void

/** NATS, connected. */
export class NatsConnection implements EngineConnection {
  readonly info: Nats.ServerInfo
  readonly #nats: typeof Nats
  readonly #connection: Nats.NatsConnection
  readonly #heard: NatsListener
  readonly #ended: (cause: unknown) => void
  readonly #subscriptions = new Map<string, Nats.Subscription>()

  constructor(
    nats: typeof Nats,
    connection: Nats.NatsConnection,
    info: Nats.ServerInfo,
    heard: NatsListener,
    ended: (cause: unknown) => void,
  ) {
    this.info = info
    this.#nats = nats
    this.#connection = connection
    this.#heard = heard
    this.#ended = ended
  }

  get isClustered(): boolean {
    return this.info.cluster !== undefined
  }

  /** The largest message, without its headers. */
  get maxMessageBytes(): number {
    return this.info.max_payload - HEADER_BYTES
  }

  /** Ends the connection: the state of the broker becomes `down`, and a new one is made. */
  fail(cause: unknown): void {
    this.#ended(cause)
  }

  /** A ping and its pong. */
  probe(): Promise<void> {
    return this.#connection.flush()
  }

  flush(): Promise<void> {
    return this.#connection.flush()
  }

  publish(subject: string, message: Uint8Array): void {
    this.#connection.publish(subject, message)
  }

  /** Resolves when the server has all the subscriptions. */
  async subscribe(subjects: readonly string[]): Promise<void> {
    for (const subject of subjects) {
      if (this.#subscriptions.has(subject)) continue
      this.#subscriptions.set(subject, this.#listen(subject, this.#heard))
    }
    await this.#connection.flush()
  }

  /** Hears what comes on `subject`, as long as the connection lives. */
  async watch(subject: string, heard: NatsListener): Promise<void> {
    this.#listen(subject, heard)
    await this.#connection.flush()
  }

  unsubscribe(subject: string): void {
    this.#subscriptions.get(subject)?.unsubscribe()
    this.#subscriptions.delete(subject)
  }

  /**
   * Publishes and waits for the answer. Rejects when there is none in time, and when nobody is
   * there to answer.
   */
  request(
    subject: string,
    message: Uint8Array,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<NatsMessage> {
    const options = { timeout: ANSWER_MS, headers: this.#headersOf(headers) }
    return this.#answered(this.#connection.request(subject, message, options))
  }

  /**
   * Publishes to a stream that another node may be creating, and waits for the answer. The message
   * is published again while there is no answer: it may be stored more than once.
   */
  async requestOfNew(
    subject: string,
    message: Uint8Array,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<NatsMessage> {
    for (const timeout of NEW_STREAM_ANSWER_MS) {
      try {
        const options = { timeout, headers: this.#headersOf(headers) }
        return await this.#connection.request(subject, message, options)
      } catch (error) {
        if (this.isUnheard(error)) await this.#nats.delay(timeout)
        else if (!(error instanceof this.#nats.TimeoutError)) throw error
      }
    }
    return this.request(subject, message, headers)
  }

  /**
   * Makes sure that this user may publish to `subject`. The publisher of a message is not told that
   * the server has refused it, but the one of a request is.
   *
   * @throws (by rejecting) {UnusableEngineError} if the permissions forbid it.
   */
  async checkPublish(subject: string): Promise<void> {
    const asked = this.#connection.request(subject, NOTHING, { timeout: ANSWER_MS })
    // A program that listens to all subjects answers nothing. The server answers in order: a
    // refusal has come before the second flush has begun.
    const passed = this.flush().then(() => this.flush())
    try {
      await Promise.race([asked, passed])
    } catch (error) {
      if (this.isUnheard(error)) return
      if (!this.isForbidden(error)) throw error
      const problem = `NATS forbids to publish to "${subject}", expected a user who may`
      throw new UnusableEngineError(problem, { cause: error })
    }
  }

  /** Whether `error` says that the permissions forbid the request: the server has dropped it. */
  isForbidden(error: unknown): boolean {
    if (!(error instanceof Error)) return false
    const { cause } = error
    // A refused subscription to the answers rejects all requests: the server may have heard them.
    return cause instanceof this.#nats.PermissionViolationError && cause.operation === 'publish'
  }

  /** Whether `error` says that nobody was there: the request was not heard. */
  isUnheard(error: unknown): boolean {
    return error instanceof this.#nats.RequestError && error.isNoResponders()
  }

  /** A request to JetStream. @throws (by rejecting) {JetStreamError} when it refuses. */
  async ask(operation: string, question: unknown): Promise<AnswerFields> {
    const message = new TextEncoder().encode(JSON.stringify(question))
    const request = this.#connection.request(`$JS.API.${operation}`, message, {
      timeout: ANSWER_MS,
    })
    return readAnswer(await this.#answered(request))
  }

  #listen(subject: string, heard: NatsListener): Nats.Subscription {
    return this.#connection.subscribe(subject, {
      callback: (error, message) => {
        if (error === null) heard(message)
        // Not permitted: the log cannot be followed on this connection.
        else this.#ended(error)
      },
    })
  }

  #headersOf(headers: Readonly<Record<string, string>>): Nats.MsgHdrs {
    const all = this.#nats.headers()
    for (const [name, value] of Object.entries(headers)) all.set(name, value)
    return all
  }

  /**
   * A request that is not answered in time fails if the server still answers a ping. If it does
   * not, the request fails with the connection.
   */
  async #answered(request: Promise<NatsMessage>): Promise<NatsMessage> {
    try {
      return await request
    } catch (error) {
      if (error instanceof this.#nats.TimeoutError) await this.#connection.flush()
      // The stream has been removed, or JetStream is off: only a new connection can tell.
      if (this.isUnheard(error)) this.#ended(error)
      throw error
    }
  }
}
