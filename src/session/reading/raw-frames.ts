/**
 * The decoder's sink for raw sessions: the handler receives every frame and every fragment, and the
 * session answers none.
 */

import {
  type CloseReason,
  Frame,
  type FrameSink,
  type ProtocolViolation,
} from '../../protocol/internal.ts'

/** The read half, as the sink sees it. */
export interface RawFrameCalls {
  /** A message or a fragment of one. `size` is the size of its payload in bytes. */
  readonly message: (frame: Frame, size: number) => void
  /** A ping or a pong. */
  readonly control: (frame: Frame, size: number) => void
  /** The Close frame, which is the last frame. `reason` is `null` if the frame has no code. */
  readonly close: (frame: Frame, reason: CloseReason | null) => void
  readonly violation: (error: ProtocolViolation) => void
}

/** Passes on frames as they were received. */
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
