/**
 * `typedPageConnection`: typed messages over a connection of a page that comes back.
 */

import type { ReconnectingWebSocket } from '../../client/portable.ts'
import type { AskOptions } from '../calls.ts'
import {
  ConnectionMessages,
  type ConnectionParts,
  serveConnection,
} from '../connection/connection-messages.ts'
import type { Contract, ContractShape } from '../contract-shape.ts'
import { Link } from '../link/link.ts'
import { claim } from '../settings.ts'
import { type FeatureName, partsOf } from './features.ts'
import { readPageSettings } from './page-settings.ts'
import type { PageConnection, PageOptions } from './page-types.ts'

/**
 * Speaks `contract` over `connection`, as `typedConnection` does, with what `features` name beside
 * events and requests. A page validates nothing, and asks no request twice.
 *
 * @param contract of `contractOf`.
 * @throws {TypeError} as `typedConnection`.
 */
export function typedPageConnection<C extends ContractShape, Name extends FeatureName = never>(
  connection: ReconnectingWebSocket,
  contract: Contract<C>,
  options: PageOptions<Name> = {},
): PageConnection<C, Name> {
  const parts = partsOf(options.features ?? [])
  const { uploadOf = null, createAnswers = null, keepOver, serverOf } = parts
  const settings = readPageSettings(options)
  claim('connection', connection)
  const features = { createChecks: null, createAnswers }
  const how: ConnectionParts = {
    createLink: (port, of, incoming) => new Link(port, of, features, incoming),
    createOrder: null,
    asking: { uploadOf, createSink: null },
  }
  const messages = new ConnectionMessages(connection, contract, options.codecs, settings, how)
  const { incoming, send, trySend, request, requestCatching } = messages
  type Input = (last: unknown) => unknown
  const functions = {
    incoming,
    send,
    trySend,
    request,
    requestCatching,
    ...(keepOver && {
      keep: (type: string, input: Input, ask?: AskOptions) => keepOver(messages, type, input, ask),
    }),
    ...(serverOf && {
      serve: (handlers: object) => serveConnection(messages, serverOf(messages, handlers)),
    }),
  }
  // The untyped form of all typed ones: what a page sends, its compiler checks.
  return functions as unknown as PageConnection<C, Name>
}
