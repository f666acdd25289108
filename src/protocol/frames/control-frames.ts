/**
 * Ping and pong frames. They are never fragmented, carry at most 125 bytes, and may stand between
 * the fragments of a message (RFC 6455 §5.5).
 */

import { displayBytes, inspectAsString } from '../frame-display.ts'
import { refusePayload } from './frame-payload.ts'
import type { FrameType } from './frame-type.ts'
import { MAX_CONTROL_PAYLOAD_BYTES } from './frame-header.ts'
import { EMPTY_BYTES, isBytes } from '../text.ts'

/** A ping, which the peer answers with a pong of the same payload (§5.5.2). Ktor: `Frame.Ping`. */
export class PingFrame {
  /** The payload, a view and not a copy; at most 125 bytes. */
  readonly buffer: Uint8Array

  /**
   * @param bytes at most 125; none by default; not copied.
   * @throws {RangeError} when there are more.
   * @throws {TypeError} for anything but a `Uint8Array`.
   */
  constructor(bytes: Uint8Array = EMPTY_BYTES) {
    requireControlPayload('Frame.Ping', bytes)
    this.buffer = bytes
  }

  /** Always `true`: control frames are never fragmented. */
  get fin(): true {
    return true
  }

  get frameType(): typeof FrameType.PING {
    return 9
  }

  /** Disposing a control frame does nothing: its memory is small. */
  get disposableHandle(): Disposable {
    return this
  }

  [Symbol.dispose](): void {}

  toString(): string {
    return displayBytes('Ping', this.buffer, true)
  }

  static {
    inspectAsString(this.prototype)
  }
}

/** The answer to a ping, or an unsolicited sign of life (§5.5.3). Ktor: `Frame.Pong`. */
export class PongFrame {
  /** The payload, a view and not a copy; at most 125 bytes. */
  readonly buffer: Uint8Array

  /**
   * @param bytes at most 125; none by default; not copied.
   * @throws {RangeError} when there are more.
   * @throws {TypeError} for anything but a `Uint8Array`.
   */
  constructor(bytes: Uint8Array = EMPTY_BYTES) {
    requireControlPayload('Frame.Pong', bytes)
    this.buffer = bytes
  }

  /** Always `true`: control frames are never fragmented. */
  get fin(): true {
    return true
  }

  get frameType(): typeof FrameType.PONG {
    return 10
  }

  /** Disposing a control frame does nothing: its memory is small. */
  get disposableHandle(): Disposable {
    return this
  }

  [Symbol.dispose](): void {}

  toString(): string {
    return displayBytes('Pong', this.buffer, true)
  }

  static {
    inspectAsString(this.prototype)
  }
}

function requireControlPayload(frame: string, bytes: Uint8Array): void {
  if (!isBytes(bytes)) refusePayload(frame, bytes, 'a Uint8Array')
  if (bytes.length > MAX_CONTROL_PAYLOAD_BYTES) {
    throw new RangeError(
      `Cannot make ${frame} of ${bytes.length} bytes: a control frame carries at most ${MAX_CONTROL_PAYLOAD_BYTES}`,
    )
  }
}
