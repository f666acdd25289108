/**
 * Typed messages over a connection that comes back. Each session has a link of its own; `incoming`,
 * and what waits for a session, outlive them.
 */

import {
  addAbortListener,
  Deferred,
  handled,
  removeAbortListener,
  requestObserverOf,
  sessionClockOf,
} from '../../base/internal.ts'
import {
  ClosedSendChannelError,
  type SendOptions,
  type TrySendResult,
} from '../../channels/index.ts'
import type { ClientSession } from '../../client/index.ts'
import type { ReconnectingWebSocket } from '../../client/portable.ts'
import type { CloseReason, Frame } from '../../protocol/index.ts'
import {
  type AskOptions,
  type AskParts,
  askOver,
  type EventLink,
  questionOf,
  sendEvent,
  settled,
  trySendEvent,
} from '../calls.ts'
import { type Codec, json } from '../codec.ts'
import type { Contract } from '../contract-shape.ts'
import { isLost, RequestFailedError } from '../errors.ts'
import { createIncoming, type IncomingMessages, type IncomingReader } from '../link/arrivals.ts'
import type { Link } from '../link/link.ts'
import type { Order, OrderSettings } from '../link/order.ts'
import { Outbox } from '../link/outbox.ts'
import type { LinkPort, LinkSettings } from '../link/port.ts'
import { closeWith, reportTo, turnOf } from '../link/session-port.ts'
import type { Servable, Server } from '../serve.ts'
import { ACT, agreedCodec } from '../settings.ts'

const INTERNAL_ERROR = 1011

/** What our own connections have beside their public members. */
interface RecordsOrigins {
  frameOrigins(): WeakMap<Frame, ClientSession>
}

/** What messages over a connection are made of. A page loads only the parts that it takes. */
export interface ConnectionParts {
  readonly createLink: (port: LinkPort, settings: LinkSettings, incoming: IncomingMessages) => Link
  /** `null`: the entries are not known here, and nothing is validated. */
  readonly createOrder: ((settings: OrderSettings) => Order) | null
  readonly asking: AskParts
}

/** Typed messages over a connection. Its functions may be taken off it. */
export class ConnectionMessages implements Servable, IncomingReader {
  readonly incoming: IncomingMessages
  readonly settings: Omit<LinkSettings, 'codec'>
  onAsked: (() => void) | null = null
  readonly #connection: ReconnectingWebSocket
  readonly #contract: Contract
  readonly #codecs: readonly Codec[]
  readonly #parts: ConnectionParts
  readonly port: LinkPort
  /** Of all sessions: events of one wait for those of an earlier one. */
  readonly order: Order | null
  readonly #origins: WeakMap<Frame, ClientSession>
  #current: { readonly session: ClientSession; readonly link: Link } | null = null
  /** What waits for a session, with the name of its message. Streams go before the others. */
  readonly #streams = new Map<Deferred<Link>, string>()
  readonly #waiting = new Map<Deferred<Link>, string>()
  #events: EventLink | null = null
  #isOver = false

