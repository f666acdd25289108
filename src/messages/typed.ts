/**
 * `typed`: typed messages over one session, on either side.
 */

import type { WebSocketServerSession } from '../application/index.ts'
import type { ReceiveChannel, SendOptions, TrySendResult } from '../channels/index.ts'
import type { ClientSession } from '../client/index.ts'
import {
  type AskOptions,
  type AskParts,
  askOver,
  sendEvent,
  settled,
  trySendEvent,
  trySendPrepared,
} from './calls.ts'
import type { Contract, ContractShape } from './contract-shape.ts'
import { createFullLink } from './link/full-link.ts'
import type { Link } from './link/link.ts'
import { readSession } from './link/read-session.ts'
import { type CarrierSession, sessionPort } from './link/session-port.ts'
import { uploadOf } from './link/upload.ts'
import type { Prepared } from './prepare.ts'
import { readHandlers, Server } from './serve.ts'
import { ACT, agreedCodec, claim, readSettings } from './settings.ts'
import { streamOver } from './streams.ts'
import type { MessageStream, TypedOptions, TypedSession } from './typed-session.ts'

/** A request that is answered with one value. */
const REQUEST: AskParts = { uploadOf, createSink: null }

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
  claim('session', session)
  const link = createFullLink(sessionPort(ACT, session), { ...settings, codec })
  void readSession(session, link)
  // The untyped form of all typed ones: the contract is checked at run time.
  return new SessionMessages(link, session) as unknown as TypedSession<C, 'server'>
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
    typeof first === 'string'
      ? trySendEvent(this.#link, first, data)
      : trySendPrepared(this.#link, first)

  readonly request = (type: string, data: unknown, options?: AskOptions): Promise<unknown> =>
    askOver(this.#link, type, data, options, REQUEST)

  readonly requestCatching = (
    type: string,
    data: unknown,
    options?: AskOptions,
  ): Promise<unknown> => settled(this.request(type, data, options))

  readonly stream = (
    type: string,
    data: unknown,
    options?: AskOptions,
  ): MessageStream<unknown, unknown> => streamOver(this.#link, type, data, options, uploadOf)

  readonly serve = (handlers: object): Promise<void> => {
    return new Server(this.#link, readHandlers(this.#link, handlers)).runIn(this.#session)
  }
}
