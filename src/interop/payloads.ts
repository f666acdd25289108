/**
 * What other libraries give to `send` and expect of a message, and the frames of a session.
 */

import { kindOf } from '../base/internal.ts'
import { Frame } from '../protocol/index.ts'

/** What `send` of such a socket takes. */
export type SocketData = string | ArrayBufferLike | ArrayBufferView

/** How `message` events show binary messages. */
export type BinaryType = 'nodebuffer' | 'arraybuffer'

/**
 * Makes a frame of what a library sends. `binary` overrides the kind: a string as a binary message,
 * or bytes as text.
 *
 * @throws {TypeError} for anything that is not a string or bytes.
 */
export function frameOf(data: SocketData, binary: boolean | undefined): Frame {
  const isBinary = binary ?? typeof data !== 'string'
  if (typeof data === 'string') {
    return isBinary ? new Frame.Binary(Buffer.from(data)) : new Frame.Text(data)
  }
  const bytes = bytesOf(data)
  return isBinary ? new Frame.Binary(bytes) : new Frame.Text(bytes)
}

/**
 * Shows bytes as a `Uint8Array`, without a copy.
 *
 * @throws {TypeError} for anything that is not a string or bytes.
 */
export function bytesOf(data: SocketData): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data)
  if (data instanceof Uint8Array) return data
  if (ArrayBuffer.isView(data)) {
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  }
  const given: unknown = data
  if (given instanceof ArrayBuffer || given instanceof SharedArrayBuffer) {
    return new Uint8Array(given)
  }
  throw new TypeError(`Cannot send: the data is ${kindOf(given)}, expected a string or bytes`)
}

/** The payload of a frame as a Buffer, without a copy. */
export function bufferOf({ buffer }: Frame): Buffer {
  return Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength)
}

/** The payload of a frame as an ArrayBuffer of its own. */
export function arrayBufferOf({ buffer }: Frame): ArrayBuffer {
  const copy = new ArrayBuffer(buffer.byteLength)
  new Uint8Array(copy).set(buffer)
  return copy
}
