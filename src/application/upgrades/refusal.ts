/**
 * Plain HTTP answers to requests that do not become sessions: always with a sentence, never with a detail
 * of the application.
 */

import type { UpgradeRefused } from '../engine.ts'
import type { Farewell } from '../sessions/farewell.ts'
import type { RefusalReason } from './refusal-reason.ts'
import { parseRequestTarget } from '../calls/request-target.ts'

/** Headers in order. */
type Headers = ReadonlyArray<readonly [name: string, value: string]>

/** An upgrade that is refused: what the client is told, and what `monitor` is. */
export interface Refusal {
  readonly type: 'refused'
  readonly reason: RefusalReason
  readonly status: number
  readonly headers: Headers
  readonly body: Uint8Array
  readonly cause: unknown
}

const PLAIN_TEXT: readonly [string, string] = ['content-type', 'text/plain; charset=utf-8']

/** Headers that belong to the connection or to how a body is framed: the engine's, never an application's. */
export const ENGINE_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** Whether the 101 has a header of this name already, or must not have one (RFC 9110 §15.2: no body). */
export function isHandshakeHeader(name: string): boolean {
  return ENGINE_HEADERS.has(name) || name.startsWith('sec-websocket-')
}

/** Refuses with a sentence as the body. */
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

/** Refuses because the application is stopping. */
export function refuseWhileStopping(farewell: Farewell): Refusal {
  return refuse(503, 'stopping', 'Cannot upgrade: the server is stopping', {
    headers: [['retry-after', farewell.retryAfter()]],
  })
}

/**
 * Refuses with what an interceptor returned; reads its body to the end.
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

/** The engine's side of `refusal`, with what interceptors put on the response and the answer does not say itself. */
export function toOutcome(refusal: Refusal, added: Headers): UpgradeRefused {
  const { status, headers, body } = refusal
  const named = new Set(headers.map(([name]) => name.toLowerCase()))
  // Cookies add up; of everything else the answer itself has the last word.
  const extra = added.filter(
    ([name]) => !ENGINE_HEADERS.has(name) && (name === 'set-cookie' || !named.has(name)),
  )
  return { type: 'refused', status, headers: [...headers, ...extra], body }
}

/** The answer to a request that does not ask for an upgrade, on a path that has nothing else (RFC 9110 §15.5.22). */
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

/**
 * The answer to an upgrade that no route matches: 404, or 400 when `target` is not a valid request target
 * (RFC 9112 §3.2), which no route can match.
 */
export function noSuchPath(target: string = '/'): UpgradeRefused {
  const refusal =
    parseRequestTarget(target) === null
      ? refuse(
          400,
          'handshake',
          'Cannot upgrade: the request target is not a valid path (RFC 3986)',
        )
      : refuse(404, 'handshake', 'Cannot upgrade: there is nothing at this path')
  return toOutcome(refusal, [])
}
