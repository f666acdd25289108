/**
 * `typed`: typed messages over one session, on either side.
 */

import { rejected, toMilliseconds } from '../base/internal.ts'
import type { Duration } from '../base/index.ts'
import type { ReceiveChannel, SendOptions, TrySendResult } from '../channels/index.ts'
import type { WebSocketServerSession } from '../application/index.ts'
import type { ClientSession } from '../client/index.ts'
import type { CompiledEntry } from './contract.ts'
import type { Contract, ContractShape } from './contract-shape.ts'
import { RequestFailedError } from './errors.ts'
import type { Ask, Question } from './link/ask.ts'
import type { Items } from './link/item-source.ts'
import { Link } from './link/link.ts'
import { ignore } from './link/outbox.ts'
import type { LinkSettings } from './link/port.ts'
import { type CarrierSession, sessionPort } from './link/session-port.ts'
import type { Prepared } from './prepare.ts'
import { readableItems } from './readable-items.ts'
import { readHandlers, Server } from './serve.ts'
import { ACT, agreedCodec, readSettings } from './settings.ts'
import type { MessageStream, RequestOptions, TypedOptions, TypedSession } from './typed-session.ts'

/** Sessions whose `incoming` is read here. */
const TYPED = new WeakSet<object>()

/**
 * Speaks `contract` over `session`, whose `incoming` is read here from now on.
 *
 * @throws {TypeError} if the agreed subprotocol is not one of the contract's, for a second call
 *   with one session, and for an option that is unknown or invalid.
 *
 * @example
 * <!-- prelude
 * import { defineContract, prepare, typed, contractOf, type TypedSession } from 'towpath/messages'
 * import { openWebSocket } from 'towpath/client'
 * import type { Route } from 'towpath'
 * import { z } from 'zod'
 * const chat = defineContract({
 *   name: 'chat',
 *   client: { say: { event: z.object({ text: z.string() }) } },
 *   server: { said: { event: z.object({ from: z.string(), text: z.string() }) } },
 * })
 * declare const route: Route<''>
 * -->
 * ```ts
 * route.webSocket('/chat', { protocols: chat.protocols }, async (session) => {
 *   const { serve, send } = typed(session, chat)
 *   await serve({ say: ({ text }) => send('said', { from: 'ada', text }) })
 * })
 * ```
 */
export function typed<C extends ContractShape>(
  session: WebSocketServerSession,
  contract: Contract<C>,
  options?: TypedOptions,
): TypedSession<C, 'server'>
export function typed<C extends ContractShape>(
  session: ClientSession,
  contract: Contract<C>,
  options?: TypedOptions,
): TypedSession<C, 'client'>
export function typed<C extends ContractShape>(
  session: WebSocketServerSession | ClientSession,
  contract: Contract<C>,
  options: TypedOptions = {},
): TypedSession<C, 'server'> | TypedSession<C, 'client'> {
  // A session of an application is a server's.
  const side = 'application' in session ? 'server' : 'client'
  const settings = readSettings(side, contract, options)
  const codec = agreedCodec(contract, session.protocol, options.codecs)
  if (TYPED.has(session)) {
    throw new TypeError(`Cannot ${ACT}: the session has them already, expected one call`)
  }
  TYPED.add(session)
  const link = new Link(sessionPort(ACT, session), { ...settings, codec })
  void read(session, link)
  // The untyped form of all typed ones: the contract is checked at run time.
  return new SessionMessages(link, session) as unknown as TypedSession<C, 'server'>
}

/** Passes the frames of a session to `link`, while it has room. Never rejects. */
async function read(session: CarrierSession, link: Link): Promise<void> {
  // A link without room learns of the end, too.
  void session.closed.then(({ cause }) => {
    for (
      let next = session.incoming.tryReceive();
      next.type === 'value';
      next = session.incoming.tryReceive()
    ) {
      link.take(next.value)
    }
    link.end(cause)
  })
  for (;;) {
    if (link.room !== null) await link.room
    let next = session.incoming.tryReceive()
    if (next.type === 'empty') next = await session.incoming.receiveCatching()
    if (next.type === 'closed') {
      link.end(next.cause)
      return
    }
    link.take(next.value)
  }
}

/** See `TypedSession`. Its functions may be taken off it. */
export class SessionMessages {
  readonly #link: Link
  readonly #session: CarrierSession

  constructor(link: Link, session: CarrierSession) {
    this.#link = link
    this.#session = session
  }

  get incoming(): ReceiveChannel<unknown> {
    return this.#link.incoming
  }

  get unknownEvents(): number {
    return this.#link.unknownEvents
  }

