/**
 * The connection of a client of topics: says hello on each new session, and passes messages on.
 */

import type { Clock } from '../../base/index.ts'
import type { ClientSession, ReconnectingWebSocket } from '../../client/portable.ts'
import { CloseReason } from '../../protocol/portable.ts'
import type { BrokerState } from '../broker.ts'
import { toUtf8 } from '../kind/numbers.ts'
import { BINARY_PROTOCOL, JSON_PROTOCOL, type ServerMessage } from '../wire/messages.ts'
import { type ClientEncoding, type ClientFields, createClientEncoding } from './client-encodings.ts'
import type { TopicsClientOptions, TopicsConnector } from './live-topics.ts'

type Encoded = string | Uint8Array
type Welcome = Extract<ServerMessage, { type: 'welcome' }>

/** The parts that use the connection. */
export interface ConnectionOwner {
  /**
   * The topics to resume in `hello`, `max` at most. The owner subscribes to the others when the
   * session is open. `away`: milliseconds since the last frame, if there was one.
   */
  resumed(away: number | null, max: number): readonly ClientFields[]
  /** A session has begun. `isSame`: the server knows the client by its name of before. */
  opened(welcome: Welcome, isSame: boolean): void
  received(message: ServerMessage): void
  /**
   * The server has closed with 1009, because a message was too large. It has not handled the
   * last message of the session, whose id is `id` if it was a request.
   */
  unhandled(id: unknown): void
  /** There will be no other session. */
  ended(error: Error | null): void
}

/** A server that does not speak the protocol is not asked again. */
const NOT_UNDERSTOOD = new CloseReason(4400, 'Not understood')
const MAX_DELAY_MS = 60_000
/** Closes a session whose peer has sent a message that is too large. */
const TOO_BIG = 1009
/** Bytes of `hello` at most, while the limit of the server is not known. */
const FIRST_HELLO_BYTES = 16_384
/** Bytes of `hello` at most: a server may accept a longer message, but not that many topics. */
const HELLO_BYTES = 65_536

/** The connection of one client. */
export class ClientConnection {
  readonly socket: ReconnectingWebSocket<ClientSession>
  readonly #clock: Clock
  readonly #token: TopicsClientOptions['token']
  readonly #owner: ConnectionOwner
  readonly #timers = new Set<Disposable>()
  #session: ClientSession | null = null
  /** The id of the last message on this session, if it has one. */
  #lastId: unknown
  /** Bytes of the largest message that the server accepts. A server may not say it. */
  #maxBytes = FIRST_HELLO_BYTES
  #encoding: ClientEncoding = createClientEncoding(null)
  #client: string | null = null
  #ids = 0
  #heardAt: number | null = null
  #broker: BrokerState['state'] = 'up'
  #end: { readonly error: Error | null } | null = null

  constructor(
    { connect, clock }: TopicsConnector,
    { token, encoding = 'json' }: TopicsClientOptions,
    owner: ConnectionOwner,
  ) {
    this.#clock = clock
    this.#token = token
    this.#owner = owner
    const protocols = encoding === 'binary' ? [BINARY_PROTOCOL, JSON_PROTOCOL] : [JSON_PROTOCOL]
    this.socket = connect(protocols, (session) => this.#opened(session))
    void this.#receiveAll()
  }

  /** Whether the server can reach its broker, as it said last. */
  get broker(): BrokerState['state'] {
    return this.#broker
  }

  /** Set when there will be no other session: `error` says why. */
  get end(): { readonly error: Error | null } | null {
    return this.#end
  }

  /** A new id for a request. */
  nextId(): number {
    return ++this.#ids
  }

  now(): number {
    return this.#clock.now()
  }

  /** Runs `task` after `ms`, a minute at most, unless the connection has ended. */
  later(ms: number, task: () => void): void {
    if (this.#end !== null) return
    const timer = this.#clock.setTimer(Math.min(Math.max(0, ms), MAX_DELAY_MS), () => {
      this.#timers.delete(timer)
      task()
    })
    this.#timers.add(timer)
  }

