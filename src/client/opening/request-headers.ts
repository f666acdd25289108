/**
 * The headers of a client's request: checks what the application sets, and composes the rest.
 *
 * Values with CR, LF or NUL are refused, so no value can begin another header. Headers of the
 * handshake are refused, because the answer is checked against them.
 */

import { kindOf, requireObject } from '../../base/internal.ts'
import type { ClientHandshake, HeaderList } from '../../protocol/index.ts'
import { isToken } from '../../protocol/internal.ts'

/** Headers as an application passes them. */
export type HeaderFields =
  | Readonly<Record<string, string>>
  | Iterable<readonly [name: string, value: string]>

/** The options that become headers; see `WebSocketClientOptions`. */
export interface OwnHeaders {
  readonly headers?: HeaderFields
  readonly cookies?: Readonly<Record<string, string>>
  readonly origin?: string
}

/** The URL of a request, and its authorization. */
export interface RequestTarget {
  /** Without credentials. */
  readonly url: URL
  /** The value of `Authorization` for the credentials of the URL; `null` if it has none. */
  readonly authorization: string | null
}

/** Headers that belong to the handshake or frame a message, beside all `Sec-WebSocket-…`. */
const RESERVED_NAMES: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])
const RESERVED_PREFIX = 'sec-websocket-'

/** Headers that identify the client or the host. They are sent to their own origin only. */
const CREDENTIALS: ReadonlySet<string> = new Set([
  'authorization',
  'cookie',
  'host',
  'proxy-authorization',
])

/** Whether `name` belongs to the handshake. */
export function isReservedHeader(name: string): boolean {
  const lower = name.toLowerCase()
  return RESERVED_NAMES.has(lower) || lower.startsWith(RESERVED_PREFIX)
}

/**
 * Reads the options `headers`, `cookies` and `origin`.
 *
 * @returns the headers, in this order.
 * @throws {TypeError} for an invalid header, or one that two options set. Messages contain no
 *   values.
 */
export function readOwnHeaders(act: string, options: OwnHeaders): HeaderList {
  const { headers = {}, cookies, origin } = options
  const list = [...readPairs(act, headers)]
  for (const [name] of list) requireFree(act, name)
  const add = (option: string, name: string, value: string): void => {
    if (hasHeader(list, name)) {
      throw new TypeError(
        `Cannot ${act}: option "headers" has ${name} and option "${option}" is set, expected one of them`,
      )
    }
    list.push([name, value])
  }
  if (cookies !== undefined) {
    const value = readCookies(act, cookies)
    if (value !== '') add('cookies', 'Cookie', value)
  }
  if (origin !== undefined) add('origin', 'Origin', readValue(act, 'option "origin"', origin))
  return list
}

/**
 * Returns all headers of one request, `Host` first.
 *
 * @throws {TypeError} if both the URL and the headers have credentials.
 */
export function composeHeaders(
  act: string,
  target: RequestTarget,
  handshake: ClientHandshake,
  own: HeaderList,
): HeaderList {
  const host = own.find(([name]) => name.toLowerCase() === 'host')?.[1] ?? target.url.host
  const rest = own.filter(([name]) => name.toLowerCase() !== 'host')
  const { authorization } = target
  if (authorization === null) return [['Host', host], ...handshake.headers, ...rest]
  if (hasHeader(rest, 'Authorization')) {
    throw new TypeError(
      `Cannot ${act}: the URL has credentials and option "headers" has Authorization, expected one of them`,
    )
  }
  return [['Host', host], ...handshake.headers, ['Authorization', authorization], ...rest]
}

/** Returns the headers that may be sent to another origin. */
export function withoutCredentials(headers: HeaderList): HeaderList {
  return headers.filter(([name]) => !CREDENTIALS.has(name.toLowerCase()))
}

function hasHeader(headers: HeaderList, name: string): boolean {
  const wanted = name.toLowerCase()
  return headers.some(([each]) => each.toLowerCase() === wanted)
}

function readPairs(act: string, headers: HeaderFields): HeaderList {
  const given: unknown = headers
  if (typeof given !== 'object' || given === null) {
    throw new TypeError(`Cannot ${act}: option "headers" is ${kindOf(given)}, expected an object`)
  }
  const pairs: Iterable<unknown> = Symbol.iterator in headers ? headers : Object.entries(headers)
  return Array.from(pairs, (pair) => readPair(act, pair))
}

function readPair(act: string, pair: unknown): readonly [name: string, value: string] {
  if (!Array.isArray(pair)) {
    throw new TypeError(
      `Cannot ${act}: option "headers" has an invalid entry, expected [name, value]`,
    )
  }
  const [name, value] = pair as readonly unknown[]
  if (typeof name !== 'string' || !isToken(name)) {
    throw new TypeError(
      `Cannot ${act}: option "headers" has an invalid name, expected a token (RFC 9110 §5.6.2)`,
    )
  }
  return [name, readValue(act, `${name} of option "headers"`, value)]
}

function requireFree(act: string, name: string): void {
  if (!isReservedHeader(name)) return
  throw new TypeError(
    `Cannot ${act}: option "headers" has ${name}, which belongs to the handshake${remedy(name)}`,
  )
}

function remedy(name: string): string {
  switch (name.toLowerCase()) {
    case 'sec-websocket-protocol':
      return ', expected option "protocols"'
    case 'sec-websocket-extensions':
      return ', expected option "extensions"'
    default:
      return ''
  }
}

function readValue(act: string, what: string, value: unknown): string {
  if (typeof value === 'string' && isFieldValue(value)) return value
  const is =
    typeof value === 'string'
      ? 'has a character that HTTP does not allow'
      : `is ${kindOf(value)}, expected a string`
  throw new TypeError(`Cannot ${act}: ${what} ${is}`)
}

/** Whether RFC 9110 §5.5 allows the value: tabs, spaces and visible characters, one byte each. */
function isFieldValue(value: string): boolean {
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at)
    if ((code < 0x20 && code !== 0x09) || code === 0x7f || code > 0xff) return false
  }
  return true
}

function readCookies(act: string, cookies: Readonly<Record<string, string>>): string {
  requireObject(act, 'option "cookies"', cookies)
  return Object.entries(cookies)
    .map(([name, value]) => {
      if (!isToken(name)) {
        throw new TypeError(`Cannot ${act}: option "cookies" has an invalid name, expected a token`)
      }
      const text = readValue(act, `${name} of option "cookies"`, value)
      if (!text.includes(';')) return `${name}=${text}`
      throw new TypeError(
        `Cannot ${act}: ${name} of option "cookies" has a semicolon, expected %3B`,
      )
    })
    .join('; ')
}
