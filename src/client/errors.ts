/**
 * What a client finds out before there is a session: nobody there, or somebody who refuses.
 */

import { TowpathError } from '../base/index.ts'
import type { HeaderList } from '../protocol/index.ts'

/**
 * Where the way to a session ended:
 * - `resolve`: the name of the host has no address;
 * - `connect`: no connection to the address (nobody listens, no route, no answer in time);
 * - `proxy`: the agent's proxy refused, or could not be reached;
 * - `tls`: no agreement on encryption, or a certificate that is not the host's;
 * - `handshake`: the connection ended, or stayed silent, before there was an answer to the request;
 * - `protocol`: the answer is no HTTP, or a 101 that breaks a rule of RFC 6455 §4.1.
 */
export type ConnectStep = 'resolve' | 'connect' | 'proxy' | 'tls' | 'handshake' | 'protocol'

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

  /** The headers of the answer, in order. */
  readonly headers: HeaderList

  /** The first 64 KiB of the body as text (UTF-8, bad bytes as U+FFFD); `''` when it had none. */
  readonly body: string

  constructor(status: number, headers: HeaderList, body: string) {
    super(
      `Cannot open WebSocket: the server refused the upgrade with status ${status}, expected 101`,
    )
    this.status = status
    this.headers = headers
    this.body = body
  }
}
