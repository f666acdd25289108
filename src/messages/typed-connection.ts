/**
 * `typedConnection`: typed messages over a connection that comes back. Each session has a link of
 * its own; `incoming`, and what waits for a session, outlive them.
 */

import {
  addAbortListener,
  Deferred,
  handled,
  removeAbortListener,
  sessionClockOf,
} from '../base/internal.ts'
import type { SendOptions, TrySendResult } from '../channels/index.ts'
import type { ClientSession } from '../client/index.ts'
import type { ReconnectingWebSocket } from '../client/portable.ts'
import type { Frame } from '../protocol/index.ts'
import { type Codec, json } from './codec.ts'
import type { Contract, ContractShape } from './contract-shape.ts'
import { RequestFailedError } from './errors.ts'
import { KeptStream } from './kept-stream.ts'
import { createIncoming, type IncomingMessages, type IncomingReader } from './link/arrivals.ts'
import { Link } from './link/link.ts'
import { Outbox } from './link/outbox.ts'
import type { LinkPort, LinkSettings } from './link/port.ts'
import { closeWith, reportTo } from './link/session-port.ts'
import type { Prepared } from './prepare.ts'
import { readHandlers, type Servable, Server } from './serve.ts'
import { ACT, agreedCodec, readSettings } from './settings.ts'
import {
  type AskOptions,
  askOver,
  entryOf,
  questionOf,
  readTimeout,
  sendEvent,
  settled,
  streamOf,
  trySendEvent,
} from './typed.ts'
import type { MessageStream, TypedConnection, TypedOptions } from './typed-session.ts'

const INTERNAL_ERROR = 1011

/** Connections whose `incoming` is read here. */
const TYPED = new WeakSet<object>()

/** What our own connections have beside their public members. */
interface RecordsOrigins {
  frameOrigins(): WeakMap<Frame, ClientSession>
}

/**
 * Speaks `contract` over `connection`, whose `incoming` is read here from now on.
 *
 * Events go as `send` of the connection says (`whileAway`). A request that is made while there is
 * no session waits for one, within its timeout. A request that is pending when its session ends
 * fails with `DISCONNECTED`; one whose entry is `idempotent` is asked once more.
 *
 * @throws {TypeError} for a second call with one connection, and for an option that is unknown or
 *   invalid. A session that agrees on another subprotocol ends the connection, and `incoming`
 *   fails with the `TypeError`.
 */
export function typedConnection<C extends ContractShape>(
  connection: ReconnectingWebSocket,
  contract: Contract<C>,
  options: TypedOptions = {},
): TypedConnection<C> {
  const settings = readSettings('client', contract, options)
  if (TYPED.has(connection)) {
    throw new TypeError(`Cannot ${ACT}: the connection has them already, expected one call`)
  }
  TYPED.add(connection)
  const messages = new ConnectionMessages(connection, contract, options, settings)
  // The untyped form of all typed ones: the contract is checked at run time.
  return messages as unknown as TypedConnection<C>
}

/** See `TypedConnection`. Its functions may be taken off it. */
class ConnectionMessages implements Servable, IncomingReader {
  readonly incoming: IncomingMessages
  readonly settings: Omit<LinkSettings, 'codec'>
  onAsked: (() => void) | null = null
  readonly #connection: ReconnectingWebSocket
  readonly #contract: Contract
  readonly #options: TypedOptions
  readonly #port: LinkPort
  readonly #origins: WeakMap<Frame, ClientSession>
  #current: { readonly session: ClientSession; readonly link: Link } | null = null
  /** What waits for a session, with the name of its message. */
  readonly #waiting = new Map<Deferred<Link>, string>()
  #outbox: { readonly outbox: Outbox; readonly settings: LinkSettings } | null = null
  #isOver = false

  constructor(
    connection: ReconnectingWebSocket,
    contract: Contract,
    options: TypedOptions,
    settings: Omit<LinkSettings, 'codec'>,
  ) {
    this.#connection = connection
    this.#contract = contract
    this.#options = options
    this.settings = settings
    this.incoming = createIncoming(this)
    this.#port = portOf(connection)
    this.#origins = (connection as ReconnectingWebSocket & RecordsOrigins).frameOrigins() // has a clock, so it is ours
    // Both never reject.
    void this.#watch()
    void this.#read()
  }

