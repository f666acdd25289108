/**
 * Frames of HTTP/2 (RFC 9113 §4.1) and header blocks (RFC 7541), as far as cases write and watch
 * them.
 */

/** The kinds of frames that matter here. */
export const FrameKind = {
  DATA: 0,
  HEADERS: 1,
  RST_STREAM: 3,
  SETTINGS: 4,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const

export const END_STREAM = 1
export const ACK = 1
export const END_HEADERS = 4
export const PADDED = 8

/** SETTINGS_ENABLE_CONNECT_PROTOCOL (RFC 8441 §3). */
export const ENABLE_CONNECT_PROTOCOL = 8

/** Error codes (RFC 9113 §7). */
export const PROTOCOL_ERROR = 1
export const CANCEL = 8

const HEAD_BYTES = 9
/** Neither side has allowed a larger payload. */
const MAX_PAYLOAD_BYTES = 16_384
/** A length below this fits into its first byte (RFC 7541 §5.1, seven bits). */
const LONG_STRING = 127

/** The head and the payload of one frame. */
export interface Http2Frame {
  readonly kind: number
  readonly flags: number
  readonly stream: number
  readonly payload: Uint8Array
}

/** A header field. */
export type Field = readonly [name: string, value: string]

/** Returns the bytes of a frame. */
export function frameBytes({ kind, flags, stream, payload }: Http2Frame): Buffer {
  const head = Buffer.alloc(HEAD_BYTES)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = kind
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** Returns fields as literals without an index and without Huffman codes (RFC 7541 §6.2.2). */
export function headerBlock(fields: readonly Field[]): Buffer {
  return Buffer.concat(
    fields.flatMap(([name, value]) => [Buffer.of(0), literal(name), literal(value)]),
  )
}

function literal(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1')
  if (bytes.length < LONG_STRING) return Buffer.concat([Buffer.of(bytes.length), bytes])
  const length = [LONG_STRING]
  let rest = bytes.length - LONG_STRING
  for (; rest > 127; rest >>= 7) length.push((rest & 127) | 128)
  return Buffer.concat([Buffer.from([...length, rest]), bytes])
}

/** Cuts bytes into frames. It stops at a frame that is larger than allowed. */
export class FrameSplitter {
  /** Whether a frame was larger than allowed. */
  isOver = false
  readonly #take: (frame: Http2Frame) => void
  #waiting: Buffer = Buffer.alloc(0)

  /** @param take gets each frame. */
  constructor(take: (frame: Http2Frame) => void) {
    this.#take = take
  }

  push(bytes: Uint8Array): void {
    if (this.isOver) return
    this.#waiting = Buffer.concat([this.#waiting, bytes])
    while (this.#waiting.length >= HEAD_BYTES) {
      const size = this.#waiting.readUIntBE(0, 3)
      if (size > MAX_PAYLOAD_BYTES) {
        this.isOver = true
        this.#waiting = Buffer.alloc(0)
        return
      }
      if (this.#waiting.length < HEAD_BYTES + size) return
      const [kind = 0, flags = 0] = this.#waiting.subarray(3)
      const stream = this.#waiting.readUInt32BE(5) & 0x7fff_ffff
      const payload = this.#waiting.subarray(HEAD_BYTES, HEAD_BYTES + size)
      this.#waiting = this.#waiting.subarray(HEAD_BYTES + size)
      this.#take({ kind, flags, stream, payload })
    }
  }
}
