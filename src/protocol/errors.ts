/**
 * The errors of the protocol: what a peer did wrong, what we did wrong, and a handshake that fails.
 *
 * A violation by the peer never throws out of a session: it ends that one session with `closeCode` and is
 * what `incoming` fails with.
 */

import { TowpathError } from '../base/index.ts'

/** The peer broke a rule or a limit, and the connection is failed with `closeCode` (RFC 6455 §7.1.7). */
export abstract class ProtocolViolation extends TowpathError {
  /** The code of the Close frame that we answer with (§7.4.1). */
  abstract readonly closeCode: number
}

/** The peer broke a rule of RFC 6455 or of an extension: 1002, or 1007 for text that is not UTF-8. */
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
 * A frame or a message of the peer is larger than allowed; found from the announced length, before any of it is kept,
 * or while a compressed message is inflated: `size` is then where that stopped.
 */
export class FrameTooBigError extends ProtocolViolation {
  override readonly name = 'FrameTooBigError'
  readonly code = 'TOWPATH_FRAME_TOO_BIG'
  readonly closeCode = 1009

  /** Whose limit it is. */
  readonly what: 'frame' | 'message'

  /** What it would have been, in bytes: of the frame, or of the message up to the end of this frame. */
  readonly size: number

  /** What is allowed, in bytes. */
  readonly limit: number

  constructor(what: 'frame' | 'message', size: number, limit: number, options?: ErrorOptions) {
    super(`Cannot accept ${what} of ${size} bytes: at most ${limit} bytes are allowed`, options)
    this.what = what
    this.size = size
    this.limit = limit
  }
}

/**
 * The peer cut a message into more fragments than allowed. 1008 and not 1009: the message may be small, it
 * is the way of sending that is refused (an attack that makes each byte cost an object).
 */
export class TooManyFragmentsError extends ProtocolViolation {
  override readonly name = 'TooManyFragmentsError'
  readonly code = 'TOWPATH_TOO_MANY_FRAGMENTS'
  readonly closeCode = 1008

  /** Fragments of this message so far, the refused one included; empty ones count. */
  readonly fragments: number

  /** How many are allowed. */
  readonly limit: number

  constructor(fragments: number, limit: number) {
    super(`Cannot accept fragment ${fragments} of one message: at most ${limit} are allowed`)
    this.fragments = fragments
    this.limit = limit
  }
}

/** What we were told to send, or asked to read, is not possible in the protocol: a bug on this side. */
export class LocalProtocolError extends TowpathError {
  override readonly name = 'LocalProtocolError'
  readonly code = 'TOWPATH_LOCAL_PROTOCOL'
}

/** Headers in order, each with its value; a name may occur more than once. */
export type HeaderList = ReadonlyArray<readonly [name: string, value: string]>

/**
 * An opening handshake failed. On a server it says what to answer: `status`, `headers`, and `message` as
 * the body. On a client `status` and `headers` are those of the answer that was refused.
 */
export class HandshakeError extends TowpathError {
  override readonly name = 'HandshakeError'
  readonly code = 'TOWPATH_HANDSHAKE'

  /** An HTTP status, 100 to 599. */
  readonly status: number

  /** On a server what the answer needs beside the usual (such as `Sec-WebSocket-Version`); may be empty. */
  readonly headers: HeaderList

  constructor(status: number, message: string, headers: HeaderList = [], options?: ErrorOptions) {
    super(message, options)
    this.status = status
    this.headers = headers
  }
}
