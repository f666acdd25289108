/** A message that is serialised once and sent to many sessions. */

import type { FrameType } from './frame-type.ts'

let payloadOf: (prepared: PreparedFrame) => Uint8Array
let bytesOf: (prepared: PreparedFrame) => Uint8Array

/**
 * A serialised whole message. `Frame.prepare` makes it, and every `send` takes it, for any number
 * of sessions and for as long as it is kept. Its bytes are a copy, which cannot be changed.
 *
 * A server's session sends the serialised bytes unchanged. Where compression was negotiated, they
 * are compressed once for each set of parameters. A client masks each frame with its own key, and
 * therefore serialises it again.
 */
export class PreparedFrame {
  readonly frameType: typeof FrameType.TEXT | typeof FrameType.BINARY
  /** Read with `preparedPayload`; a public field would let applications change the bytes. */
  readonly #payload: Uint8Array
  readonly #frame: Uint8Array

  /**
   * Not for applications: see `Frame.prepare`.
   *
   * @param frame the frame, unmasked.
   * @param payload a view of the end of `frame`.
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

/** Returns the payload, which must not be changed. For text it is UTF-8. */
export function preparedPayload(prepared: PreparedFrame): Uint8Array {
  return payloadOf(prepared)
}

/** Returns the whole frame, unmasked and uncompressed, which must not be changed. */
export function preparedBytes(prepared: PreparedFrame): Uint8Array {
  return bytesOf(prepared)
}