  get isExpecting(): boolean {
    return this.#current?.link.isExpecting ?? false
  }

  roomAgain(): void {
    this.#current?.link.roomAgain()
  }

  readonly send = async (type: string, data: unknown, options?: SendOptions): Promise<void> => {
    // Until a session has agreed on one of several codecs, an event waits as a request does.
    const events = this.#events() ?? (await this.whenLinked(type, options?.signal ?? null, null))
    await sendEvent(events, type, data, options)
  }

  readonly trySend = (first: string | Prepared, data?: unknown): TrySendResult => {
    const events = this.#events()
    return events === null ? 'full' : trySendEvent(events, first, data)
  }

  readonly request = async (
    type: string,
    data: unknown,
    options: AskOptions = {},
  ): Promise<unknown> => {
    const { clock } = this.#port
    const question = questionOf(this.settings, type, data, options, false)
    const deadline = question.timeout === null ? null : clock.now() + question.timeout
    for (let isAgain = false; ; isAgain = true) {
      const link = await this.whenLinked(type, question.signal, deadline)
      const timeout = deadline === null ? null : Math.max(1, deadline - clock.now())
      try {
        return await askOver(link, type, data, { ...options, timeout })
      } catch (error) {
        const isLost = error instanceof RequestFailedError && error.failure === 'DISCONNECTED'
        // Of an upload, the items that have been sent are gone.
        const mayAskAgain = question.entry?.idempotent === true && question.upload === null
        if (!isLost || isAgain || !mayAskAgain) throw error
      }
    }
  }

  readonly requestCatching = (
    type: string,
    data: unknown,
    options?: AskOptions,
  ): Promise<unknown> => settled(this.request(type, data, options))

  readonly keep = (
    type: string,
    input: (last: unknown) => unknown,
    options: AskOptions = {},
  ): MessageStream<unknown, unknown> => {
    entryOf(this.settings, type, 'request')
    const { clock } = this.#port
    const timeout = options.timeout === undefined ? null : readTimeout(options.timeout)
    const deadline = timeout === null ? null : clock.now() + timeout
    const ask = async (
      last: unknown,
      signal: AbortSignal,
    ): Promise<MessageStream<unknown, unknown>> => {
      const link = await this.whenLinked(type, signal, deadline)
      const left = deadline === null ? null : Math.max(1, deadline - clock.now())
      const question = questionOf(this.settings, type, input(last), { timeout: left, signal }, true)
      return streamOf(link.asks.ask(question))
    }
    return new KeptStream(type, ask, options.signal ?? null)
  }

