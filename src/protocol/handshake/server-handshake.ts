/** The opening handshake of a server: reads the request and makes the response (RFC 6455 §4.2). */

import { acceptKey, isKey } from './accept-key.ts'
import { HandshakeError, type HeaderList } from '../errors.ts'
import {
  type ExtensionOffer,
  type HttpHeaders,
  isRepeated,
  listHas,
  parseExtensions,
  parseTokenList,
  trimBlanks,
} from './headers.ts'

/** The parts of a request that the handshake reads. */
export interface HandshakeRequest {
  /** The method as sent, such as `GET`. */
  readonly method: string
  /** The version, such as `'1.1'`. */
  readonly httpVersion: string
  readonly headers: HttpHeaders
  /** Whether the request announces a body. */
  readonly hasBody: boolean
}

/** The contents of a valid handshake request. */
export interface ServerHandshake {
  /** The `Sec-WebSocket-Key`. */
  readonly key: string
  /** The subprotocols that the client offers, in its order; empty if there are none. */
  readonly protocols: readonly string[]
  /** The extensions that the client offers, in its order; empty if there are none. */
  readonly extensions: readonly ExtensionOffer[]
  /** The `Origin` as sent: browsers always send one. `null` if absent. */
  readonly origin: string | null
}

/** The server's choices. */
export interface HandshakeChoice {
  /** One of the offered subprotocols, or `null` for none. */
  readonly protocol: string | null
  /** The `Sec-WebSocket-Extensions` of the response; absent or `null` for none. */
  readonly extensions?: string | null
}

const VERSION = '13'

/** Headers that may occur only once. */
const SINGLE = [
  'Host',
  'Upgrade',
  'Sec-WebSocket-Key',
  'Sec-WebSocket-Version',
  'Origin',
  'Content-Length',
].map((name) => ({ name, lower: name.toLowerCase() }))

/**
 * Reads the handshake of a client.
 *
 * @throws {HandshakeError} with the status of the response: 426 for a request without a WebSocket
 *   upgrade and for another version, otherwise 400. The message names the invalid header, never its
 *   value.
 */
export function readServerHandshake(request: HandshakeRequest): ServerHandshake {
  const { headers } = request
  checkRequestLine(request)
  for (const { name, lower } of SINGLE) {
    if (isRepeated(headers, lower)) throw bad(`${name} is there more than once`)
  }
  checkUpgrade(headers)
  return {
    key: readKey(headers),
    protocols: readProtocols(headers),
    extensions: readExtensions(headers),
    origin: headers.get('origin'),
  }
}

/** Returns the headers of the 101 that belong to the handshake, in order. */
export function serverHandshakeHeaders(
  handshake: ServerHandshake,
  choice: HandshakeChoice,
): HeaderList {
  const headers: (readonly [string, string])[] = [
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Accept', acceptKey(handshake.key)],
  ]
  if (choice.protocol !== null) headers.push(['Sec-WebSocket-Protocol', choice.protocol])
  const extensions = choice.extensions ?? null
  if (extensions !== null) headers.push(['Sec-WebSocket-Extensions', extensions])
  return headers
}

/** §4.2.1 item 1. A body is refused, so that the start of the first frame is unambiguous. */
function checkRequestLine({ method, httpVersion, headers, hasBody }: HandshakeRequest): void {
  if (method !== 'GET') throw bad('the method is not GET')
  if (!isAtLeastHttp11(httpVersion)) throw bad('the HTTP version is below 1.1')
  if (!headers.has('host')) throw bad('Host is missing')
  if (hasBody || headers.has('transfer-encoding')) {
    throw bad('Content-Length or Transfer-Encoding announces a body, expected none')
  }
}

/** §4.2.1 items 3, 4 and 6. */
function checkUpgrade(headers: HttpHeaders): void {
  const upgrade = headers.get('upgrade')
  if (upgrade === null) throw upgradeRequired('Upgrade is missing, expected "websocket"')
  if (trimBlanks(upgrade).toLowerCase() !== 'websocket')
    throw upgradeRequired('Upgrade is not "websocket"')
  if (!listHas(headers.get('connection') ?? '', 'upgrade')) {
    throw bad('Connection does not contain "Upgrade"')
  }
  const version = headers.get('sec-websocket-version')
  if (version !== null && trimBlanks(version) === VERSION) return
  const what = version === null ? 'is missing' : 'is not supported'
  throw new HandshakeError(
    426,
    `Cannot upgrade: Sec-WebSocket-Version ${what}, expected ${VERSION}`,
    [
      ['Sec-WebSocket-Version', VERSION], // §4.4
      ['Upgrade', 'websocket'],
      ['Connection', 'Upgrade'],
    ],
  )
}

function readKey(headers: HttpHeaders): string {
  const value = headers.get('sec-websocket-key')
  if (value === null) throw bad('Sec-WebSocket-Key is missing')
  const key = trimBlanks(value)
  if (!isKey(key)) throw bad('Sec-WebSocket-Key is not the base64 of 16 bytes')
  return key
}

function readProtocols(headers: HttpHeaders): readonly string[] {
  const value = headers.get('sec-websocket-protocol')
  if (value === null) return []
  const protocols = parseTokenList(value)
  if (protocols === null) throw bad('Sec-WebSocket-Protocol is not a list of tokens')
  if (new Set(protocols).size < protocols.length) {
    throw bad('Sec-WebSocket-Protocol names a subprotocol twice') // §4.1 item 10
  }
  return protocols
}

function readExtensions(headers: HttpHeaders): readonly ExtensionOffer[] {
  const value = headers.get('sec-websocket-extensions')
  if (value === null) return []
  const extensions = parseExtensions(value)
  if (extensions === null) throw bad('Sec-WebSocket-Extensions is not a list of extensions')
  return extensions
}

function isAtLeastHttp11(version: string): boolean {
  if (version === '1.1') return true
  const match = /^(\d)(?:\.(\d))?$/.exec(version)
  if (match === null) return false
  const major = Number(match[1])
  return major > 1 || (major === 1 && Number(match[2] ?? 0) >= 1)
}

function bad(what: string): HandshakeError {
  return new HandshakeError(400, `Cannot upgrade: ${what}`)
}

/** A request for a WebSocket path that is not an upgrade (RFC 9110 §15.5.22). */
function upgradeRequired(what: string): HandshakeError {
  return new HandshakeError(426, `Cannot upgrade: ${what}`, [
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
  ])
}
