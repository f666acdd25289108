/**
 * Where the frame decoder puts what it finds: one method per event, called in the order of the bytes,
 * so that no list of event objects is built.
 */

import type { CloseReason } from '../closing/close-reason.ts'
import type { ProtocolViolation } from '../errors.ts'

/**
 * Receives the events of one connection. Payloads are fresh memory that nobody writes to again: the
 * receiver may keep them, and may hand them to an application.
 */
export interface FrameSink {
  /**
   * A text frame, or one fragment of a text message, typed as its message (continuations too).
   *
   * @param payload the unmasked bytes. If `reservedBits` is 0 they are known to be UTF-8 so far: a
   *   fragment may end, and the next begin, inside a character.
   * @param fin whether the message ends here.
   * @param reservedBits RSV1 is 4, RSV2 is 2, RSV3 is 1, those of the message's *first* frame; only bits
   *   that an extension has claimed are ever set.
   */
  text(payload: Uint8Array, fin: boolean, reservedBits: number): void

  /** The same for a binary message. */
  binary(payload: Uint8Array, fin: boolean, reservedBits: number): void

  /** A Ping; at most 125 bytes. */
  ping(payload: Uint8Array): void

  /** A Pong; at most 125 bytes. */
  pong(payload: Uint8Array): void

  /** The peer's Close: the last event of all. `null` when it gave no code (RFC 6455 §7.1.5). */
  close(reason: CloseReason | null): void

  /** The peer broke a rule or a limit: the last event of all. `error.closeCode` is what to fail with. */
  violation(error: ProtocolViolation): void
}
