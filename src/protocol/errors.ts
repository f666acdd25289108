/**
 * The errors of the protocol: violations by the peer, mistakes on this side, and failed handshakes.
 *
 * A violation by the peer never throws out of a session: it ends that one session with `closeCode`,
 * and `incoming` fails with it.
 */

import { TowpathError } from '../base/index.ts'

/**
 * The peer violated a rule or a limit, and the connection is failed with `closeCode` (RFC 6455
 * §7.1.7).
 */
export abstract class ProtocolViolation extends TowpathError {
  /** The code of the Close frame that this side sends (§7.4.1). */
  abstract readonly closeCode: number
}

/** The peer violated RFC 6455 or an extension: 1002, or 1007 for text that is not UTF-8. */
export class ProtocolViolationError extends ProtocolViolation {
  override readonly name = 'ProtocolViolationError'
  readonly code = 'TOWPATH_PROTOCOL_VIOLATION'
  readonly closeCode: 1002 | 1007

  constructor(closeCode: 1002 | 1007, message: string, options?: ErrorOptions) {
    super(message, options)
    this.closeCode = closeCode
  }
}

/**
 * A frame or a message of the peer exceeds a limit. This is found from the announced length before
 * memory is allocated, or while a compressed message is inflated: `size` is then where inflating
 * stopped.
 */
export class FrameTooBigError extends ProtocolViolation {
  override readonly name = 'FrameTooBigError'
  readonly code = 'TOWPATH_FRAME_TOO_BIG'
  readonly closeCode = 1009

  /** Which limit was exceeded. */
  readonly what: 'frame' | 'message'

  /** The size in bytes: of the frame, or of the message up to the end of this frame. */
  readonly size: number

  /** The limit, in bytes. */
  readonly limit: number

  constructor(what: 'frame' | 'message', size: number, limit: number, options?: ErrorOptions) {
    super(`Cannot accept ${what} of ${size} bytes: at most ${limit} bytes are allowed`, options)
    this.what = what
    this.size = size
    this.limit = limit
  }
}

/**
 * The peer sent a message in more fragments than allowed. The code is 1008 and not 1009: the
 * message may be small, but each of its bytes could cost an object.
 */
export class TooManyFragmentsError extends ProtocolViolation {
  override readonly name = 'TooManyFragmentsError'
  readonly code = 'TOWPATH_TOO_MANY_FRAGMENTS'
  readonly closeCode = 1008

  /** Fragments of this message so far, including the refused one; empty fragments count. */
  readonly fragments: number

  /** The limit. */
  readonly limit: number

  constructor(fragments: number, limit: number) {
    super(`Cannot accept fragment ${fragments} of one message: at most ${limit} are allowed`)
    this.fragments = fragments
    this.limit = limit
  }
}

/** The protocol does not allow what the application asked to send or read: a bug on this side. */
export class LocalProtocolError extends TowpathError {
  override readonly name = 'LocalProtocolError'
  readonly code = 'TOWPATH_LOCAL_PROTOCOL'
}

/** Headers in order, with their values; a name may occur more than once. */
export type HeaderList = ReadonlyArray<readonly [name: string, value: string]>

/**
 * An opening handshake failed. On a server, the response has `status`, `headers`, and `message` as
 * the body. On a client, `status` and `headers` are those of the refused response.
 */
export class HandshakeError extends TowpathError {
  override readonly name = 'HandshakeError'
  readonly code = 'TOWPATH_HANDSHAKE'

  /** An HTTP status, 100 to 599. */
  readonly status: number

  /**
   * On a server, additional headers of the response (such as `Sec-WebSocket-Version`); may be
   * empty.
   */
  readonly headers: HeaderList

  constructor(status: number, message: string, headers: HeaderList = [], options?: ErrorOptions) {
    super(message, options)
    this.status = status
    this.headers = headers
  }
}
