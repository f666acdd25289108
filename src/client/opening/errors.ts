/**
 * The errors of opening a session: no connection, a refused upgrade, or a closed client.
 */

import { TowpathError } from '../../base/index.ts'
import type { HeaderList } from '../../protocol/index.ts'

/**
 * The step at which a connection failed:
 *
 * - `resolve`: the host name has no address;
 * - `connect`: no connection to the address (refused, unreachable, or no answer in time);
 * - `proxy`: the agent's proxy refused, or could not be reached;
 * - `tls`: the TLS handshake failed, or the certificate is invalid for the host;
 * - `handshake`: the connection ended, or timed out, before an answer to the request;
 * - `protocol`: the answer is not valid HTTP, or is a 101 that violates RFC 6455 §4.1; with `http2`
 *   `true`, also a server that does not allow WebSockets over HTTP/2, or ends a connection without
 *   TLS before it speaks HTTP/2;
 * - `url`, `renew`, `opened`: that function of `connect` did not finish within `attemptTimeout`.
 */
export type ConnectStep =
  | 'resolve'
  | 'connect'
  | 'proxy'
  | 'tls'
  | 'handshake'
  | 'protocol'
  | 'url'
  | 'renew'
  | 'opened'

/** The steps of the network, without the functions of the caller. */
export type NetworkStep = Exclude<ConnectStep, 'url' | 'renew' | 'opened'>

/** No connection was made, and no server refused it. */
export class ConnectError extends TowpathError {
  override readonly name = 'ConnectError'
  readonly code = 'TOWPATH_CONNECT'

  /** The step that failed. */
  readonly step: ConnectStep

  /** @param what the reason for the message: `connection refused by 127.0.0.1:9`. */
  constructor(step: ConnectStep, what: string, options?: ErrorOptions) {
    super(`Cannot open WebSocket: ${what} (step: ${step})`, options)
    this.step = step
  }
}

/**
 * The server answered the request for a session with a status other than 101 (RFC 6455 §4.1), or
 * other than 200 over HTTP/2 (RFC 8441 §5).
 */
export class UpgradeRefusedError extends TowpathError {
  override readonly name = 'UpgradeRefusedError'
  readonly code = 'TOWPATH_UPGRADE_REFUSED'

  /** The HTTP status, 200 to 599; over HTTP/2 201 to 599. */
  readonly status: number

  /**
   * The headers of the answer, such as `headers.get('retry-after')`. `headers.getSetCookie()`
   * returns all cookies.
   */
  readonly headers: Headers

  /**
   * The first 64 KiB of the body as text (UTF-8, invalid bytes as U+FFFD); `''` if there is none.
   */
  readonly body: string

  /** @param why the end of the message. @defaultValue that 101 was expected */
  constructor(status: number, headers: HeaderList, body: string, why: string = 'expected 101') {
    super(`Cannot open WebSocket: the server refused the upgrade with status ${status}, ${why}`)
    this.status = status
    this.headers = toHeaders(headers)
    this.body = body
  }
}

/** The client was closed, and opens nothing more. */
export class ClientClosedError extends TowpathError {
  override readonly name = 'ClientClosedError'
  readonly code = 'TOWPATH_CLIENT_CLOSED'

  constructor() {
    super('Cannot open WebSocket: the client is closed, expected an open client')
  }
}

/**
 * Converts a list to the web platform's `Headers`. Invalid headers are left out, such as one with
 * NUL.
 */
export function toHeaders(list: Iterable<readonly [name: string, value: string]>): Headers {
  const headers = new Headers()
  for (const [name, value] of list) {
    try {
      headers.append(name, value)
    } catch {
      // `Headers` refuses it, and HTTP does too.
    }
  }
  return headers
}
