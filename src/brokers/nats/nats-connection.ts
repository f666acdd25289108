/**
 * One connection to NATS, until it ends: requests, subscriptions, and the two requests of
 * JetStream.
 */

import type * as Nats from '@nats-io/transport-node'

import { loadPackage } from '../../packages/index.ts'
import { type LinkConnection, UnusableEngineError } from '../broker-link.ts'
import type { NatsSettings } from './nats-options.ts'

/** The oldest server on which republished events were seen to be without a hole. */
const OLDEST: readonly number[] = [2, 9, 10]
const CONNECT_MS = 5000
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

/** A message as it comes. */
export type NatsMessage = Nats.Msg

/** What JetStream answers when it refuses. */
export class JetStreamError extends Error {
  /** JetStream's own number of the problem, such as 10059. */
  readonly number: number

  constructor(number: number, description: string) {
    super(`JetStream answers ${number}: ${description}`)
    this.number = number
  }
}

/** Loads the client library. @throws {PackageMissingError} */
export function loadNats(): typeof Nats {
  const range = '^3.3.1'
  // The package is what it says, or it is not there; what is used is checked by the tests of this
  // folder.
  return loadPackage('make the NATS broker', '@nats-io/transport-node', range) as typeof Nats
}

/** Connects. See `Connector.connect`. */
export async function connectNats(
  nats: typeof Nats,
  settings: NatsSettings,
  signal: AbortSignal,
  ended: (cause: unknown) => void,
): Promise<NatsConnection> {
  const connection = await dial(nats, settings)
  const close = (): void => void connection.close()
  if (signal.aborted) close()
  signal.addEventListener('abort', close, { once: true })
  // `closed` never rejects.
  void connection.closed().then((error) => ended(error ?? null))
  const { info } = connection
  if (info === undefined) throw new Error('Cannot use this NATS: it has not said what it is')
  if (!isNewEnough(info.version)) {
    const expected = OLDEST.join('.')
    throw new UnusableEngineError(`NATS is ${info.version}, expected ${expected} or newer`)
  }
  if (info.jetstream !== true && info.cluster === undefined) {
    throw new UnusableEngineError('JetStream is off, expected nats-server -js')
  }
  return new NatsConnection(nats, connection, info, ended)
}

/** NATS, connected. */
export class NatsConnection implements LinkConnection {
  readonly info: Nats.ServerInfo
  readonly #nats: typeof Nats
  readonly #connection: Nats.NatsConnection
  readonly #ended: (cause: unknown) => void
  readonly #subscriptions = new Map<string, Nats.Subscription>()

  constructor(
    nats: typeof Nats,
    connection: Nats.NatsConnection,
    info: Nats.ServerInfo,
    ended: (cause: unknown) => void,
  ) {
    this.info = info
    this.#nats = nats
    this.#connection = connection
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
  async subscribe(
    subjects: readonly string[],
    heard: (message: NatsMessage) => void,
  ): Promise<void> {
    for (const subject of subjects) {
      if (this.#subscriptions.has(subject)) continue
      const callback = (error: Error | null, message: NatsMessage): void => {
        if (error === null) heard(message)
        // Not permitted: the log cannot be followed on this connection.
        else this.#ended(error)
      }
      this.#subscriptions.set(subject, this.#connection.subscribe(subject, { callback }))
    }
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

  /** Whether `error` says that nobody was there: the request was not heard. */
  isUnheard(error: unknown): boolean {
    return error instanceof this.#nats.RequestError && error.isNoResponders()
  }

  /** A request to JetStream. @throws (by rejecting) {JetStreamError} when it refuses. */
  async ask(operation: string, question: unknown): Promise<Readonly<Record<string, unknown>>> {
    const message = new TextEncoder().encode(JSON.stringify(question))
    const request = this.#connection.request(`$JS.API.${operation}`, message, {
      timeout: ANSWER_MS,
    })
    return readAnswer(await this.#answered(request))
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

/** The fields of an answer in JSON. @throws {JetStreamError} when it is a refusal. */
export function readAnswer(answer: NatsMessage): Readonly<Record<string, unknown>> {
  const fields = fieldsOf(answer.json<unknown>())
  if (fields['error'] === undefined) return fields
  const { err_code: number, description } = fieldsOf(fields['error'])
  throw new JetStreamError(Number(number), String(description))
}

/** The id with which the message in an answer was published; `''` when it had none. */
export function messageIdIn({ hdrs }: Readonly<Record<string, unknown>>): string {
  const headers = Buffer.from(typeof hdrs === 'string' ? hdrs : '', 'base64').toString()
  return /^Nats-Msg-Id: *(.*?)\r?$/m.exec(headers)?.[1] ?? ''
}

/** @throws for what is not an object. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) {
    throw new Error('Cannot read the answer of JetStream: it is not an object')
  }
  // Checked above; the fields are checked where they are used.
  return value as Readonly<Record<string, unknown>>
}

/** Connects once. The client would also come back, but it hides that, and gives up. */
async function dial(nats: typeof Nats, settings: NatsSettings): Promise<Nats.NatsConnection> {
  try {
    return await nats.connect({
      ...settings.connection,
      reconnect: false,
      timeout: CONNECT_MS,
      noAsyncTraces: true,
    })
  } catch (error) {
    if (!(error instanceof nats.AuthorizationError)) throw error
    const problem = 'NATS refuses the credentials, expected valid ones'
    throw new UnusableEngineError(problem, { cause: error })
  }
}

function isNewEnough(version: string): boolean {
  const parts = version.split(/[.-]/).slice(0, OLDEST.length).map(Number)
  for (const [index, oldest] of OLDEST.entries()) {
    const part = parts[index] ?? 0
    if (part !== oldest) return part > oldest
  }
  return true
}
