/**
 * The connection of a client of topics: says hello on each new session, and passes messages on.
 */

import type { Clock } from '../../base/index.ts'
import type { ClientSession, ReconnectingWebSocket } from '../../client/portable.ts'
import { CloseReason } from '../../protocol/portable.ts'
import type { BrokerState } from '../broker.ts'
import { BINARY_PROTOCOL, JSON_PROTOCOL, type ServerMessage } from '../wire/messages.ts'
import { type ClientEncoding, type ClientFields, createClientEncoding } from './client-encodings.ts'
import type { TopicsClientOptions, TopicsConnector } from './live-topics.ts'

type Welcome = Extract<ServerMessage, { type: 'welcome' }>

/** The parts that use the connection. */
export interface ConnectionOwner {
  /** The topics to resume. `away`: milliseconds since the last frame, if there was one. */
  resumed(away: number | null): readonly ClientFields[]
  /** A session has begun. `isSame`: the server knows the client by its name of before. */
  opened(welcome: Welcome, isSame: boolean): void
  received(message: ServerMessage): void
  /** There will be no other session. */
  ended(error: Error | null): void
}

/** A server that does not speak the protocol is not asked again. */
const NOT_UNDERSTOOD = new CloseReason(4400, 'Not understood')
const MAX_DELAY_MS = 60_000

/** The connection of one client. */
export class ClientConnection {
  readonly socket: ReconnectingWebSocket<ClientSession>
  readonly #clock: Clock
  readonly #token: TopicsClientOptions['token']
  readonly #owner: ConnectionOwner
  readonly #timers = new Set<Disposable>()
  #session: ClientSession | null = null
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

  /** @returns whether there is a session. */
  send(message: ClientFields): boolean {
    const session = this.#session
    if (session === null || session.outgoing.isClosedForSend) return false
    session.send(this.#encoding.encode(message)).catch(() => {
      // The session has ended. Requests without an answer are sent again on the next one.
    })
    return true
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
    const topics = this.#owner.resumed(away)
    await session.send(encoding.encode({ type: 'hello', client: this.#client, token, topics }))
    const message = encoding.read(await session.incoming.receive())
    if (message?.type !== 'welcome') {
      void session.close(NOT_UNDERSTOOD)
      throw new TypeError('Cannot talk to the server: it did not answer hello with welcome')
    }
    const isSame = this.#client === message.client
    this.#client = message.client
    this.#heardAt = this.#clock.now()
    this.#broker = 'up'
    this.#encoding = encoding
    this.#session = session
    this.#owner.opened(message, isSame)
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
      this.#finish(error instanceof Error ? error : null)
    }
  }

  #finish(error: Error | null): void {
    if (this.#end !== null) return
    this.#end = { error }
    this.#session = null
    for (const timer of this.#timers) timer[Symbol.dispose]()
    this.#timers.clear()
    this.#owner.ended(error)
  }
}
