/**
 * The parts of the opening handshake that HTTP/1.1 (RFC 6455 §4) and HTTP/2 (RFC 8441 §5) have in
 * common: what a client offers, and what a server chooses.
 */

import { isKey } from './accept-key.ts'
import { HandshakeError, type HeaderList } from '../errors.ts'
import { EXTENSIONS, type HandshakeFields, KEY, PROTOCOL } from './handshake-fields.ts'
import { type ExtensionOffer, parseExtensions, parseTokenList, trimBlanks } from './headers.ts'

/** What a client offers. */
export interface HandshakeOffer {
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

/** The only version of the protocol (RFC 6455 §4.4). */
export const VERSION = '13'

/** Returns the `Sec-WebSocket-Key`, or `null` if there is none. @throws {HandshakeError} 400. */
export function readKey(fields: HandshakeFields): string | null {
  const value = fields.get(KEY)
  if (value === null) return null
  const key = trimBlanks(value)
  if (!isKey(key)) throw bad('Sec-WebSocket-Key is not the base64 of 16 bytes')
  return key
}

/** Shared by all requests that offer nothing. */
const NONE: readonly never[] = []

/** @throws {HandshakeError} 400 if the header is not a valid list. */
export function readProtocols(fields: HandshakeFields): readonly string[] {
  const value = fields.get(PROTOCOL)
  if (value === null) return NONE
  const protocols = parseTokenList(value)
  if (protocols === null) throw bad('Sec-WebSocket-Protocol is not a list of tokens')
  if (new Set(protocols).size < protocols.length) {
    throw bad('Sec-WebSocket-Protocol names a subprotocol twice') // §4.1 item 10
  }
  return protocols
}

/** @throws {HandshakeError} 400 if the header is not a valid list. */
export function readExtensions(fields: HandshakeFields): readonly ExtensionOffer[] {
  const value = fields.get(EXTENSIONS)
  if (value === null) return NONE
  const extensions = parseExtensions(value)
  if (extensions === null) throw bad('Sec-WebSocket-Extensions is not a list of extensions')
  return extensions
}

/** Adds the headers of the response that name the choices to `headers`. */
export function addChoice(
  headers: (readonly [name: string, value: string])[],
  choice: HandshakeChoice,
): HeaderList {
  if (choice.protocol !== null) headers.push(['Sec-WebSocket-Protocol', choice.protocol])
  const extensions = choice.extensions ?? null
  if (extensions !== null) headers.push(['Sec-WebSocket-Extensions', extensions])
  return headers
}

/** A request that is malformed. */
export function bad(what: string): HandshakeError {
  return new HandshakeError(400, `Cannot upgrade: ${what}`)
}
