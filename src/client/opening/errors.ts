/**
 * What a client finds out before there is a session: nobody there, or somebody who refuses.
 */

import { TowpathError } from '../../base/index.ts'
import type { HeaderList } from '../../protocol/index.ts'

/**
 * Where the way to a session ended:
 * - `resolve`: the name of the host has no address;
 * - `connect`: no connection to the address (nobody listens, no route, no answer in time);
 * - `proxy`: the agent's proxy refused, or could not be reached;
 * - `tls`: no agreement on encryption, or a certificate that is not the host's;
 * - `handshake`: the connection ended, or stayed silent, before there was an answer to the request;
 * - `protocol`: the answer is no HTTP, or a 101 that breaks a rule of RFC 6455 §4.1;
 * - `url`, `renew`, `opened`: that function of `connect` had not finished at `attemptTimeout`.
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

/** The steps that are the network's. The others are functions of the caller. */
export type NetworkStep = Exclude<ConnectStep, 'url' | 'renew' | 'opened'>

/** A connection did not come about, and no server has refused it. */
export class ConnectError extends TowpathError {
  override readonly name = 'ConnectError'
  readonly code = 'TOWPATH_CONNECT'

  /** Where it ended. */
  readonly step: ConnectStep

  /** @param what what is so, for the message: `nobody listens at 127.0.0.1:9`. */
  constructor(step: ConnectStep, what: string, options?: ErrorOptions) {
    super(`Cannot open WebSocket: ${what} (step: ${step})`, options)
    this.step = step
  }
}

/** The server answered the request to upgrade with something else than 101 (RFC 6455 §4.1). */
export class UpgradeRefusedError extends TowpathError {
  override readonly name = 'UpgradeRefusedError'
  readonly code = 'TOWPATH_UPGRADE_REFUSED'

  /** The HTTP status: 200 to 599, without 101. */
  readonly status: number

  /** The headers of the answer: `headers.get('retry-after')`, several cookies by `headers.getSetCookie()`. */
  readonly headers: Headers

  /** The first 64 KiB of the body as text (UTF-8, bad bytes as U+FFFD); `''` when it had none. */
  readonly body: string

  /** @param why what else is to be said of it. @defaultValue that 101 was expected */
  constructor(status: number, headers: HeaderList, body: string, why: string = 'expected 101') {
    super(`Cannot open WebSocket: the server refused the upgrade with status ${status}, ${why}`)
    this.status = status
    this.headers = toHeaders(headers)
    this.body = body
  }
}

/** Headers as the web platform has them; what it does not allow in one is left out (a NUL, which HTTP forbids too). */
export function toHeaders(list: Iterable<readonly [name: string, value: string]>): Headers {
  const headers = new Headers()
  for (const [name, value] of list) {
    try {
      headers.append(name, value)
    } catch {
      // No header of HTTP: nobody could ask for it, or use it.
    }
  }
  return headers
}