  constructor(
    connection: ReconnectingWebSocket,
    contract: Contract,
    codecs: readonly Codec[] | undefined,
    settings: Omit<LinkSettings, 'codec'>,
    parts: ConnectionParts,
  ) {
    this.#connection = connection
    this.#contract = contract
    this.#codecs = codecs ?? [json]
    this.#parts = parts
    this.settings = settings
    this.incoming = createIncoming(this)
    this.port = portOf(connection)
    this.order = parts.createOrder === null ? null : parts.createOrder(settings)
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

  turn(): Promise<void> | null {
    return this.port.turn()
  }

  readonly send = (type: string, data: unknown, options?: SendOptions): Promise<void> =>
    passOn(this.#send(type, data, options))

  async #send(type: string, data: unknown, options?: SendOptions): Promise<void> {
    // Until a session has agreed on one of several codecs, an event waits as a request does.
    const events = this.events() ?? (await this.whenLinked(type, options?.signal ?? null, null))
    await sendEvent(events, type, data, options)
  }

  readonly trySend = (type: string, data?: unknown): TrySendResult => {
    const events = this.events()
    return events === null ? 'full' : trySendEvent(events, type, data)
  }

  readonly request = (type: string, data: unknown, options: AskOptions = {}): Promise<unknown> =>
    passOn(this.#request(type, data, options))

  async #request(type: string, data: unknown, options: AskOptions): Promise<unknown> {
    const { clock } = this.port
    const { settings, order } = this
    const question = questionOf({ settings, order }, type, data, options, this.#parts.asking)
    const deadline = question.timeout === null ? null : clock.now() + question.timeout
    for (let isAgain = false; ; isAgain = true) {
      const link = await this.whenLinked(type, question.signal, deadline)
      const timeout = deadline === null ? null : Math.max(1, deadline - clock.now())
      try {
        return await askOver(link, type, data, { ...options, timeout }, this.#parts.asking)
      } catch (error) {
        // Of an upload, the items that have been sent are gone.
        const mayAskAgain = question.entry?.idempotent === true && question.startUpload === null
        if (!isLost(error) || isAgain || !mayAskAgain) throw error
      }
    }
  }

  readonly requestCatching = (
    type: string,
    data: unknown,
    options?: AskOptions,
  ): Promise<unknown> => settled(this.request(type, data, options))

  /** A failure of a handler ends the connection. */
  readonly failed = (): void => {
    // A connection that has ended has said so itself.
    if (!this.#isOver) void closeWith(this.#connection, INTERNAL_ERROR, '')
  }

  /**
   * Returns the link of the open session, or of the next one.
   *
   * @param isStream a stream that is kept: it is asked for before requests that wait, which may
   *   rely on it.
   * @throws (by rejecting) {RequestFailedError} with `TIMEOUT` or `DISCONNECTED`; the reason of
   *   `signal`.
   */
  async whenLinked(
    type: string,
    signal: AbortSignal | null,
    deadline: number | null,
    isStream = false,
  ): Promise<Link> {
    signal?.throwIfAborted()
    // A session that is closing takes no requests: what is asked now waits for the next session.
    if (this.#current?.session.outgoing.isClosedForSend === false) return this.#current.link
    const turn = this.turn()
    // No session will follow: the connection is over, or this side is closing it.
    if (this.#isOver || turn !== null) {
      await turn
      throw new RequestFailedError(type, 'DISCONNECTED')
    }
    const waiting = new Deferred<Link>()
    const queue = isStream ? this.#streams : this.#waiting
    queue.set(waiting, type)
    const { clock } = this.port
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
      queue.delete(waiting)
      timer?.[Symbol.dispose]()
      if (signal !== null) removeAbortListener(signal, onAbort)
    }
  }

  /**
   * What events are sent with: the connection, which decides what becomes of them without a
   * session. `null`: no session has chosen one of several codecs yet.
   */
  events(): EventLink | null {
    const codec =
      this.#current?.link.settings.codec ?? this.#events?.settings.codec ?? this.#onlyCodec()
    if (codec === null) return null
    if (this.#events?.settings.codec !== codec) {
      const { port, order } = this
      const settings = { ...this.settings, codec }
      this.#events = { port, order, settings, outbox: new Outbox(port, codec) }
    }
    return this.#events
  }

  /** The codec of every session; `null`: sessions may agree on one of several. */
  #onlyCodec(): Codec | null {
    const usable = this.#codecs.filter(({ name }) =>
      this.#contract.protocols.some((protocol) => protocol.endsWith(`+${name}`)),
    )
    return usable.length === 1 ? (usable[0] ?? null) : null
  }

  async #watch(): Promise<void> {
    for await (const state of this.#connection.states()) {
      if (state.type === 'open') this.#begin(state.session)
      else if (this.#current !== null) {
        const setback = 'setback' in state ? state.setback : null
        this.#away(setback?.info?.reason ?? null)
      }
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
      codec = agreedCodec(this.#contract, session.protocol, this.#codecs)
    } catch (error) {
      // The next session would not agree on another.
      void this.#connection.close()
      this.#over(error as TypeError)
      return
    }
    const port = {
      ...this.port,
      ...carrierOf(session),
    }
    const link = this.#parts.createLink(port, { ...this.settings, codec }, this.incoming)
    link.onAsked = () => this.onAsked?.()
    this.#current = { session, link }
    for (const queue of [this.#streams, this.#waiting]) {
      for (const waiting of queue.keys()) waiting.resolve(link)
    }
  }

  /** The session is over; what it has left is still taken. */
  #away(reason: CloseReason | null = null): void {
    const current = this.#current
    if (current === null) return
    const { incoming } = this.#connection
    for (let next = incoming.tryReceive(); next.type === 'value'; next = incoming.tryReceive()) {
      const session = this.#origins.get(next.value)
      if (session === undefined || session === current.session) current.link.take(next.value)
    }
    this.#current = null
    current.link.end(null, reason)
  }

  #over(cause: Error | null): void {
    if (this.#isOver) return
    this.#away()
    this.#isOver = true
    for (const [waiting, type] of [...this.#streams, ...this.#waiting]) {
      void handled(waiting.promise)
      waiting.reject(new RequestFailedError(type, 'DISCONNECTED'))
    }
    // A schema may never answer.
    this.order?.end(() => this.turn())
    this.incoming.close(cause)
  }
}

/** Passes a promise on. It need not be awaited to learn that the session or all is over. */
function passOn<T>(promise: Promise<T>): Promise<T> {
  const outcome = new Deferred<T>()
  promise.then(
    (value) => outcome.resolve(value),
    (error: unknown) => {
      if (isLost(error) || error instanceof ClosedSendChannelError) void handled(outcome.promise)
      outcome.reject(error)
    },
  )
  return outcome.promise
}

/** The way out by way of the connection. */
function portOf(connection: ReconnectingWebSocket): LinkPort {
  return {
    clock: sessionClockOf(ACT, connection),
    owner: connection,
    requests: requestObserverOf(connection),
    trySend: (message) => connection.outgoing.trySend(message),
    send: (message, signal) =>
      connection.send(message, signal === undefined ? undefined : { signal }),
    turn: () => turnOf(connection),
    // The whole connection: another session would hear the same.
    fail: (code, message) => closeWith(connection, code, message),
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

/** See `TypedSession.serve`. A failure of a handler ends the connection. */
export async function serveConnection(messages: ConnectionMessages, server: Server): Promise<void> {
  try {
    await server.run()
  } catch (error) {
    messages.failed()
    throw error
  }
}