  /**
   * Sends a message. A request that is larger than the server accepts is answered here with an
   * error `size`, because the server would close the connection.
   *
   * @returns whether there is a session.
   */
  send(message: ClientFields): boolean {
    const session = this.#session
    if (session === null || session.outgoing.isClosedForSend) return false
    const encoded = this.#encoding.encode(message)
    const { id } = message
    if (typeof id === 'number' && this.#refusesSize(id, encoded)) return true
    this.#lastId = id
    session.send(encoded).catch(() => {
      // The session has ended. Requests without an answer are sent again on the next one.
    })
    return true
  }

  /** @returns the id of the request; `null` without a session. */
  request(message: ClientFields): number | null {
    const id = this.nextId()
    return this.send({ id, ...message }) ? id : null
  }

  async renewToken(): Promise<void> {
    this.send({ type: 'token', token: (await this.#token?.()) ?? null })
  }

  async close(): Promise<void> {
    await this.socket.close()
    this.#finish(null)
  }

  /** Says hello on a new session. */
  async #opened(session: ClientSession): Promise<void> {
    this.#session = null
    const token = (await this.#token?.()) ?? null
    const heardAt = this.#heardAt
    const away = heardAt === null ? null : Math.max(0, Math.round(this.#clock.now() - heardAt))
    const encoding = createClientEncoding(session.protocol)
    await session.send(this.#hello(encoding, token, away))
    const message = encoding.read(await session.incoming.receive())
    if (message?.type !== 'welcome') {
      void session.close(NOT_UNDERSTOOD)
      throw new TypeError('Cannot talk to the server: it sent no welcome')
    }
    const isSame = this.#client === message.client
    this.#client = message.client
    this.#heardAt = this.#clock.now()
    this.#broker = 'up'
    this.#encoding = encoding
    this.#maxBytes = message.limits.messageBytes ?? Infinity
    this.#session = session
    this.#lastId = null
    this.#clearTimers()
    void session.closed.then(({ remote }) => {
      if (this.#session === session && remote?.code === TOO_BIG) {
        this.#owner.unhandled(this.#lastId)
      }
    })
    this.#owner.opened(message, isSame)
  }

  /** As many topics as the server accepts in one message. */
  #hello(encoding: ClientEncoding, token: string | null, away: number | null): Encoded {
    for (let max = Infinity; ;) {
      const topics = this.#owner.resumed(away, max)
      const hello = encoding.encode({ type: 'hello', client: this.#client, token, topics })
      if (max === 0 || sizeOf(hello) <= Math.min(this.#maxBytes, HELLO_BYTES)) return hello
      max = topics.length >> 1
    }
  }

  /** Answers a request that is too large. The caller of `send` may not have noted it yet. */
  #refusesSize(id: number, encoded: Encoded): boolean {
    const length = sizeOf(encoded)
    if (length <= this.#maxBytes) return false
    const message = `it has ${length} bytes, expected at most ${this.#maxBytes}`
    queueMicrotask(() => this.#owner.received({ type: 'error', id, code: 'size', message }))
    return true
  }

  async #receiveAll(): Promise<void> {
    try {
      for await (const frame of this.socket.incoming) {
        this.#heardAt = this.#clock.now()
        const message = this.#encoding.read(frame)
        if (message?.type === 'broker') this.#broker = message.state
        else if (message !== null) this.#owner.received(message)
      }
      this.#finish(null)
    } catch (error) {
      // If a message of the server is invalid, the connection is still open.
      void this.socket.close(NOT_UNDERSTOOD)
      this.#finish(error instanceof Error ? error : null)
    }
  }

  #finish(error: Error | null): void {
    if (this.#end !== null) return
    this.#end = { error }
    this.#session = null
    this.#clearTimers()
    this.#owner.ended(error)
  }

  /** A new session repeats all requests, and after the end there are none: no timer is needed. */
  #clearTimers(): void {
    for (const timer of this.#timers) timer[Symbol.dispose]()
    this.#timers.clear()
  }
}

function sizeOf(encoded: Encoded): number {
  return (typeof encoded === 'string' ? toUtf8(encoded) : encoded).length
}
