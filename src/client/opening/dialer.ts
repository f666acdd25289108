/**
 * The narrow waist between a client and whatever gets it a connection: names, TCP, TLS, proxies, HTTP.
 *
 * The client owns this interface and engines implement it (Node's sockets, memory).
 */

import type { HandshakeResponse, HeaderList } from '../../protocol/index.ts'
import type { Transport } from '../../session/index.ts'
import type { NetworkStep } from './errors.ts'

/** One request to upgrade. */
export interface DialRequest {
  /** Whither: `ws:` or `wss:`, without a fragment and without credentials. */
  readonly url: URL

  /** All headers of the request, in order, `Host` among them. Names and values are checked. */
  readonly headers: HeaderList

  /**
   * Whether a redirect has led away from the origin that was asked for (scheme, host and port). What proves who the
   * client is, and what was said about that one host, is not for this one: client certificates, server names.
   */
  readonly isElsewhere: boolean

  /**
   * How long all steps before `handshake` may take together, in milliseconds; `null`: no limit. The client keeps this
   * deadline itself. A dialer that tries several addresses gives each of them a part of it.
   */
  readonly connectTimeout: number | null

  /**
   * The dialer says how far it has come, each step at most once and in this order; it begins at `resolve`. The deadlines
   * of the client hang on it (`handshake`: the connection is there, and the request goes out) and its errors.
   */
  readonly entered: (step: Exclude<NetworkStep, 'resolve' | 'protocol'>) => void

  /**
   * Fires when the client has lost its patience, with the reason that the call is to reject with. The dialer
   * drops what it has by then, and nothing of it stays behind. An answer whose body is still coming is an
   * outcome all the same, with as much of the body as there is.
   */
  readonly signal: AbortSignal
}

/** What came of a request: another protocol on the same connection, or an ordinary answer. */
export type DialOutcome = DialSwitched | DialAnswered

/** The server answered 101. What it sent behind that is delivered by `transport`, first. */
export interface DialSwitched {
  readonly type: 'switched'
  readonly response: HandshakeResponse
  /** Not started yet. Whoever was given it starts or aborts it. */
  readonly transport: Transport
}

/** The server answered anything else. The connection is done with. */
export interface DialAnswered {
  readonly type: 'answered'
  readonly response: HandshakeResponse
  /** The first 64 KiB of the body, not decoded; empty when there is none. */
  readonly body: Uint8Array
}

/** Gets connections. */
export interface Dialer {
  /**
   * Sends one request and waits for its answer.
   *
   * @throws {ConnectError} (by rejecting) with the step that failed; the signal's reason when that fired.
   */
  dial(request: DialRequest): Promise<DialOutcome>
}
