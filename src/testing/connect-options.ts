/**
 * What a test says about the request that it connects with, and the request that comes of it.
 */

import type { UpgradeAccepted, UpgradeRequest } from '../application/index.ts'
import type { Extension } from '../extensions/index.ts'
import { type AgreedExtension, agreeAnswers, offersOf } from '../extensions/internal.ts'
import {
  checkServerResponse,
  createClientHandshake,
  HandshakeError,
  HttpHeaders,
  parseExtensions,
} from '../protocol/internal.ts'
import type { Transport } from '../session/index.ts'
import type { FillRandom } from './seeded-random.ts'

/** The request of a connection. Everything is optional: without options it is a proper one, of no browser. */
export interface ConnectOptions {
  /**
   * Headers to send, beside those of the handshake or in their place: names are compared without regard to
   * case, and a list of pairs may have a name twice. `{ 'sec-websocket-version': '8' }` asks for trouble.
   */
  readonly headers?:
    | Readonly<Record<string, string>>
    | Iterable<readonly [name: string, value: string]>

  /** Cookies by name, sent as they are. */
  readonly cookies?: Readonly<Record<string, string>>

  /** Subprotocols to offer, in order of preference. @defaultValue none */
  readonly protocols?: readonly string[]

  /**
   * Extensions to offer, such as `permessageDeflate()`; for `connect` alone. What the server agrees to is at work.
   *
   * @defaultValue none
   */
  readonly extensions?: readonly Extension[]

  /** The `Origin` that a browser would send, such as `https://app.example.com`. @defaultValue none: no browser */
  readonly origin?: string

  /** The client's address, as `call.request.origin.remoteHost` shows it. @defaultValue `127.0.0.1` */
  readonly remoteHost?: string

  /** The client leaves when this fires before the upgrade is decided; the call rejects with its reason. */
  readonly signal?: AbortSignal
}

/** What is asked for and how: a path, or a whole address (`wss://chat.example.com/rooms/1`). */
export interface RequestTarget {
  readonly path: string
  readonly host: string
  readonly encrypted: boolean
}

/** The names of `ConnectOptions`. */
export const CONNECT_OPTION_NAMES: readonly string[] = [
  'headers',
  'cookies',
  'protocols',
  'extensions',
  'origin',
  'remoteHost',
  'signal',
] satisfies Array<keyof ConnectOptions>

/**
 * Reads where a test wants to connect to. A path goes to `localhost` and stays as it is, however strange.
 *
 * @throws {TypeError} for what is neither a path (`/…`) nor an address beginning with `ws:` or `wss:`.
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
  options: ConnectOptions,
  server: Transport,
  random: FillRandom,
): UpgradeRequest {
  const headers = requestHeaders(target, options, random)
  return {
    method: 'GET',
    target: target.path,
    httpVersion: '1.1',
    rawHeaders: headers.flat(),
    hasBody: headers.some(([name, value]) => announcesBody(name.toLowerCase(), value)),
    local: server.local,
    remote: server.remote,
    encrypted: server.encrypted,
  }
}

/**
 * Makes sure that a 101 answers its request, as every client does (RFC 6455 §4.1).
 *
 * @returns what was agreed on of the extensions that the test has offered.
 * @throws {HandshakeError} if it does not.
 */
export function checkAnswer(
  request: UpgradeRequest,
  accepted: UpgradeAccepted,
  offered: readonly Extension[] = [],
): readonly AgreedExtension[] {
  const sent = new HttpHeaders(request.rawHeaders)
  const protocols = (sent.get('sec-websocket-protocol') ?? '').split(',').map((name) => name.trim())
  const extensions = parseExtensions(sent.get('sec-websocket-extensions') ?? '') ?? []
  const agreement = checkServerResponse(
    { key: sent.get('sec-websocket-key') ?? '', protocols, extensions, headers: [] },
    { status: 101, headers: new HttpHeaders(accepted.headers.flat()) },
  )
  const agreed = agreeAnswers(offered, agreement.extensions)
  if (agreed !== null) return agreed
  throw new HandshakeError(101, 'Cannot open WebSocket: the server agreed to what was not offered')
}

function requestHeaders(
  target: RequestTarget,
  options: ConnectOptions,
  random: FillRandom,
): ReadonlyArray<readonly [name: string, value: string]> {
  const { cookies, protocols = [], origin } = options
  const own = pairs(options.headers ?? {})
  const replaced = new Set(own.map(([name]) => name.toLowerCase()))
  const extensions = offersOf(options.extensions ?? [])
  const handshake = createClientHandshake({ random, protocols, extensions })
  const usual: Array<readonly [string, string]> = [['Host', target.host], ...handshake.headers]
  if (origin !== undefined) usual.push(['Origin', origin])
  if (cookies !== undefined) {
    const list = Object.entries(cookies).map(([name, value]) => `${name}=${value}`)
    usual.push(['Cookie', list.join('; ')])
  }
  return [...usual.filter(([name]) => !replaced.has(name.toLowerCase())), ...own]
}

function pairs(
  headers: NonNullable<ConnectOptions['headers']>,
): ReadonlyArray<readonly [name: string, value: string]> {
  return Symbol.iterator in headers ? [...headers] : Object.entries(headers)
}

function announcesBody(name: string, value: string): boolean {
  return name === 'transfer-encoding' || (name === 'content-length' && value !== '0')
}