  readonly serve = async (handlers: object): Promise<void> => {
    const server = new Server(this, readHandlers(this, handlers))
    try {
      await server.run()
    } catch (error) {
      // A connection that has ended has said so itself.
      if (!this.#isOver) void closeWith(this.#connection, INTERNAL_ERROR, '')
      throw error
    }
  }

  /**
   * The link of the session that there is, or of the next one.
   *
   * @throws (by rejecting) {RequestFailedError} with `TIMEOUT` or `DISCONNECTED`; the reason of
   *   `signal`.
   */
  async whenLinked(
    type: string,
    signal: AbortSignal | null,
    deadline: number | null,
  ): Promise<Link> {
    signal?.throwIfAborted()
    if (this.#current !== null) return this.#current.link
    if (this.#isOver) throw new RequestFailedError(type, 'DISCONNECTED')
    const waiting = new Deferred<Link>()
    this.#waiting.set(waiting, type)
    const { clock } = this.#port
    const onAbort = (): void => void waiting.reject(signal?.reason)
    if (signal !== null) addAbortListener(signal, onAbort)
    const timer =
      deadline === null
        ? null
        : clock.setTimer(Math.max(0, deadline - clock.now()), () => {
            const reason = 'there was no session in time'
            waiting.reject(new RequestFailedError(type, 'TIMEOUT', { reason }))
          })
    try {
      return await waiting.promise
    } finally {
      this.#waiting.delete(waiting)
      timer?.[Symbol.dispose]()
      if (signal !== null) removeAbortListener(signal, onAbort)
    }
  }

  /**
   * What events are sent with: the connection, which decides what becomes of them without a
   * session. `null`: no session has chosen one of several codecs yet.
   */
  #events(): Pick<Link, 'outbox' | 'port' | 'settings'> | null {
    const codec =
      this.#current?.link.settings.codec ?? this.#outbox?.settings.codec ?? this.#onlyCodec()
    if (codec === null) return null
    if (this.#outbox?.settings.codec !== codec) {
      const settings = { ...this.settings, codec }
      this.#outbox = { settings, outbox: new Outbox(this.#port, settings) }
    }
    return { ...this.#outbox, port: this.#port }
  }

  /** The codec of every session; `null`: sessions may agree on one of several. */
  #onlyCodec(): Codec | null {
    const { codecs = [json] } = this.#options
    const usable = codecs.filter(({ name }) =>
      this.#contract.protocols.some((protocol) => protocol.endsWith(`+${name}`)),
    )
    return usable.length === 1 ? (usable[0] ?? null) : null
  }

  async #watch(): Promise<void> {
    for await (const state of this.#connection.states()) {
      if (state.type === 'open') this.#begin(state.session)
      else if (this.#current !== null) this.#away()
    }
  }

  async #read(): Promise<void> {
    const { incoming } = this.#connection
    for (;;) {
      const room = this.#current?.link.room
      if (room) await room
      let next = incoming.tryReceive()
      if (next.type === 'empty') next = await incoming.receiveCatching()
      if (next.type === 'closed') {
        this.#over(next.cause)
        return
      }
      this.#take(next.value)
    }
  }

  #take(frame: Frame): void {
    const { state } = this.#connection
    const session = this.#origins.get(frame) ?? this.#current?.session
    if (session !== undefined && state.type === 'open' && state.session === session) {
      this.#begin(session)
    }
    // What is left of an earlier session has no reader any more.
    if (this.#current !== null && this.#current.session === session) this.#current.link.take(frame)
  }

  #begin(session: ClientSession): void {
    if (this.#current?.session === session || this.#isOver) return
    this.#away()
    let codec
    try {
      codec = agreedCodec(this.#contract, session.protocol, this.#options.codecs)
    } catch (error) {
      // The next session would not agree on another.
      void this.#connection.close()
      this.#over(error as TypeError)
      return
    }
    const port = {
      ...this.#port,
      ...carrierOf(session),
    }
    const link = new Link(port, { ...this.settings, codec }, this.incoming)
    link.onAsked = () => this.onAsked?.()
    this.#current = { session, link }
    for (const waiting of this.#waiting.keys()) waiting.resolve(link)
  }

  /** The session is over; what it has left is still taken. */
  #away(): void {
    const current = this.#current
    if (current === null) return
    const { incoming } = this.#connection
    for (let next = incoming.tryReceive(); next.type === 'value'; next = incoming.tryReceive()) {
      const session = this.#origins.get(next.value)
      if (session === undefined || session === current.session) current.link.take(next.value)
    }
    this.#current = null
    current.link.end(null)
  }

  #over(cause: Error | null): void {
    if (this.#isOver) return
    this.#away()
    this.#isOver = true
    for (const [waiting, type] of this.#waiting) {
      void handled(waiting.promise)
      waiting.reject(new RequestFailedError(type, 'DISCONNECTED'))
    }
    this.incoming.close(cause)
  }
}

/** The way out by way of the connection. */
function portOf(connection: ReconnectingWebSocket): LinkPort {
  return {
    clock: sessionClockOf(ACT, connection),
    trySend: (message) => connection.outgoing.trySend(message),
    send: (message, signal) =>
      connection.send(message, signal === undefined ? undefined : { signal }),
    // The whole connection: another session would hear the same.
    fail: (code, message) => void closeWith(connection, code, message),
    report: (error, type) => reportTo(null, error, type),
  }
}

/** The way out by way of one session: for what must not go to another. */
function carrierOf(session: ClientSession): Pick<LinkPort, 'trySend' | 'send'> {
  return {
    trySend: (message) => session.outgoing.trySend(message),
    send: (message, signal) => session.send(message, signal === undefined ? undefined : { signal }),
  }
}
