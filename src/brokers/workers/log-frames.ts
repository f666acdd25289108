/**
 * Frames between a worker and the process that holds the log: a header in JSON, and bytes.
 *
 * Layout: the length of the rest and the length of the header (32 bits each, big endian), the
 * header in UTF-8, the body.
 */

/** A frame that has arrived. */
export interface LogFrame {
  readonly header: Readonly<Record<string, unknown>>
  /** Belongs to the receiver. */
  readonly body: Uint8Array
}

const LENGTH_BYTES = 4
const MAX_FRAME_BYTES = 64 * 1024 * 1024

/** The largest message: two frames with such a message stay below the limit of unsent bytes. */
export const MAX_MESSAGE_BYTES: number = 24 * 1024 * 1024

const NOTHING = new Uint8Array(0)

/** Bytes that are no frames of this program. */
export class MalformedFrameError extends Error {
  override readonly name = 'MalformedFrameError'
}

/** @returns fresh memory. */
export function encodeFrame(header: object, body: Uint8Array = NOTHING): Uint8Array {
  const json = Buffer.from(JSON.stringify(header))
  const frame = Buffer.allocUnsafe(2 * LENGTH_BYTES + json.length + body.length)
  frame.writeUInt32BE(frame.length - LENGTH_BYTES, 0)
  frame.writeUInt32BE(json.length, LENGTH_BYTES)
  frame.set(json, 2 * LENGTH_BYTES)
  frame.set(body, 2 * LENGTH_BYTES + json.length)
  return frame
}

/** Cuts a stream of bytes into frames. */
export class FrameReader {
  #chunks: Buffer[] = []
  #length = 0
  /** How many bytes the next frame needs; at first those of its length. */
  #needed = LENGTH_BYTES

  /** @throws {MalformedFrameError} for a frame that is too long, or whose header is no object. */
  push(chunk: Buffer): LogFrame[] {
    this.#chunks.push(chunk)
    this.#length += chunk.length
    if (this.#length < this.#needed) return []
    let bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks)
    const frames: LogFrame[] = []
    for (;;) {
      this.#needed = LENGTH_BYTES
      if (bytes.length < this.#needed) break
      this.#needed += lengthOf(bytes)
      if (bytes.length < this.#needed) break
      frames.push(decodeFrame(bytes.subarray(LENGTH_BYTES, this.#needed)))
      bytes = bytes.subarray(this.#needed)
    }
    this.#chunks = [bytes]
    this.#length = bytes.length
    return frames
  }
}

function lengthOf(bytes: Buffer): number {
  const length = bytes.readUInt32BE(0)
  if (length >= LENGTH_BYTES && length <= MAX_FRAME_BYTES) return length
  throw new MalformedFrameError(`Cannot read a frame: its length is ${length} bytes`)
}

function decodeFrame(bytes: Buffer): LogFrame {
  const end = LENGTH_BYTES + bytes.readUInt32BE(0)
  if (end > bytes.length) {
    throw new MalformedFrameError('Cannot read a frame: its header is longer than the frame')
  }
  const header = parse(bytes.toString('utf8', LENGTH_BYTES, end))
  if (typeof header !== 'object' || header === null) {
    throw new MalformedFrameError('Cannot read a frame: its header is no object')
  }
  // A copy: the chunk may hold many frames, and is shared by them.
  const body = new Uint8Array(bytes.subarray(end))
  return { header: header as LogFrame['header'], body } // checked above
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch (cause) {
    throw new MalformedFrameError('Cannot read a frame: its header is not JSON', { cause })
  }
}
