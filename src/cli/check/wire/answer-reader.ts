/**
 * Reads the frames of an answer, independently of the decoder. Its memory is bounded by a budget.
 */

import { hexOf } from '../../printable.ts'
import { joined } from './frame-bytes.ts'

/** A frame of the answer. */
export interface AnswerFrame {
  readonly first: number
  /** Without the mask. */
  readonly payload: Uint8Array
  /** The mask key in hex; `null`: no mask. */
  readonly key: string | null
}

interface Header {
  readonly first: number
  readonly isMasked: boolean
  readonly length: number
  readonly size: number
}

/** Reads frames as bytes arrive. After a problem it reads no more. */
export class AnswerReader {
  readonly frames: AnswerFrame[] = []
  /** Messages that have ended. */
  messageCount = 0
  /** What no peer may send; `null`: nothing. */
  problem: string | null = null
  /** Whether a Close frame has come. */
  isClosed = false
  readonly #isMasked: boolean
  readonly #budget: number
  #size = 0
  #chunks: Uint8Array[] = []
  #pending = 0
  #needed = 2

  /**
   * @param isMasked whether the frames must be masked: those of a client.
   * @param budget how many bytes are read at most.
   */
  constructor(isMasked: boolean, budget: number) {
    this.#isMasked = isMasked
    this.#budget = budget
  }

  /** Whether bytes of a frame are there that has not ended. */
  get isInsideFrame(): boolean {
    return this.#pending > 0
  }

  /** How many bytes are missing at least until the next frame is there. */
  get missingBytes(): number {
    return Math.max(1, this.#needed - this.#pending)
  }

  read(bytes: Uint8Array): void {
    if (this.problem !== null) return
    this.#size += bytes.length
    if (this.#size > this.#budget) {
      this.problem = `it sent more than the ${this.#budget} bytes that an answer can have`
      this.#chunks = []
      return
    }
    this.#chunks.push(bytes)
    this.#pending += bytes.length
    if (this.#pending >= this.#needed) this.#readFrames(joined(this.#chunks))
  }

  #readFrames(bytes: Uint8Array): void {
    let at = 0
    for (;;) {
      const header = headerAt(bytes, at)
      if (header === null) {
        this.#needed = bytes.length - at + 1
        break
      }
      this.problem = problemOf(header, this.#isMasked)
      const body = at + header.size
      if (this.problem !== null) return
      if (bytes.length < body + header.length) {
        this.#needed = header.size + header.length
        break
      }
      this.#add(header, bytes.slice(body - (header.isMasked ? 4 : 0), body + header.length))
      at = body + header.length
    }
    this.#chunks = at === bytes.length ? [] : [bytes.slice(at)]
    this.#pending = bytes.length - at
  }

  #add({ first, isMasked }: Header, body: Uint8Array): void {
    const key = isMasked ? body.subarray(0, 4) : null
    const payload = isMasked ? body.subarray(4) : body
    if (key !== null) {
      for (let at = 0; at < payload.length; at++) {
        payload[at] = (payload[at] ?? 0) ^ (key[at & 3] ?? 0)
      }
    }
    this.frames.push({ first, payload, key: key === null ? null : hexOf(key) })
    if ((first & 0x80) !== 0 && (first & 0x0f) < 8) this.messageCount++
    if ((first & 0x0f) === 8) this.isClosed = true
  }
}

/** Returns the header at an index; `null` if bytes of it are missing. */
function headerAt(bytes: Uint8Array, at: number): Header | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, bytes.length - at)
  if (view.byteLength < 2) return null
  const first = view.getUint8(0)
  const second = view.getUint8(1)
  const isMasked = second >= 0x80
  const short = second & 0x7f
  const lengthBytes = short < 126 ? 0 : short === 126 ? 2 : 8
  const size = 2 + lengthBytes + (isMasked ? 4 : 0)
  if (view.byteLength < size) return null
  if (lengthBytes === 0) return { first, isMasked, length: short, size }
  const length = lengthBytes === 2 ? view.getUint16(2) : Number(view.getBigUint64(2))
  return { first, isMasked, length, size }
}

/** Returns what is wrong with the header of any peer. Reserved bits depend on the agreement. */
function problemOf({ first, isMasked, length, size }: Header, mustMask: boolean): string | null {
  const opcode = first & 0x0f
  if (isMasked !== mustMask) return `it sent a frame ${isMasked ? 'with' : 'without'} a mask (§5.1)`
  if ((opcode > 2 && opcode < 8) || opcode > 10) return `it sent opcode ${opcode} (§5.2)`
  const plain = size - (isMasked ? 4 : 0)
  const shortest = length < 126 ? 2 : length < 65536 ? 4 : 10
  if (plain !== shortest) return `it sent a length that is not in its shortest form (§5.2)`
  if (opcode < 8) return null
  if ((first & 0x80) === 0) return 'it sent a control frame in fragments (§5.5)'
  return length > 125 ? `it sent a control frame of ${length} bytes (§5.5)` : null
}
