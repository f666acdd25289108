/**
 * The opening handshake of a request, in either form: an upgrade of HTTP/1.1 (RFC 6455 §4) or an
 * extended CONNECT of HTTP/2 (RFC 8441).
 */

import {
  type ExtendedConnect,
  extendedConnectHeaders,
  HandshakeError,
  HttpHeaders,
  readExtendedConnect,
  readServerHandshake,
  type ServerHandshake,
  serverHandshakeHeaders,
} from '../../protocol/index.ts'
import { headerIn } from '../../protocol/internal.ts'
import { parseAuthority } from '../calls/authority.ts'
import type { UpgradeAccepted, UpgradeRequest } from '../engine.ts'
import { refuse, type Refusal } from './refusal.ts'

/** What was read of either opening handshake. Over HTTP/1.1 there is always a key. */
export type Handshake = ExtendedConnect | ServerHandshake

/** Reads the opening handshake of `request`; returns the refusal of an invalid one. */
export function readHandshake(request: UpgradeRequest): Handshake | Refusal {
  const { bootstrap, method, httpVersion, hasBody, rawHeaders } = request
  // Not the headers of the call, which would keep these.
  const headers = new HttpHeaders(rawHeaders)
  try {
    const handshake: Handshake =
      bootstrap === 'connect'
        ? readExtendedConnect({ headers, hasBody })
        : readServerHandshake({ method, httpVersion, headers, hasBody })
    // The handshake checks that there is a Host, but not its value (RFC 9112 §3.2).
    if (parseAuthority(headerIn(rawHeaders, 'host') ?? '') !== null) return handshake
    return refuse(400, 'handshake', 'Cannot upgrade: the Host header is invalid, expected a host')
  } catch (error) {
    if (!(error instanceof HandshakeError)) throw error
    return refuse(error.status, 'handshake', error.message, {
      headers: error.headers,
      cause: error,
    })
  }
}

/** Returns the headers of the 101, or of the 200 over HTTP/2, that belong to the handshake. */
export function acceptingHeaders(
  { bootstrap }: UpgradeRequest,
  handshake: Handshake,
  choice: { readonly protocol: string | null; readonly extensions: string | null },
): UpgradeAccepted['headers'] {
  return bootstrap !== 'connect' && isOfHttp1(handshake)
    ? serverHandshakeHeaders(handshake, choice)
    : extendedConnectHeaders(handshake, choice)
}

function isOfHttp1(handshake: Handshake): handshake is ServerHandshake {
  return handshake.key !== null
}
