/**
 * What a test says about the request that it connects with, and the request that comes of it.
 */

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
 * The request of a client that shows what travels. Everything is optional: without options it is a
 * proper one, of no browser.
 */
export interface RawConnectOptions {
  /**
   * Headers to send, beside those of the handshake or in their place: names are compared without
   * regard to case, and a list of pairs may have a name twice. `{ 'sec-websocket-version': '8' }`
   * asks for trouble.
   */
  readonly headers?: HeaderFields

  /** Cookies by name, sent as they are. */
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
   * The client leaves when this fires before the upgrade is decided; the call rejects with its
   * reason.
   */
  readonly signal?: AbortSignal
}

/** What a client of `towpath/client` takes, and what only a test can say. */
export interface ConnectOptions extends WebSocketClientOptions {
  /**
   * Headers to send, beside those of the handshake or, other than over a real network, in their
   * place: `{ 'sec-websocket-version': '8' }` asks for trouble.
   */
  readonly headers?: HeaderFields

  /**
   * The client's address, as `call.request.origin.remoteHost` shows it. @defaultValue `127.0.0.1`
   */
  readonly remoteHost?: string
}

/** What is asked for and how: a path, or a whole address (`wss://chat.example.com/rooms/1`). */
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
 * Reads where a test wants to connect to. A path goes to `localhost` and stays as it is, however
 * strange.
 *
 * @throws {TypeError} for what is neither a path (`/…`) nor an address beginning with `ws:` or
 *   `wss:`.
 */
export function readTarget(uri: string): RequestTarget {
  if (uri.startsWith('/')) return { path: uri, host: 'localhost', encrypted: false }
  if (/^wss?:\/\//.test(uri)) {
    const { pathname, search, host, protocol } = new URL(uri)
    return { path: pathname + search, host, encrypted: protocol === 'wss:' }
  }
  throw new TypeError('Cannot connect: the path is no path, expected "/…", "ws://…" or "wss://…"')
}

/** The request to upgrade (RFC 6455 §4.1), arriving at the server's end of a link. */
export function upgradeRequest(
  target: RequestTarget,
  options: RawConnectOptions,
  server: Transport,
  random: FillRandom,
): UpgradeRequest {
  return requestOf(target.path, requestHeaders(target, options, random), server)
}

/** The request for `path` with just these headers. */
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
 * Takes `headers` apart into those that a client lets through, and those of the handshake, which
 * are put in the place of its own.
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
 * `headers` with those of `replacing` in the place of the ones that have their names, and behind
 * them.
 */
export function replaceHeaders(headers: HeaderList, replacing: HeaderList): HeaderList {
  const replaced = new Set(replacing.map(([name]) => name.toLowerCase()))
  return [...headers.filter(([name]) => !replaced.has(name.toLowerCase())), ...replacing]
}

/**
 * Makes sure that a 101 answers its request, as every client does (RFC 6455 §4.1).
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
