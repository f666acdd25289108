/**
 * Node's request behind a call, while the upgrade is decided.
 */

import { IncomingMessage } from 'node:http'

import type { ApplicationCall } from '../../../application/index.ts'
import { engineRequestOf } from '../../../application/internal.ts'
import { NodeRequestError } from '../errors.ts'

/**
 * Returns Node's request of `call`: for interceptors, origin rules and choosers of subprotocols. It has what
 * middleware has put on it, and `socket` with the certificate of the peer.
 *
 * The request is kept only until the upgrade is decided. What a handler needs of it belongs into
 * `call.attributes`.
 *
 * An `embeddedServer` makes such a request only for routes below a `throughMiddleware(…)`; without any
 * middleware, `throughMiddleware()` serves that purpose alone.
 *
 * @throws {NodeRequestError} when the upgrade has been decided, or the engine has made no such request.
 *
 * @example
 * route.intercept((call) => {
 *   const { socket } = nodeRequest(call)
 *   const isKnown = 'authorized' in socket && socket.authorized === true
 *   return isKnown ? undefined : new Response('certificate required', { status: 401 })
 * })
 */
export function nodeRequest(call: ApplicationCall): IncomingMessage {
  const request = engineRequestOf(call)
  if (request instanceof IncomingMessage) return request
  throw new NodeRequestError(request === null ? 'decided' : 'none')
}
