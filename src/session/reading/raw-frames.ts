/**
 * The sink of raw sessions: the handler sees every frame and fragment, and nothing is answered.
 */

import {
  type CloseReason,
  Frame,
  type FrameSink,
  type ProtocolViolation,
} from '../../protocol/internal.ts'

/** Where the frames of a raw session go. */
export interface RawFrameCalls {
  /** A message, or a fragment of one; `size` is its payload's, in bytes. */
  readonly message: (frame: Frame, size: number) => void
  /** A ping or a pong. */
  readonly control: (frame: Frame, size: number) => void
  /** The Close frame, which is the last frame of all; `null`: it held no code. */
  readonly close: (frame: Frame, reason: CloseReason | null) => void
  readonly violation: (error: ProtocolViolation) => void
}

/** Shows frames as they came. */
export class RawFrames implements FrameSink {
  readonly #calls: RawFrameCalls

  constructor(calls: RawFrameCalls) {
    this.#calls = calls
  }

  text(payload: Uint8Array, fin: boolean): void {
    this.#calls.message(new Frame.Text(payload, { fin }), payload.length)
  }

  binary(payload: Uint8Array, fin: boolean): void {
    this.#calls.message(new Frame.Binary(payload, { fin }), payload.length)
  }

  ping(payload: Uint8Array): void {
    this.#calls.control(new Frame.Ping(payload), payload.length)
  }

  pong(payload: Uint8Array): void {
    this.#calls.control(new Frame.Pong(payload), payload.length)
  }

  close(reason: CloseReason | null): void {
    this.#calls.close(reason === null ? new Frame.Close() : new Frame.Close(reason), reason)
  }

  violation(error: ProtocolViolation): void {
    this.#calls.violation(error)
  }
}
