/**
 * Node's request of a call, while the upgrade is decided.
 */

import { IncomingMessage } from 'node:http'

import type { ApplicationCall } from '../../../application/index.ts'
import { engineRequestOf } from '../../../application/internal.ts'
import { NodeRequestError } from '../errors.ts'

/**
 * Returns Node's request of `call`: for interceptors, origin rules and choosers of subprotocols. It
 * has the properties that middleware has set, and `socket` with the certificate of the peer.
 *
 * The request is kept only until the upgrade is decided. Put values that a handler needs into
 * `call.attributes`.
 *
 * `embeddedServer` makes such a request only for routes below a `throughMiddleware(…)`. Without
 * middleware, call `throughMiddleware()` for that purpose.
 *
 * @throws {NodeRequestError} if the upgrade has been decided, or the engine has no such request.
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
