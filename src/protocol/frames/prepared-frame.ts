/**
 * A message that is serialised once and sent to many.
 */

import type { FrameType } from './frame-type.ts'

let payloadOf: (prepared: PreparedFrame) => Uint8Array
let bytesOf: (prepared: PreparedFrame) => Uint8Array

/**
 * A whole message that has been serialised: made by `Frame.prepare`, taken by every `send`, for any
 * number of sessions and for as long as it is kept. Its bytes are a copy, and nobody can change
 * them.
 *
 * A server's session sends the serialised bytes as they are. Where compression was agreed on, they
 * are compressed once for each set of parameters. A client masks each frame with a key of its own,
 * and so serialises it again.
 */
export class PreparedFrame {
  readonly frameType: typeof FrameType.TEXT | typeof FrameType.BINARY
  /** Read with `preparedPayload`: whoever had it could change it. */
  readonly #payload: Uint8Array
  readonly #frame: Uint8Array

  /**
   * Not for applications: see `Frame.prepare`.
   *
   * @param frame the frame, unmasked.
   * @param payload where `frame` ends with it.
   */
  constructor(
    frameType: typeof FrameType.TEXT | typeof FrameType.BINARY,
    frame: Uint8Array,
    payload: Uint8Array,
  ) {
    this.frameType = frameType
    this.#frame = frame
    this.#payload = payload
  }

  /** A prepared frame is a whole message. */
  get fin(): true {
    return true
  }

  /** Size of the payload in bytes, before any compression. */
  get byteLength(): number {
    return this.#payload.length
  }

  static {
    payloadOf = (prepared) => prepared.#payload
    bytesOf = (prepared) => prepared.#frame
  }
}

/** The payload, which nobody may change. For text it is UTF-8. */
export function preparedPayload(prepared: PreparedFrame): Uint8Array {
  return payloadOf(prepared)
}

/** The whole frame, unmasked and uncompressed, which nobody may change. */
export function preparedBytes(prepared: PreparedFrame): Uint8Array {
  return bytesOf(prepared)
}
