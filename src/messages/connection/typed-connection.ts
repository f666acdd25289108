/**
 * `typedConnection`: typed messages over a connection that comes back.
 */

import type { TrySendResult } from '../../channels/index.ts'
import type { ReconnectingWebSocket } from '../../client/portable.ts'
import { type AskOptions, trySendPrepared } from '../calls.ts'
import { ConnectionMessages, type ConnectionParts, serveConnection } from './connection-messages.ts'
import type { Contract, ContractShape } from '../contract-shape.ts'
import { keepOver } from './keep.ts'
import { createFullLink } from '../link/full-link.ts'
import { Order } from '../link/order.ts'
import { uploadOf } from '../link/upload.ts'
import type { Prepared } from '../prepare.ts'
import { readHandlers, Server } from '../serve.ts'
import { claim, readSettings } from '../settings.ts'
import type { TypedConnection, TypedOptions } from '../typed-session.ts'

const PARTS: ConnectionParts = {
  createLink: createFullLink,
  createOrder: (settings) => new Order(settings),
  asking: { uploadOf, createSink: null },
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
  claim('connection', connection)
  const messages = new ConnectionMessages(connection, contract, options.codecs, settings, PARTS)
  const { incoming, send, request, requestCatching } = messages
  const functions = {
    incoming,
    send,
    request,
    requestCatching,
    trySend: (first: string | Prepared, data?: unknown): TrySendResult => {
      const events = messages.events()
      if (typeof first === 'string' || events === null)
        return messages.trySend(first as string, data)
      return trySendPrepared(events, first)
    },
    keep: (type: string, input: (last: unknown) => unknown, ask?: AskOptions) =>
      keepOver(messages, type, input, ask),
    serve: (handlers: object) =>
      serveConnection(messages, new Server(messages, readHandlers(messages, handlers))),
  }
  // The untyped form of all typed ones: the contract is checked at run time.
  return functions as unknown as TypedConnection<C>
}
