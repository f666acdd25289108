/**
 * Plain HTTP answers to requests that do not become sessions. Each has one sentence, and never a
 * detail of the application.
 */

import type { UpgradeRefused } from '../engine.ts'
import type { ReconnectHints } from '../sessions/reconnect-hints.ts'
import type { RefusalReason } from './refusal-reason.ts'
import { parseRequestTarget } from '../calls/request-target.ts'

/** Headers in order. */
type Headers = ReadonlyArray<readonly [name: string, value: string]>

/** A refused upgrade: the answer for the client, with the reason and cause for `monitor`. */
export interface Refusal {
  readonly type: 'refused'
  readonly reason: RefusalReason
  readonly status: number
  readonly headers: Headers
  readonly body: Uint8Array
  readonly cause: unknown
}

const PLAIN_TEXT: readonly [string, string] = ['content-type', 'text/plain; charset=utf-8']

/** Headers that belong to the connection or to the framing of a body. Only the engine sets them. */
export const ENGINE_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/**
 * Whether applications must not set this header on a 101: it belongs to the handshake, or to a
 * body, which a 101 has not (RFC 9110 §15.2).
 */
export function isHandshakeHeader(name: string): boolean {
  return ENGINE_HEADERS.has(name) || name.startsWith('sec-websocket-')
}

/** Returns a refusal with `sentence` as its body. */
export function refuse(
  status: number,
  reason: RefusalReason,
  sentence: string,
  details: { readonly headers?: Headers; readonly cause?: unknown } = {},
): Refusal {
  return {
    type: 'refused',
    reason,
    status,
    headers: [PLAIN_TEXT, ...(details.headers ?? [])],
    body: new TextEncoder().encode(`${sentence}\n`),
    cause: details.cause ?? null,
  }
}

/** Returns the refusal of a stopping application. */
export function refuseWhileStopping(reconnectHints: ReconnectHints): Refusal {
  return refuse(503, 'stopping', 'Cannot upgrade: the server is stopping', {
    headers: [['retry-after', reconnectHints.retryAfter()]],
  })
}

/**
 * Returns a refusal with an interceptor's response, after reading its body.
 *
 * @throws {TypeError} for a status that cannot be sent: `Response.error()` has the status 0.
 */
export async function refuseWith(response: Response): Promise<Refusal> {
  if (!(response.status >= 200 && response.status <= 599)) {
    throw new TypeError(
      `Cannot refuse the upgrade: the Response has status ${response.status}, expected 200 to 599`,
    )
  }
  const body = new Uint8Array(await response.arrayBuffer())
  return {
    type: 'refused',
    reason: 'interceptor',
    status: response.status,
    headers: [...response.headers].filter(([name]) => !ENGINE_HEADERS.has(name)),
    body,
    cause: null,
  }
}

/**
 * Returns the outcome for the engine. Headers of interceptors are added unless the refusal sets
 * them.
 */
export function toOutcome(refusal: Refusal, added: Headers): UpgradeRefused {
  const { status, headers, body } = refusal
  const named = new Set(headers.map(([name]) => name.toLowerCase()))
  // `set-cookie` may occur several times. For other names the refusal's own header wins.
  const extra = added.filter(
    ([name]) => !ENGINE_HEADERS.has(name) && (name === 'set-cookie' || !named.has(name)),
  )
  return { type: 'refused', status, headers: [...headers, ...extra], body }
}

/** Returns the answer to a plain request on the path of a WebSocket route (RFC 9110 §15.5.22). */
export function upgradeRequired(): UpgradeRefused {
  const headers: Headers = [
    ['upgrade', 'websocket'],
    ['connection', 'Upgrade'],
    ['sec-websocket-version', '13'],
  ]
  return toOutcome(
    refuse(
      426,
      'handshake',
      'Cannot answer: this path is a WebSocket, expected a request to upgrade',
      {
        headers,
      },
    ),
    [],
  )
}

/** The same over HTTP/2, where a 426 cannot be sent: it needs an `Upgrade` header. */
export function connectRequired(): UpgradeRefused {
  const sentence =
    'Cannot answer: this path is a WebSocket, expected an extended CONNECT with ":protocol" "websocket"'
  return toOutcome(refuse(400, 'handshake', sentence), [])
}

/**
 * Returns the answer to an upgrade that no route matches: 404, or 400 if `target` is not a valid
 * request target (RFC 9112 §3.2).
 */
export function noSuchPath(target: string = '/'): UpgradeRefused {
  const refusal =
    parseRequestTarget(target) === null
      ? refuse(
          400,
          'handshake',
          'Cannot upgrade: the request target is not a valid path (RFC 3986)',
        )
      : refuse(404, 'handshake', 'Cannot upgrade: no route has this path')
  return toOutcome(refusal, [])
}
