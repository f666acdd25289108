/**
 * The head of a request and of a response, as text.
 */

import { createHash } from 'node:crypto'

import { printable } from '../../printable.ts'
import type { RequestChange } from '../check-case.ts'

/** A correct request for an upgrade. */
export interface UpgradeRequest {
  /** The path with the query. */
  readonly path: string
  readonly host: string
  readonly isSecure: boolean
  /** Lines of the user, and those of a case. */
  readonly lines: readonly string[]
}

/** The key of RFC 6455 §1.3. */
export const SAMPLE_KEY = 'dGhlIHNhbXBsZSBub25jZQ=='

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** Returns the bytes of a request, changed as a case wants it. */
export function requestBytes(request: UpgradeRequest, change: RequestChange = {}): Buffer {
  const { path, host, isSecure } = request
  const { method = 'GET', version = 'HTTP/1.1', lineEnd = '\r\n', body = '' } = change
  const origin = `${isSecure ? 'https' : 'http'}://${host}`
  const target = change.target?.(path, origin) ?? path
  const lines: ReadonlyArray<readonly [string, string]> = [
    ['host', `Host: ${host}`],
    ['upgrade', 'Upgrade: websocket'],
    ['connection', 'Connection: Upgrade'],
    ['sec-websocket-key', `Sec-WebSocket-Key: ${SAMPLE_KEY}`],
    ['sec-websocket-version', 'Sec-WebSocket-Version: 13'],
  ]
  const headers = lines
    .filter(([name]) => change.drop?.includes(name) !== true)
    .map(([name, line]) => change.replace?.[name] ?? line)
  const all = [`${method} ${target} ${version}`, ...headers, ...request.lines]
  const text = [...all, ...(change.add ?? []), '', body].join(lineEnd)
  // Cases may have any byte.
  return Buffer.from(text, 'latin1')
}

/** A response up to its empty line. Nothing in it is safe to print. */
export interface ResponseHead {
  readonly status: number
  /** The values of each header; the names are in lower case. */
  readonly headers: ReadonlyMap<string, readonly string[]>
}

/** The largest head that is read. */
export const MAX_HEAD_BYTES: number = 64 * 1024

/** @returns `null` for what is no response. */
export function parseResponse(text: string): ResponseHead | null {
  const [line = '', ...rest] = text.split('\r\n')
  const match = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(line)
  if (match === null) return null
  const headers = new Map<string, string[]>()
  for (const each of rest) {
    const colon = each.indexOf(':')
    if (colon <= 0) return null
    const name = each.slice(0, colon).toLowerCase()
    const value = each.slice(colon + 1).trim()
    const values = headers.get(name)
    if (values === undefined) headers.set(name, [value])
    else values.push(value)
  }
  return { status: Number(match[1]), headers }
}

/** Returns all elements of a header, in order. */
export function elementsOf({ headers }: ResponseHead, name: string): string[] {
  const values = headers.get(name) ?? []
  return values
    .flatMap((value) => value.split(','))
    .map((element) => element.trim())
    .filter((element) => element !== '')
}

/**
 * Returns what is wrong with a response that switches (§4.2.2, §4.1); `null`: nothing. Safe to
 * print.
 *
 * @param offered the names of the extensions that were offered.
 */
export function switchingProblem(
  response: ResponseHead,
  offered: readonly string[],
  protocols: readonly string[],
): string | null {
  const one = (name: string): string => response.headers.get(name)?.join(', ') ?? ''
  const accept = createHash('sha1').update(`${SAMPLE_KEY}${GUID}`).digest('base64')
  if (one('upgrade').toLowerCase() !== 'websocket') {
    return 'its 101 has no "Upgrade: websocket" (§4.2.2)'
  }
  const connection = elementsOf(response, 'connection').map((each) => each.toLowerCase())
  if (!connection.includes('upgrade')) return 'its 101 has no "Connection: Upgrade" (§4.2.2)'
  if (one('sec-websocket-accept') !== accept) {
    return 'its Sec-WebSocket-Accept does not belong to the key (§4.2.2)'
  }
  return offeredProblem(response, offered, protocols)
}

/** Returns which extension or subprotocol was not offered; `null`: none. Safe to print. */
export function offeredProblem(
  response: ResponseHead,
  offered: readonly string[],
  protocols: readonly string[],
): string | null {
  const one = (name: string): string => response.headers.get(name)?.join(', ') ?? ''
  const strange = elementsOf(response, 'sec-websocket-extensions')
    .map((each) => each.split(';')[0]?.trim() ?? '')
    .find((name) => !offered.includes(name))
  if (strange !== undefined) {
    return `it uses the extension ${printable(strange.slice(0, 40))}, which was not offered (§9.1)`
  }
  const protocol = one('sec-websocket-protocol')
  if (protocol === '' || protocols.includes(protocol)) return null
  return `it uses the subprotocol ${printable(protocol.slice(0, 40))}, which was not offered (§4.2.2)`
}
