/**
 * Payloads of frames that arrived, in memory of their own.
 */

import { PingFrame, PongFrame } from './control-frames.ts'
import { BinaryFrame, TextFrame } from './data-frames.ts'
import type { Frame } from './frame.ts'
import { sharesMemory } from '../memory.ts'

/**
 * Copies the payload of `frame` out of memory that is much larger than the payload, if it lies in such memory.
 * Only for a frame that nobody else has seen yet.
 */
export function ownPayload(frame: Frame): void {
  if (frame instanceof TextFrame) {
    // Private to the compiler only; the frame is still ours, so its content may be exchanged for a copy.
    const content = frame as unknown as { payload: string | Uint8Array }
    if (typeof content.payload !== 'string') content.payload = ownBytes(content.payload)
  } else if (
    frame instanceof BinaryFrame ||
    frame instanceof PingFrame ||
    frame instanceof PongFrame
  ) {
    // The same.
    const content = frame as { buffer: Uint8Array }
    content.buffer = ownBytes(frame.buffer)
  }
}

/** `bytes`, or a copy of them where they lie in memory that is much larger. */
export function ownBytes(bytes: Uint8Array): Uint8Array {
  return bytes.length > 0 && sharesMemory(bytes) ? bytes.slice() : bytes
}
