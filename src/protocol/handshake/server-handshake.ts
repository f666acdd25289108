/** The opening handshake of a server: reads the request and makes the response (RFC 6455 §4.2). */

import { acceptKey } from './accept-key.ts'
import { HandshakeError, type HeaderList } from '../errors.ts'
import {
  CONNECTION,
  HandshakeFields,
  HOST,
  ORIGIN,
  SUPPORTED_VERSION,
  TRANSFER_ENCODING,
  UPGRADE,
} from './handshake-fields.ts'
import {
  addChoice,
  bad,
  type HandshakeChoice,
  type HandshakeOffer,
  readExtensions,
  readKey,
  readProtocols,
  VERSION,
} from './handshake-offer.ts'
import { type HttpHeaders, isLowerCaseOf, listHas, rawOf, trimBlanks } from './headers.ts'

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
export interface ServerHandshake extends HandshakeOffer {
  /** The `Sec-WebSocket-Key`. */
  readonly key: string
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
  fields.requireSingle()
  checkUpgrade(fields)
  return {
    key: requireKey(fields),
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
  return addChoice(headers, choice)
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

function requireKey(fields: HandshakeFields): string {
  const key = readKey(fields)
  if (key === null) throw bad('Sec-WebSocket-Key is missing')
  return key
}

function isAtLeastHttp11(version: string): boolean {
  if (version === '1.1') return true
  const match = /^(\d)(?:\.(\d))?$/.exec(version)
  if (match === null) return false
  const major = Number(match[1])
  return major > 1 || (major === 1 && Number(match[2] ?? 0) >= 1)
}

/** A request for a WebSocket path that is not an upgrade (RFC 9110 §15.5.22). */
function upgradeRequired(what: string): HandshakeError {
  return new HandshakeError(426, `Cannot upgrade: ${what}`, [UPGRADE_HEADER, CONNECTION_HEADER])
}
