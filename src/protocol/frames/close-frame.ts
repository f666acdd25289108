/** Close frames. Every platform can send this control frame (RFC 6455 §5.5), browsers included. */

import { CloseReason, encodeClosePayload, requireTravelling } from '../closing/close-reason.ts'
import { inspectAsString } from '../frame-display.ts'
import { refusePayload } from './frame-payload.ts'
import type { FrameType } from './frame-type.ts'

/**
 * A Close frame, which ends one direction (§5.5.1). Sending one is `close(reason)`. Ktor:
 * `Frame.Close`.
 */
export class CloseFrame {
  // A visible field, so that deep comparisons see it.
  private readonly reason: CloseReason | null
  #encoded: Uint8Array | null

  /**
   * @param reason the code and message; without a reason the frame is empty.
   * @throws {RangeError} for a code that may not be sent, such as 1005 and 1006.
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
    return 8
  }

  /**
   * The payload: empty, or a code of 2 bytes and the message as UTF-8. Encoded at the first call.
   */
  get buffer(): Uint8Array {
    return (this.#encoded ??= encodeClosePayload(this.reason))
  }

  /** Disposing a control frame does nothing: its memory is small. */
  get disposableHandle(): Disposable {
    return this
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
