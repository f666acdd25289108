/**
 * The messages, pongs and the Close of an answer.
 */

import { constants, inflateRawSync } from 'node:zlib'
import { isUtf8 } from 'node:buffer'

import type { AnswerFrame } from './answer-reader.ts'
import { concat, joined, RSV1 } from './frame-bytes.ts'

/** What was agreed on; `null`: no compression. */
export interface DeflateAgreement {
  /** The window that the sender of the answer may use. */
  readonly windowBits: number
  /** Whether the sender may refer to earlier messages. */
  readonly hasTakeover: boolean
}

/** A message of an answer, whole and inflated. */
export interface AnswerMessage {
  readonly isText: boolean
  readonly payload: Uint8Array
}

/** The content of an answer. */
export interface AnswerContent {
  readonly messages: readonly AnswerMessage[]
  readonly pongs: readonly Uint8Array[]
  /** The payload of the first Close; `null`: none. */
  readonly close: Uint8Array | null
  /** The frames behind the first Close, by their first byte. */
  readonly afterClose: readonly number[]
  /** What no peer may send; `null`: nothing. */
  readonly problem: string | null
}

const TAIL = Uint8Array.of(0, 0, 0xff, 0xff)
const WINDOW_BYTES = 32768

/** The largest message that is inflated. */
const MAX_INFLATED_BYTES = 32 * 1024 * 1024

/** Puts frames together. @param agreement for the sender of these frames. */
export function contentOf(
  frames: readonly AnswerFrame[],
  agreement: DeflateAgreement | null,
): AnswerContent {
  const assembly = new Assembly(agreement)
  for (const frame of frames) assembly.add(frame)
  return assembly
}

class Assembly implements AnswerContent {
  readonly messages: AnswerMessage[] = []
  readonly pongs: Uint8Array[] = []
  close: Uint8Array | null = null
  readonly afterClose: number[] = []
  problem: string | null = null
  readonly #agreement: DeflateAgreement | null
  #parts: AnswerFrame[] = []
  #history: Uint8Array = new Uint8Array(0)

  constructor(agreement: DeflateAgreement | null) {
    this.#agreement = agreement
  }

  add(frame: AnswerFrame): void {
    if (this.problem !== null) return
    const { first, payload } = frame
    const opcode = first & 0x0f
    if (this.close !== null) {
      this.afterClose.push(first)
      return
    }
    this.problem = this.#orderProblem(frame) ?? reservedProblem(first, this.#agreement !== null)
    if (this.problem !== null) return
    if (opcode === 8) this.close = payload
    else if (opcode === 10) this.pongs.push(payload)
    else if (opcode < 8) this.#addPart(frame)
  }

  #orderProblem({ first }: AnswerFrame): string | null {
    const opcode = first & 0x0f
    const isInside = this.#parts.length > 0
    if (opcode === 0 && !isInside) return 'it sent a continuation without a start (§5.4)'
    if (opcode > 0 && opcode < 8 && isInside) return 'it began a message inside a message (§5.4)'
    return null
  }

  #addPart(frame: AnswerFrame): void {
    this.#parts.push(frame)
    if ((frame.first & 0x80) === 0) return
    const parts = this.#parts
    this.#parts = []
    const first = parts[0]?.first ?? 0
    const bytes = joined(parts.map(({ payload }) => payload))
    const payload = (first & RSV1) === 0 ? bytes : this.#inflated(bytes)
    if (payload === null) return
    const isText = (first & 0x0f) === 1
    if (isText && !isUtf8(payload)) this.problem = 'it sent a text that is not UTF-8 (§8.1)'
    this.messages.push({ isText, payload })
  }

  #inflated(bytes: Uint8Array): Uint8Array | null {
    const { windowBits, hasTakeover } = this.#agreement ?? { windowBits: 15, hasTakeover: true }
    const dictionary = this.#history.subarray(-(2 ** windowBits))
    try {
      const payload = inflateRawSync(concat(bytes, TAIL), {
        finishFlush: constants.Z_SYNC_FLUSH,
        maxOutputLength: MAX_INFLATED_BYTES,
        windowBits,
        ...(hasTakeover && dictionary.length > 0 ? { dictionary } : {}),
      })
      this.#history = concat(this.#history, payload).slice(-WINDOW_BYTES)
      return payload
    } catch {
      this.problem = `it sent data that cannot be inflated as agreed (RFC 7692 §7.2)`
      return null
    }
  }
}

function reservedProblem(first: number, isDeflated: boolean): string | null {
  const reserved = first & 0x70
  const opcode = first & 0x0f
  const mayCompress = isDeflated && (opcode === 1 || opcode === 2)
  if (reserved === 0 || (reserved === RSV1 && mayCompress)) return null
  return 'it sent a reserved bit that was not agreed on (§5.2)'
}
