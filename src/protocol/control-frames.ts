/**
 * Close, ping and pong frames: whole in themselves, at most 125 bytes, allowed between the fragments of a
 * message (RFC 6455 §5.5).
 */

import { CloseReason, encodeClosePayload, requireTravelling } from './close-reason.ts'
import { displayBytes, inspectAsString } from './frame-display.ts'
import { NOTHING_TO_RELEASE, refusePayload } from './frame-payload.ts'
import { FrameType } from './frame-type.ts'
import { MAX_CONTROL_PAYLOAD_BYTES } from './frame-header.ts'
import { EMPTY_BYTES, isBytes } from './text.ts'

/** The end of what one side sends (§5.5.1). Sending one is `close(reason)`. Ktor: `Frame.Close`. */
export class CloseFrame {
  // Seen by deep comparisons, like the content of the data frames.
  private readonly reason: CloseReason | null
  #encoded: Uint8Array | null

  /**
   * @param reason what the frame says; without it the frame is empty.
   * @throws {RangeError} for a code that never travels, such as 1005 and 1006.
   * @throws {TypeError} for anything but a `CloseReason`.
   */
  constructor(reason?: CloseReason | null) {
    if (reason !== undefined && reason !== null) {
      if (!(reason instanceof CloseReason)) refusePayload('Frame.Close', reason, 'a CloseReason')
      requireTravelling(reason)
    }
    this.reason = reason ?? null
    this.#encoded = null
  }

  /** Always `true`: control frames are never fragmented. */
  get fin(): true {
    return true
  }

  get frameType(): typeof FrameType.CLOSE {
    return FrameType.CLOSE
  }

  /** The payload: empty, or a code of 2 bytes and the message as UTF-8. Encoded at the first call. */
  get buffer(): Uint8Array {
    this.#encoded ??= encodeClosePayload(this.reason)
    return this.#encoded
  }

  /** There is nothing to release: memory is the garbage collector's. */
  get disposableHandle(): Disposable {
    return NOTHING_TO_RELEASE
  }

  /** The reason; `null` when the frame carries no code. */
  readReason(): CloseReason | null {
    return this.reason
  }

  [Symbol.dispose](): void {}

  toString(): string {
    return `Frame.Close <${this.reason?.toString() ?? ''}>`
  }

  static {
    inspectAsString(this.prototype)
  }
}

/** A question that the peer answers with a pong of the same payload (§5.5.2). Ktor: `Frame.Ping`. */
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
    return FrameType.PING
  }

  /** There is nothing to release: memory is the garbage collector's. */
  get disposableHandle(): Disposable {
    return NOTHING_TO_RELEASE
  }

  [Symbol.dispose](): void {}

  toString(): string {
    return displayBytes('Ping', this.buffer, true)
  }

  static {
    inspectAsString(this.prototype)
  }
}

/** The answer to a ping, or a sign of life of its own (§5.5.3). Ktor: `Frame.Pong`. */
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
    return FrameType.PONG
  }

  /** There is nothing to release: memory is the garbage collector's. */
  get disposableHandle(): Disposable {
    return NOTHING_TO_RELEASE
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
