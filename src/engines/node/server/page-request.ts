/**
 * A plain request of Node as an application reads it: for pages whose requests are decided by the
 * same functions as upgrades.
 */

import type { IncomingMessage } from 'node:http'

import type { UpgradeRequest } from '../../../application/index.ts'
import { connectionFacts } from '../transports/connection-facts.ts'

/** Returns the facts of `request`, which may be one of `node:http2` too. */
export function pageRequest(request: IncomingMessage): UpgradeRequest {
  const { method = 'GET', url = '/', httpVersion, rawHeaders, socket } = request
  return {
    method,
    // Express cuts the path off that a listener is mounted at, and keeps the whole here.
    target: 'originalUrl' in request ? String(request.originalUrl) : url,
    httpVersion: httpVersion.startsWith('2') ? '2' : httpVersion,
    rawHeaders: headersOf(rawHeaders),
    engineRequest: request,
    hasBody: false,
    ...connectionFacts(socket),
  }
}

/** Returns the headers, with the `:authority` of HTTP/2 as `host`, and no other pseudo-header. */
function headersOf(rawHeaders: readonly string[]): string[] {
  const headers: string[] = []
  const hasHost = rawHeaders.some((text, at) => at % 2 === 0 && text.toLowerCase() === 'host')
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? ''
    const value = rawHeaders[at + 1] ?? ''
    if (!name.startsWith(':')) headers.push(name, value)
    else if (name === ':authority' && !hasHost) headers.push('host', value)
  }
  return headers
}
