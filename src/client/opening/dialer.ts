/**
 * The interface between a client and its network: DNS, TCP, TLS, proxies, HTTP.
 *
 * The client owns this interface. Engines implement it: Node's sockets, memory.
 */

import type { HandshakeResponse, HeaderList } from '../../protocol/index.ts'
import type { Transport } from '../../session/index.ts'
import type { NetworkStep } from './errors.ts'

/** One upgrade request. */
export interface DialRequest {
  /** `ws:` or `wss:`, without fragment and credentials. */
  readonly url: URL

  /** All headers of the request, in order, including `Host`. Names and values are checked. */
  readonly headers: HeaderList

  /**
   * Whether a redirect led to another origin (scheme, host and port). The dialer must then not use
   * what identifies the client or belongs to the first host: client certificates, server names.
   */
  readonly isElsewhere: boolean

  /**
   * Time limit for all steps before `handshake` together, in milliseconds; `null`: no limit. The
   * client enforces it. A dialer that tries several addresses gives each of them a part of it.
   */
  readonly connectTimeout: number | null

  /**
   * The dialer reports each step, in order; it begins at `resolve`. The client's deadlines and
   * errors depend on it. A dialer that has to make another connection reports its steps again.
   * `handshake` means that the connection exists and the request is being sent.
   */
  readonly entered: (step: Exclude<NetworkStep, 'resolve' | 'protocol'>) => void

  /**
   * Aborts at a deadline, or with the user's signal. The dialer then releases everything and
   * rejects with the signal's reason. If an answer's body is still arriving, the dialer instead
   * resolves with the part that has arrived.
   */
  readonly signal: AbortSignal
}

/** The result of a request: a switched connection, or a plain answer. */
export type DialOutcome = DialSwitched | DialAnswered

/** How a request asks for a session: an upgrade of HTTP/1.1, or an extended CONNECT (RFC 8441). */
export type Bootstrap = 'upgrade' | 'connect'

/**
 * The server answered 101, or 200 to an extended CONNECT. `transport` first delivers the bytes that
 * arrived after the answer.
 */
export interface DialSwitched {
  readonly type: 'switched'
  /** @defaultValue 'upgrade' */
  readonly bootstrap?: Bootstrap
  readonly response: HandshakeResponse
  /** Not started. The receiver must start or abort it. */
  readonly transport: Transport
}

/** The server answered with another status. The connection is released. */
export interface DialAnswered {
  readonly type: 'answered'
  /** @defaultValue 'upgrade' */
  readonly bootstrap?: Bootstrap
  readonly response: HandshakeResponse
  /** The first 64 KiB of the body, not decoded; empty if there is none. */
  readonly body: Uint8Array
}

/** Makes connections. */
export interface Dialer {
  /**
   * Sends one request and waits for its answer.
   *
   * @throws {ConnectError} (by rejecting) with the step that failed; the signal's reason if it
   *   aborted.
   */
  dial(request: DialRequest): Promise<DialOutcome>
}
