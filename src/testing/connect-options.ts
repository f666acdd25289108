/** The options with which a test connects, and the request made from them. */

import type { UpgradeAccepted, UpgradeRequest } from '../application/index.ts'
import type { HeaderFields, WebSocketClientOptions } from '../client/index.ts'
import { isReservedHeader } from '../client/internal.ts'
import {
  checkServerResponse,
  createClientHandshake,
  type HeaderList,
  HttpHeaders,
  parseExtensions,
} from '../protocol/internal.ts'
import type { Transport } from '../session/index.ts'
import type { FillRandom } from './seeded-random.ts'

/**
 * Options of a client that receives every frame. All are optional: by default the request is valid,
 * and not from a browser.
 */
export interface RawConnectOptions {
  /**
   * Headers to send in addition to those of the handshake, or instead of them: names are compared
   * without case, and a list of pairs may have a name twice. `{ 'sec-websocket-version': '8' }`
   * makes the request invalid.
   */
  readonly headers?: HeaderFields

  /** Cookies by name, sent unchanged. */
  readonly cookies?: Readonly<Record<string, string>>

  /** Subprotocols to offer, in order of preference. @defaultValue none */
  readonly protocols?: readonly string[]

  /**
   * The `Origin` that a browser would send, such as `https://app.example.com`. @defaultValue none:
   * no browser
   */
  readonly origin?: string

  /**
   * The client's address, as `call.request.origin.remoteHost` shows it. @defaultValue `127.0.0.1`
   */
  readonly remoteHost?: string

  /**
   * Makes the client leave if it aborts before the upgrade is decided; the call rejects with its
   * reason.
   */
  readonly signal?: AbortSignal
}

/** The options of `towpath/client`, and more for tests. */
export interface ConnectOptions extends WebSocketClientOptions {
  /**
   * Headers to send in addition to those of the handshake. Unlike over a real network, they may
   * replace the handshake's: `{ 'sec-websocket-version': '8' }` makes the request invalid.
   */
  readonly headers?: HeaderFields

  /**
   * The client's address, as `call.request.origin.remoteHost` shows it. @defaultValue `127.0.0.1`
   */
  readonly remoteHost?: string
}

/** The target of a request: from a path, or from a whole URL (`wss://chat.example.com/rooms/1`). */
export interface RequestTarget {
  readonly path: string
  readonly host: string
  readonly encrypted: boolean
}

/** The names of `RawConnectOptions`. */
export const RAW_CONNECT_OPTION_NAMES: readonly string[] = [
  'headers',
  'cookies',
  'protocols',
  'origin',
  'remoteHost',
  'signal',
] satisfies Array<keyof RawConnectOptions>

/**
 * Reads the target of a test's connection. A path goes to `localhost` and stays unchanged, however
 * strange.
 *
 * @throws {TypeError} for anything but a path (`/…`) or a URL with `ws:` or `wss:`.
 */
export function readTarget(uri: string): RequestTarget {
  if (uri.startsWith('/')) return { path: uri, host: 'localhost', encrypted: false }
  if (/^wss?:\/\//.test(uri)) {
    const { pathname, search, host, protocol } = new URL(uri)
    return { path: pathname + search, host, encrypted: protocol === 'wss:' }
  }
  throw new TypeError('Cannot connect: the path is invalid, expected "/…", "ws://…" or "wss://…"')
}

/** Makes the request to upgrade (RFC 6455 §4.1), as it arrives at the server's end of a link. */
export function upgradeRequest(
  target: RequestTarget,
  options: RawConnectOptions,
  server: Transport,
  random: FillRandom,
): UpgradeRequest {
  return requestOf(target.path, requestHeaders(target, options, random), server)
}

/** Makes a request for `path` with exactly these headers. */
export function requestOf(path: string, headers: HeaderList, server: Transport): UpgradeRequest {
  return {
    method: 'GET',
    target: path,
    httpVersion: '1.1',
    rawHeaders: headers.flat(),
    hasBody: headers.some(([name, value]) => announcesBody(name.toLowerCase(), value)),
    local: server.local,
    remote: server.remote,
    encrypted: server.encrypted,
  }
}

/**
 * Splits `headers` into those that the client accepts as options, and those of the handshake, which
 * replace the client's.
 */
export function splitHeaders(headers: HeaderFields): {
  readonly own: HeaderList
  readonly replacing: HeaderList
} {
  const all = pairs(headers)
  return {
    own: all.filter(([name]) => !isReservedHeader(name)),
    replacing: all.filter(([name]) => isReservedHeader(name)),
  }
}

/**
 * Returns `headers` with those of `replacing` instead of headers with the same names; the others
 * are appended.
 */
export function replaceHeaders(headers: HeaderList, replacing: HeaderList): HeaderList {
  const replaced = new Set(replacing.map(([name]) => name.toLowerCase()))
  return [...headers.filter(([name]) => !replaced.has(name.toLowerCase())), ...replacing]
}

/**
 * Checks that a 101 matches its request, as every client does (RFC 6455 §4.1).
 *
 * @throws {HandshakeError} if it does not.
 */
export function checkAnswer(request: UpgradeRequest, accepted: UpgradeAccepted): void {
  const sent = new HttpHeaders(request.rawHeaders)
  const protocols = (sent.get('sec-websocket-protocol') ?? '').split(',').map((name) => name.trim())
  const extensions = parseExtensions(sent.get('sec-websocket-extensions') ?? '') ?? []
  checkServerResponse(
    { key: sent.get('sec-websocket-key') ?? '', protocols, extensions, headers: [] },
    { status: 101, headers: new HttpHeaders(accepted.headers.flat()) },
  )
}

function requestHeaders(
  target: RequestTarget,
  options: RawConnectOptions,
  random: FillRandom,
): HeaderList {
  const { cookies, protocols = [], origin } = options
  const handshake = createClientHandshake({ random, protocols })
  const usual: Array<readonly [string, string]> = [['Host', target.host], ...handshake.headers]
  if (origin !== undefined) usual.push(['Origin', origin])
  if (cookies !== undefined) {
    const list = Object.entries(cookies).map(([name, value]) => `${name}=${value}`)
    usual.push(['Cookie', list.join('; ')])
  }
  return replaceHeaders(usual, pairs(options.headers ?? {}))
}

function pairs(headers: HeaderFields): HeaderList {
  return Symbol.iterator in headers ? [...headers] : Object.entries(headers)
}

function announcesBody(name: string, value: string): boolean {
  return name === 'transfer-encoding' || (name === 'content-length' && value !== '0')
}
