/**
 * The opening handshake of a server over HTTP/2: an extended CONNECT with `:protocol` `websocket`,
 * answered with 200 (RFC 8441 §§4, 5).
 */

import { acceptKey } from './accept-key.ts'
import { HandshakeError, type HeaderList } from '../errors.ts'
import { HandshakeFields, HOST, ORIGIN, SUPPORTED_VERSION } from './handshake-fields.ts'
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
import { type HttpHeaders, rawOf, trimBlanks } from './headers.ts'

/** The parts of a request that the handshake reads. The engine has checked the pseudo-headers. */
export interface ExtendedConnectRequest {
  /** Without pseudo-headers. `host` holds the `:authority`, and a `Host` that differs from it. */
  readonly headers: HttpHeaders
  /** Whether the request has a body: END_STREAM with the headers, or a `content-length` above 0. */
  readonly hasBody: boolean
}

/** The contents of a valid extended CONNECT. */
export interface ExtendedConnect extends HandshakeOffer {
  /** The `Sec-WebSocket-Key`, which some clients send though RFC 8441 has no use for it. */
  readonly key: string | null
}

/** Headers that belong to HTTP/1.1 (RFC 8441 §5, RFC 9113 §8.2.2). */
const FORBIDDEN = ['Connection', 'Upgrade', 'Transfer-Encoding', 'Keep-Alive']

/**
 * Reads the handshake of a client.
 *
 * @throws {HandshakeError} with the status 400. HTTP/2 cannot send 426, which needs an `Upgrade`
 *   header. The message names the invalid header, never its value.
 */
export function readExtendedConnect({ headers, hasBody }: ExtendedConnectRequest): ExtendedConnect {
  for (const name of FORBIDDEN) {
    if (headers.has(name)) throw bad(`${name} is there, expected none in HTTP/2`)
  }
  const fields = new HandshakeFields(rawOf(headers))
  fields.requireSingle()
  if (fields.get(HOST) === null) throw bad(':authority is missing')
  if (hasBody) throw bad('the request ends its stream or announces a body, expected neither')
  checkVersion(fields)
  return {
    key: readKey(fields),
    protocols: readProtocols(fields),
    extensions: readExtensions(fields),
    origin: fields.get(ORIGIN),
  }
}

/**
 * Returns the headers of the 200 that belong to the handshake, in order. A client that sent a key
 * gets an accept value: undici 7 fails without it.
 */
export function extendedConnectHeaders(
  handshake: ExtendedConnect,
  choice: HandshakeChoice,
): HeaderList {
  const headers: (readonly [string, string])[] = []
  if (handshake.key !== null) headers.push(['Sec-WebSocket-Accept', acceptKey(handshake.key)])
  return addChoice(headers, choice)
}

function checkVersion(fields: HandshakeFields): void {
  const version = fields.get(SUPPORTED_VERSION)
  if (version !== null && trimBlanks(version) === VERSION) return
  const what = version === null ? 'is missing' : 'is not supported'
  throw new HandshakeError(
    400,
    `Cannot upgrade: Sec-WebSocket-Version ${what}, expected ${VERSION}`,
    [['Sec-WebSocket-Version', VERSION]], // RFC 6455 §4.4
  )
}
