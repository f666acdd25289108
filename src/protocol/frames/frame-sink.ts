/**
 * The interface between the decoder and its user: one method per event, called in the order of the
 * bytes, so that no list of event objects is built.
 */

import type { CloseReason } from '../closing/close-reason.ts'
import type { ProtocolViolation } from '../errors.ts'

/**
 * Receives the events of one connection. Payloads are fresh memory, which is never written to
 * again: the receiver may keep them and hand them to an application.
 */
export interface FrameSink {
  /**
   * A text frame, or one fragment of a text message. Continuations have the type of their message.
   *
   * @param payload the unmasked bytes. If `reservedBits` is 0, they are valid UTF-8 so far: a
   *   fragment may end, and the next begin, inside a character.
   * @param fin whether the message ends here.
   * @param reservedBits the reserved bits of the message's *first* frame: RSV1 is 4, RSV2 is 2,
   *   RSV3 is 1. Only bits that an extension has claimed are ever set.
   */
  text(payload: Uint8Array, fin: boolean, reservedBits: number): void

  /**
   * A whole text message of ASCII characters, as a string: called instead of `text`, if the sink
   * has this method, for messages that cost less as a string than as bytes.
   */
  asciiText?(text: string): void

  /** A binary frame or fragment, with the same parameters. */
  binary(payload: Uint8Array, fin: boolean, reservedBits: number): void

  /** A Ping; at most 125 bytes. */
  ping(payload: Uint8Array): void

  /** A Pong; at most 125 bytes. */
  pong(payload: Uint8Array): void

  /**
   * The peer's Close frame, always the last event. `null` when it had no code (RFC 6455 §7.1.5).
   */
  close(reason: CloseReason | null): void

  /** The peer violated a rule or a limit; always the last event. Fail with `error.closeCode`. */
  violation(error: ProtocolViolation): void
}
