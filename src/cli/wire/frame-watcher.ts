/**
 * Reads the headers of the frames in one direction of a connection (RFC 6455 §5.2), to show and
 * count them. The session decodes and checks the same bytes; this reader keeps no message.
 */

/** A frame that has passed. */
export interface SeenFrame {
  /** 0 to 15. */
  readonly opcode: number
  readonly fin: boolean
  /** RSV1 to RSV3 as bits: 4 is RSV1, a compressed message. */
  readonly reserved: number
  /** Bytes of payload on the wire. */
  readonly byteLength: number
  /** The payload of a control frame, unmasked, a copy; empty for other frames. */
  readonly payload: Uint8Array
}

const CONTROL_BIT = 0x08
const MAX_CONTROL_BYTES = 125
const MAX_HEADER_BYTES = 14

/** Reads one direction. After bytes that no valid frame begins with, it reads nothing more. */
export class FrameWatcher {
  readonly #seen: (frame: SeenFrame) => void
  readonly #header = new Uint8Array(MAX_HEADER_BYTES)
  #headerBytes = 0
  #frame: {
    readonly first: number
    readonly byteLength: number
    readonly key: Uint8Array | null
  } | null = null
  #payload: number[] = []
  #left = 0
  #isLost = false

  /** @param seen called with each frame once it has passed as a whole. */
  constructor(seen: (frame: SeenFrame) => void) {
    this.#seen = seen
  }

  /** Reads the next bytes, which are lent. */
  watch(bytes: Uint8Array): void {
    let at = 0
    while (at < bytes.length && !this.#isLost) {
      at = this.#frame === null ? this.#readHeader(bytes, at) : this.#readPayload(bytes, at)
    }
  }

  #readHeader(bytes: Uint8Array, from: number): number {
    let at = from
    while (at < bytes.length) {
      this.#header[this.#headerBytes++] = bytes[at++] ?? 0
      if (this.#headerBytes < headerSize(this.#header, this.#headerBytes)) continue
      this.#begin()
      break
    }
    return at
  }

  #begin(): void {
    const [first = 0, second = 0] = this.#header
    const byteLength = lengthOf(this.#header)
    const isMasked = second >= 0x80
    const key = isMasked ? this.#header.slice(this.#headerBytes - 4, this.#headerBytes) : null
    this.#headerBytes = 0
    this.#isLost = (first & CONTROL_BIT) !== 0 && byteLength > MAX_CONTROL_BYTES
    if (this.#isLost) return
    this.#frame = { first, byteLength, key }
    this.#left = byteLength
    if (byteLength === 0) this.#end()
  }

  #readPayload(bytes: Uint8Array, from: number): number {
    const to = Math.min(bytes.length, from + this.#left)
    const isControl = ((this.#frame?.first ?? 0) & CONTROL_BIT) !== 0
    if (isControl) this.#payload.push(...bytes.subarray(from, to))
    this.#left -= to - from
    if (this.#left === 0) this.#end()
    return to
  }

  #end(): void {
    if (this.#frame === null) return
    const { first, byteLength, key } = this.#frame
    const payload = Uint8Array.from(this.#payload, (byte, index) => byte ^ (key?.[index & 3] ?? 0))
    this.#frame = null
    this.#payload = []
    this.#seen({
      opcode: first & 0x0f,
      fin: first >= 0x80,
      reserved: (first >> 4) & 0x07,
      byteLength,
      payload,
    })
  }
}

/** The size of a header, as far as it is known from its first `known` bytes. */
function headerSize(header: Uint8Array, known: number): number {
  if (known < 2) return 2
  const second = header[1] ?? 0
  const short = second & 0x7f
  const lengthBytes = short === 127 ? 8 : short === 126 ? 2 : 0
  return 2 + lengthBytes + (second >= 0x80 ? 4 : 0)
}

function lengthOf(header: Uint8Array): number {
  const short = (header[1] ?? 0) & 0x7f
  if (short < 126) return short
  const end = short === 126 ? 4 : 10
  return header.subarray(2, end).reduce((sum, byte) => sum * 256 + byte, 0)
}
