/** The opening handshake of a client: makes the request and checks the response (RFC 6455 §4.1). */

import { acceptKey } from './accept-key.ts'
import { HandshakeError, type HeaderList } from '../errors.ts'
import {
  type ExtensionOffer,
  formatExtensions,
  type HttpHeaders,
  listHas,
  parseExtensions,
  trimBlanks,
} from './headers.ts'
import { isToken } from './token.ts'

/** Options of a client's handshake. */
export interface ClientHandshakeOptions {
  /** Fills `target` with unpredictable bytes, and returns it (§10.3). */
  readonly random: (target: Uint8Array) => Uint8Array

  /** Subprotocols in order of preference; none by default. */
  readonly protocols?: readonly string[]

  /** Extensions in order of preference; none by default. */
  readonly extensions?: readonly ExtensionOffer[]
}

/** The client's half of a handshake, which the response is checked against. */
export interface ClientHandshake {
  /** The `Sec-WebSocket-Key`. */
  readonly key: string
  readonly protocols: readonly string[]
  readonly extensions: readonly ExtensionOffer[]

  /** The headers of the request that belong to the handshake, in order; `Host` is not included. */
  readonly headers: HeaderList
}

/** The parts of a response that the handshake reads. */
export interface HandshakeResponse {
  readonly status: number
  readonly headers: HttpHeaders
}

/** The result of a handshake. */
export interface HandshakeAgreement {
  /** One of the offered subprotocols; `null` when the server chose none. */
  readonly protocol: string | null

  /** The offered extensions that the server accepted, with its parameters, in its order. */
  readonly extensions: readonly ExtensionOffer[]
}

const KEY_BYTES = 16

/**
 * Starts a handshake: makes a key and the headers to send.
 *
 * @throws {TypeError} when a subprotocol or a name or value of an extension is not a token, or a
 *   subprotocol is offered twice (§4.1 item 10).
 */
export function createClientHandshake(options: ClientHandshakeOptions): ClientHandshake {
  const { random, protocols = [], extensions = [] } = options
  checkOffers(protocols, extensions)
  const key = btoa(String.fromCharCode(...random(new Uint8Array(KEY_BYTES))))
  const headers: (readonly [string, string])[] = [
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Key', key],
    ['Sec-WebSocket-Version', '13'],
  ]
  if (protocols.length > 0) headers.push(['Sec-WebSocket-Protocol', protocols.join(', ')])
  if (extensions.length > 0)
    headers.push(['Sec-WebSocket-Extensions', formatExtensions(extensions)])
  return { key, protocols, extensions, headers }
}

/**
 * Checks the response to a handshake (§4.1, the list after item 11).
 *
 * @throws {HandshakeError} for a status other than 101 and for an invalid response, with its status
 *   and headers; the caller must drop the connection.
 */
export function checkServerResponse(
  handshake: ClientHandshake,
  response: HandshakeResponse,
): HandshakeAgreement {
  const { status, headers } = response
  const refuse = refusal(response)

  if (status !== 101) throw refuse(`the server answered with status ${status}, expected 101`)
  if (single(headers, 'Upgrade', refuse)?.toLowerCase() !== 'websocket') {
    throw refuse('Upgrade of the answer is not "websocket"')
  }
  if (!listHas(headers.get('Connection') ?? '', 'upgrade')) {
    throw refuse('Connection of the answer does not contain "Upgrade"')
  }
  if (single(headers, 'Sec-WebSocket-Accept', refuse) !== acceptKey(handshake.key)) {
    throw refuse('Sec-WebSocket-Accept of the answer does not fit the key')
  }
  return readAgreement(handshake, headers, refuse)
}

/**
 * Checks the response to an extended CONNECT (RFC 8441 §5). It has no `Upgrade`, no `Connection`
 * and no key to accept.
 *
 * @throws {HandshakeError} for a status other than 200 and for an invalid response, with its status
 *   and headers; the caller must reset the stream.
 */
export function checkConnectResponse(
  handshake: ClientHandshake,
  response: HandshakeResponse,
): HandshakeAgreement {
  const { status, headers } = response
  const refuse = refusal(response)
  if (status !== 200) throw refuse(`the server answered with status ${status}, expected 200`)
  return readAgreement(handshake, headers, refuse)
}

type Refuse = (what: string) => HandshakeError

function refusal({ status, headers }: HandshakeResponse): Refuse {
  return (what) => new HandshakeError(status, `Cannot open WebSocket: ${what}`, [...headers])
}

/** Reads the choice of subprotocol and extensions, which every kind of response carries. */
function readAgreement(
  handshake: ClientHandshake,
  headers: HttpHeaders,
  refuse: Refuse,
): HandshakeAgreement {
  // An empty value names no subprotocol, as an absent header does.
  const protocol = single(headers, 'Sec-WebSocket-Protocol', refuse) || null
  if (protocol !== null && !handshake.protocols.includes(protocol)) {
    throw refuse('Sec-WebSocket-Protocol of the answer was not offered')
  }
  return { protocol, extensions: readExtensions(handshake, headers, refuse) }
}

function checkOffers(protocols: readonly string[], extensions: readonly ExtensionOffer[]): void {
  if (!protocols.every(isToken)) {
    throw new TypeError('Cannot offer subprotocol: it is not a token (RFC 9110 §5.6.2)')
  }
  if (new Set(protocols).size < protocols.length) {
    throw new TypeError('Cannot offer subprotocol: it is there twice, expected each name once')
  }
  const words = extensions.flatMap(({ name, parameters }) => [
    name,
    ...parameters.flatMap(([key, value]) => (value === null ? [key] : [key, value])),
  ])
  if (!words.every(isToken)) {
    throw new TypeError('Cannot offer extension: a name or value is not a token (RFC 9110 §5.6.2)')
  }
}

/** Returns the value of a header that may occur only once; `null` if it is absent. */
function single(headers: HttpHeaders, name: string, refuse: Refuse): string | null {
  const [value, second] = headers.getAll(name)
  if (second !== undefined) throw refuse(`${name} of the answer is there more than once`)
  return value === undefined ? null : trimBlanks(value)
}

/**
 * Checks that each accepted extension was offered, and occurs once. The extensions check the
 * parameters.
 */
function readExtensions(
  handshake: ClientHandshake,
  headers: HttpHeaders,
  refuse: Refuse,
): readonly ExtensionOffer[] {
  const value = headers.get('Sec-WebSocket-Extensions')
  if (value === null) return []
  const accepted = parseExtensions(value)
  if (accepted === null)
    throw refuse('Sec-WebSocket-Extensions of the answer is not a list of extensions')
  const names = accepted.map(({ name }) => name)
  if (!names.every((name) => handshake.extensions.some((offer) => offer.name === name))) {
    throw refuse('Sec-WebSocket-Extensions of the answer has one that was not offered')
  }
  if (new Set(names).size < names.length) {
    throw refuse('Sec-WebSocket-Extensions of the answer has one twice')
  }
  return accepted
}