  readonly send = (type: string, data: unknown, options?: SendOptions): Promise<void> =>
    sendEvent(this.#link, type, data, options)

  readonly trySend = (first: string | Prepared, data?: unknown): TrySendResult =>
    trySendEvent(this.#link, first, data)

  readonly request = (type: string, data: unknown, options?: AskOptions): Promise<unknown> =>
    askOver(this.#link, type, data, options)

  readonly requestCatching = (
    type: string,
    data: unknown,
    options?: AskOptions,
  ): Promise<unknown> => settled(this.request(type, data, options))

  readonly stream = (
    type: string,
    data: unknown,
    options?: AskOptions,
  ): MessageStream<unknown, unknown> =>
    streamOf(this.#link.asks.ask(questionOf(this.#link.settings, type, data, options, true)))

  readonly serve = (handlers: object): Promise<void> => {
    const server = new Server(this.#link, readHandlers(this.#link, handlers))
    // Nothing is launched in a session that is over; what it has received is served all the same.
    return this.#session.signal.aborted ? server.run() : this.#session.launch(() => server.run())
  }
}

/** The options of a request, its upload included. */
export type AskOptions = RequestOptions & { readonly upload?: Items }

/** See `TypedSession.send`. */
export function sendEvent(
  { outbox, port, settings }: Pick<Link, 'outbox' | 'port' | 'settings'>,
  type: string,
  data: unknown,
  options: SendOptions | undefined,
): Promise<void> {
  const signal = options?.signal
  const transmit = (valid: unknown): Promise<void> =>
    port.send(outbox.encode({ type, data: valid }), signal)
  try {
    const check = entryOf(settings, type, 'event')?.data ?? null
    return outbox.sendInOrder(type, check, data, transmit, signal)
  } catch (error) {
    return rejected(error)
  }
}

/** See `TypedSession.request`. */
export function askOver(
  { asks, settings }: Link,
  type: string,
  data: unknown,
  options: AskOptions | undefined,
): Promise<unknown> {
  try {
    return asks.ask(questionOf(settings, type, data, options, false)).result
  } catch (error) {
    return rejected(error)
  }
}

/** See `TypedSession.trySend`. */
export function trySendEvent(
  { outbox, port, settings }: Pick<Link, 'outbox' | 'port' | 'settings'>,
  first: string | Prepared,
  data: unknown,
): TrySendResult {
  if (typeof first !== 'string') {
    const wire = first.wireOf(settings.codec, settings.contract?.[settings.side])
    return outbox.isWaiting ? 'full' : port.trySend(wire)
  }
  return outbox.trySend(first, entryOf(settings, first, 'event')?.data ?? null, data)
}

/**
 * @throws {TypeError | RangeError} for a name that is no such request, and an option that is
 *   invalid.
 */
export function questionOf(
  settings: Omit<LinkSettings, 'codec'>,
  type: string,
  data: unknown,
  options: AskOptions | undefined,
  isStream: boolean,
): Question {
  const { timeout, signal, upload } = options ?? {}
  const entry = entryOf(settings, type, 'request')
  if (entry !== null && (entry.stream !== null) !== isStream) {
    throw new TypeError(
      `Cannot ask "${type}": expected ${isStream ? 'request(), it is no stream' : 'stream()'}`,
    )
  }
  const standard = isStream ? null : settings.requestTimeout
  return {
    type,
    entry,
    data,
    upload: upload ?? null,
    isStream,
    timeout: timeout === undefined ? standard : readTimeout(timeout),
    signal: signal ?? null,
  }
}

/** See `TypedSession.requestCatching`. */
export function settled(answer: Promise<unknown>): Promise<unknown> {
  return answer.then(
    (value) => ({ type: 'value', value }),
    (error: unknown) => {
      if (!(error instanceof RequestFailedError)) throw error
      return { type: 'failed', failure: error.failure, data: error.data }
    },
  )
}

/** The stream of a request that was asked as one. */
export function streamOf(ask: Ask): MessageStream<unknown, unknown> {
  const { sink } = ask
  if (sink === null) throw new TypeError('Cannot read the items of a request without a stream')
  const cancel = (): void => sink.leave()
  return {
    result: ask.result,
    cancel,
    readable: () => readableItems(sink),
    [Symbol.asyncIterator]: () => sink[Symbol.asyncIterator](),
    [Symbol.asyncDispose]: () => {
      cancel()
      return ask.result.then(ignore, ignore)
    },
  }
}

export function entryOf(
  { contract, side }: Omit<LinkSettings, 'codec'>,
  type: string,
  kind: CompiledEntry['kind'],
): CompiledEntry | null {
  if (contract === null) return null
  const entry = contract[side].get(type)
  if (entry?.kind === kind) return entry
  throw new TypeError(`Cannot send "${type}": the contract has no such ${kind} of the ${side}`)
}

export function readTimeout(timeout: Duration | null): number | null {
  return timeout === null ? null : toMilliseconds(timeout, 'timeout')
}
