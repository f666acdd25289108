/** Copies payloads of received frames that wait for the application into memory of their own. */

import { PingFrame, PongFrame } from './control-frames.ts'
import { BinaryFrame, TextFrame } from './data-frames.ts'
import type { Frame } from './frame.ts'
import { asciiBytes, sharesMemory } from '../memory.ts'
import { PayloadPart } from '../payload-part.ts'

/**
 * Copies the payload of `frame` if the memory around it is much larger than the payload. A string
 * of ASCII becomes bytes: strings count towards V8's heap limit, which is lower than the memory
 * budget can be. Only for a received frame that has not been handed to an application.
 */
export function ownPayload(frame: Frame): void {
  if (frame instanceof TextFrame) {
    // Private to the compiler only. The frame is not handed out yet, so its content may be replaced
    // by a copy.
    const content = frame as unknown as { payload: string | Uint8Array | PayloadPart }
    const { payload } = content
    content.payload = typeof payload === 'string' ? asciiBytes(payload) : ownBytesOf(payload)
  } else if (frame instanceof BinaryFrame) {
    // The same.
    const content = frame as unknown as { payload: Uint8Array | PayloadPart }
    content.payload = ownBytesOf(content.payload)
  } else if (frame instanceof PingFrame || frame instanceof PongFrame) {
    // The same.
    const content = frame as { buffer: Uint8Array }
    content.buffer = ownBytes(frame.buffer)
  }
}

/** A part always lies in memory that is much larger. */
function ownBytesOf(payload: Uint8Array | PayloadPart): Uint8Array {
  return payload instanceof PayloadPart ? payload.copy() : ownBytes(payload)
}

/** Returns `bytes`, or a copy if the memory around them is much larger. */
export function ownBytes(bytes: Uint8Array): Uint8Array {
  return bytes.length > 0 && sharesMemory(bytes) ? bytes.slice() : bytes
}
