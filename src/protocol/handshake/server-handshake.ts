/** The opening handshake of a server: reads the request and makes the response (RFC 6455 §4.2). */

import { acceptKey, isKey } from './accept-key.ts'
import { HandshakeError, type HeaderList } from '../errors.ts'
import {
  type ExtensionOffer,
  type HttpHeaders,
  isLowerCaseOf,
  listHas,
  parseExtensions,
  parseTokenList,
  rawOf,
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

/** The headers that a handshake reads, by their place in `FIELDS`. */
const HOST = 0
const UPGRADE = 1
const KEY = 2
const SUPPORTED_VERSION = 3
const ORIGIN = 4
const CONTENT_LENGTH = 5
const CONNECTION = 6
const PROTOCOL = 7
const EXTENSIONS = 8
const TRANSFER_ENCODING = 9

const FIELDS: readonly string[] = [
  'Host',
  'Upgrade',
  'Sec-WebSocket-Key',
  'Sec-WebSocket-Version',
  'Origin',
  'Content-Length',
  'Connection',
  'Sec-WebSocket-Protocol',
  'Sec-WebSocket-Extensions',
  'Transfer-Encoding',
]

/** Of `FIELDS`, those before this place may occur only once. */
const SINGLE_FIELDS = CONTENT_LENGTH + 1

/** The places of the fields whose names have a certain length. */
const FIELDS_BY_LENGTH: number[][] = []
for (const [place, { length }] of FIELDS.entries()) (FIELDS_BY_LENGTH[length] ??= []).push(place)

const LOWER: readonly string[] = FIELDS.map((name) => name.toLowerCase())

/** The fields of one request, found in one pass over its headers. */
class HandshakeFields {
  readonly #values: (string | null)[] = [null, null, null, null, null, null, null, null, null, null]
  /** One bit for each field that occurs more than once. */
  #repeated = 0

  constructor(raw: readonly string[]) {
    for (let at = 0; at + 1 < raw.length; at += 2) {
      const place = placeOf(raw[at] ?? '')
      if (place !== null) this.#add(place, raw[at + 1] ?? '')
    }
  }

  /** All values of the field at `place`, joined by `', '` (RFC 9110 §5.3); `null` if it is absent. */
  get(place: number): string | null {
    return this.#values[place] ?? null
  }

  /** The first of the single fields that is there more than once; `null` if there is none. */
  get repeated(): string | null {
    if (this.#repeated === 0) return null
    return FIELDS.find((_, place) => place < SINGLE_FIELDS && this.#isRepeated(place)) ?? null
  }

  #isRepeated(place: number): boolean {
    return (this.#repeated & (1 << place)) !== 0
  }

  #add(place: number, value: string): void {
    const before = this.get(place)
    this.#values[place] = before === null ? value : `${before}, ${value}`
    if (before !== null) this.#repeated |= 1 << place
  }
}

function placeOf(name: string): number | null {
  const places = FIELDS_BY_LENGTH[name.length]
  if (places === undefined) return null
  for (const place of places) {
    if (name === FIELDS[place] || isLowerCaseOf(LOWER[place] ?? '', name)) return place
  }
  return null
}

/**
 * Reads the handshake of a client.
 *
 * @throws {HandshakeError} with the status of the response: 426 for a request without a WebSocket
 *   upgrade and for another version, otherwise 400. The message names the invalid header, never its
 *   value.
 */
export function readServerHandshake(request: HandshakeRequest): ServerHandshake {
  const fields = new HandshakeFields(rawOf(request.headers))
  checkRequestLine(request, fields)
  const { repeated } = fields
  if (repeated !== null) throw bad(`${repeated} is there more than once`)
  checkUpgrade(fields)
  return {
    key: readKey(fields),
    protocols: readProtocols(fields),
    extensions: readExtensions(fields),
    origin: fields.get(ORIGIN),
  }
}

const UPGRADE_HEADER: readonly [string, string] = ['Upgrade', 'websocket']
const CONNECTION_HEADER: readonly [string, string] = ['Connection', 'Upgrade']

/** Returns the headers of the 101 that belong to the handshake, in order. */
export function serverHandshakeHeaders(
  handshake: ServerHandshake,
  choice: HandshakeChoice,
): HeaderList {
  const headers: (readonly [string, string])[] = [
    UPGRADE_HEADER,
    CONNECTION_HEADER,
    ['Sec-WebSocket-Accept', acceptKey(handshake.key)],
  ]
  if (choice.protocol !== null) headers.push(['Sec-WebSocket-Protocol', choice.protocol])
  const extensions = choice.extensions ?? null
  if (extensions !== null) headers.push(['Sec-WebSocket-Extensions', extensions])
  return headers
}

/** §4.2.1 item 1. A body is refused, so that the start of the first frame is unambiguous. */
function checkRequestLine(request: HandshakeRequest, fields: HandshakeFields): void {
  const { method, httpVersion, hasBody } = request
  if (method !== 'GET') throw bad('the method is not GET')
  if (!isAtLeastHttp11(httpVersion)) throw bad('the HTTP version is below 1.1')
  if (fields.get(HOST) === null) throw bad('Host is missing')
  if (hasBody || fields.get(TRANSFER_ENCODING) !== null) {
    throw bad('Content-Length or Transfer-Encoding announces a body, expected none')
  }
}

/** §4.2.1 items 3, 4 and 6. */
function checkUpgrade(fields: HandshakeFields): void {
  const upgrade = fields.get(UPGRADE)
  if (upgrade === null) throw upgradeRequired('Upgrade is missing, expected "websocket"')
  if (!isLowerCaseOf('websocket', trimBlanks(upgrade)))
    throw upgradeRequired('Upgrade is not "websocket"')
  if (!listHas(fields.get(CONNECTION) ?? '', 'upgrade')) {
    throw bad('Connection does not contain "Upgrade"')
  }
  const version = fields.get(SUPPORTED_VERSION)
  if (version !== null && trimBlanks(version) === VERSION) return
  const what = version === null ? 'is missing' : 'is not supported'
  throw new HandshakeError(
    426,
    `Cannot upgrade: Sec-WebSocket-Version ${what}, expected ${VERSION}`,
    [
      ['Sec-WebSocket-Version', VERSION], // §4.4
      UPGRADE_HEADER,
      CONNECTION_HEADER,
    ],
  )
}

function readKey(fields: HandshakeFields): string {
  const value = fields.get(KEY)
  if (value === null) throw bad('Sec-WebSocket-Key is missing')
  const key = trimBlanks(value)
  if (!isKey(key)) throw bad('Sec-WebSocket-Key is not the base64 of 16 bytes')
  return key
}

/** Shared by all requests that offer nothing. */
const NONE: readonly never[] = []

function readProtocols(fields: HandshakeFields): readonly string[] {
  const value = fields.get(PROTOCOL)
  if (value === null) return NONE
  const protocols = parseTokenList(value)
  if (protocols === null) throw bad('Sec-WebSocket-Protocol is not a list of tokens')
  if (new Set(protocols).size < protocols.length) {
    throw bad('Sec-WebSocket-Protocol names a subprotocol twice') // §4.1 item 10
  }
  return protocols
}

function readExtensions(fields: HandshakeFields): readonly ExtensionOffer[] {
  const value = fields.get(EXTENSIONS)
  if (value === null) return NONE
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
  return new HandshakeError(426, `Cannot upgrade: ${what}`, [UPGRADE_HEADER, CONNECTION_HEADER])
}
