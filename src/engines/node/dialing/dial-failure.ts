/**
 * Explains errors of sockets, TLS and Node's HTTP parser as a `ConnectError`.
 */

import { ConnectError } from '../../../client/index.ts'
import type { NetworkStep } from '../../../client/internal.ts'

/**
 * Returns the error for `cause`, which occurred at `step`.
 *
 * @param place the destination: `example.com`, `[::1]:8080`, the path of a socket.
 */
export function dialFailure(step: NetworkStep, place: string, cause: Error): ConnectError {
  const code = codeOf(cause)
  if (code.startsWith('HPE_')) return new ConnectError('protocol', notHttp(place, code), { cause })
  if (code.startsWith('ERR_HTTP2_') || code === NO_ALPN) {
    return new ConnectError('protocol', notHttp2(place, code), { cause })
  }
  if (step === 'tls' && NO_TLS.test(cause.message)) {
    const what = `${place} does not answer with TLS (${code}); without TLS the URL begins with ws:`
    return new ConnectError(step, what, { cause })
  }
  return new ConnectError(step, explain(step, place, code), { cause })
}

/** OpenSSL's messages for an answer that is no TLS record, such as `HTTP/1.1 400`. */
const NO_TLS = /wrong version number|packet length too long/i

/** OpenSSL's name for the alert of a server that speaks none of the offered protocols. */
const NO_ALPN = 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL'

const OVERFLOW = 'HPE_HEADER_OVERFLOW'

function notHttp(place: string, code: string): string {
  return code === OVERFLOW
    ? `the headers of the answer of ${place} are too large`
    : `${place} answered with something that is not HTTP (${code})`
}

function notHttp2(place: string, code: string): string {
  return code === 'ERR_HTTP2_ERROR' || code === NO_ALPN
    ? `${place} does not speak HTTP/2 (${code})`
    : `the HTTP/2 connection with ${place} failed (${code})`
}

function explain(step: NetworkStep, place: string, code: string): string {
  switch (step) {
    case 'resolve':
      return `the host of ${place} has no address (${code})`
    case 'connect':
      return CONNECT_EXPLANATIONS.get(code)?.(place) ?? `no connection to ${place} (${code})`
    case 'proxy':
      return `the agent got no connection to ${place} (${code})`
    case 'tls':
      return (
        TLS_EXPLANATIONS.get(code)?.(place) ?? `the TLS handshake with ${place} failed (${code})`
      )
    case 'handshake':
      return `${place} ended the connection before it answered (${code})`
    case 'protocol':
      return `${place} ended the connection before it spoke HTTP/2 (${code})`
  }
}

type Explanation = (place: string) => string

const CONNECT_EXPLANATIONS: ReadonlyMap<string, Explanation> = new Map<string, Explanation>([
  ['ECONNREFUSED', (place) => `connection refused by ${place}`],
  ['ENOENT', (place) => `there is no socket at ${place}`],
  ['ETIMEDOUT', (place) => `${place} did not answer`],
  ['EHOSTUNREACH', (place) => `there is no route to ${place}`],
  ['ENETUNREACH', (place) => `there is no route to ${place}`],
  ['EACCES', (place) => `permission denied for ${place}`],
])

const TLS_EXPLANATIONS: ReadonlyMap<string, Explanation> = new Map<string, Explanation>([
  ['ERR_TLS_CERT_ALTNAME_INVALID', (place) => `the certificate of ${place} is for other names`],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', (place) => `the certificate of ${place} is self-signed`],
  ['SELF_SIGNED_CERT_IN_CHAIN', (place) => `the certificate of ${place} has an unknown issuer`],
  [
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    (place) => `the certificate of ${place} has an unknown issuer`,
  ],
  [
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    (place) => `the certificate of ${place} has an unknown issuer`,
  ],
  ['CERT_HAS_EXPIRED', (place) => `the certificate of ${place} has expired`],
  ['CERT_NOT_YET_VALID', (place) => `the certificate of ${place} is not valid yet`],
])

/** Returns the code of Node or OpenSSL, or the error's name if it has none. */
function codeOf(cause: Error): string {
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name
}
