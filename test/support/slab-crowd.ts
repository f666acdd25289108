/**
 * Sessions that share one slab, and what each of them would write if it were alone: for a test of
 * many broadcasts and single messages over the end of the slab.
 */

import {
  encodedSizeBound,
  encodeFrame,
  FrameType,
  MAX_HEADER_BYTES,
  PreparedFrame,
  preparedPayload,
} from '../../src/protocol/internal.ts'
import { PayloadPart } from '../../src/protocol/payload-part.ts'
import type { WriteOutcome } from '../../src/session/index.ts'
import { type Output, outputOf } from '../../src/session/writing/output.ts'
import { Gate } from './gate.ts'
import { memoryEnvironment, settled } from './memory-world.ts'
import { Writer } from './stretch-writer.ts'

/** A text message, in one of the forms that sessions may share. */
export type SharedText = string | Uint8Array | PayloadPart | PreparedFrame

/** One session: what it has written, and what it should have written. */
class Member extends Gate {
  readonly written: Uint8Array[] = []
  readonly expected: Uint8Array[] = []
  readonly writer: Writer

  constructor(environment: ReturnType<typeof memoryEnvironment>) {
    super()
    this.writer = new Writer({ environment, gate: this })
  }

  override write(bytes: Uint8Array): WriteOutcome {
    // A transport may keep the memory of a queued write only.
    this.written.push(this.shut ? bytes : bytes.slice())
    return this.shut ? 'queued' : 'taken'
  }
}

/** The sessions, by number. */
export class SlabCrowd {
  readonly #environment = memoryEnvironment()
  readonly #output: Output = outputOf(this.#environment)
  readonly #members: Member[]

  constructor(size: number) {
    this.#members = Array.from({ length: size }, () => new Member(this.#environment))
  }

  /** Lets a session send `text`, unless its transport is busy. */
  send(index: number, text: SharedText): void {
    const { writer, expected } = this.#member(index)
    if (writer.isBusy) return
    if (write(writer, text)) expected.push(frameOf(text))
  }

  /** Lets a session send messages of its own until about `left` bytes of the slab are free. */
  fillUntil(index: number, left: number): void {
    const output = this.#output
    const { writer } = this.#member(index)
    for (;;) {
      const free = output.bytes.length - output.end - left
      if (writer.isBusy || free < 200) return
      this.send(index, new Uint8Array(Math.min(free - 4, 4000)).fill(index))
    }
  }

  /** From now on the transport of a session queues what it gets, until the turn ends. */
  shut(index: number): void {
    this.#member(index).shut = true
  }

  /** Ends the turn. @returns the sessions whose bytes are not those of a session alone. */
  async endTurn(): Promise<number[]> {
    await settled()
    const broken: number[] = []
    for (const [index, member] of this.#members.entries()) {
      const { written, expected, writer } = member
      if (Buffer.compare(Buffer.concat(written), Buffer.concat(expected)) !== 0) broken.push(index)
      written.length = 0
      expected.length = 0
      member.shut = false
      writer.isBusy = false
    }
    return broken
  }

  #member(index: number): Member {
    const member = this.#members[index]
    if (member === undefined) throw new RangeError(`Cannot find session ${index}`)
    return member
  }
}

function write(writer: Writer, text: SharedText): boolean {
  const stretch = writer.begin()
  if (text instanceof PayloadPart) return stretch.writePart(FrameType.TEXT, text)
  if (!(text instanceof PreparedFrame)) return stretch.writeText(text)
  const payload = preparedPayload(text)
  if (!stretch.makeRoom(encodedSizeBound(payload), payload)) return false
  stretch.writePrepared(text)
  return true
}

function frameOf(text: SharedText): Uint8Array {
  const payload =
    text instanceof PayloadPart
      ? text.copy()
      : text instanceof PreparedFrame
        ? preparedPayload(text)
        : text
  const frame = new Uint8Array(encodedSizeBound(payload) + MAX_HEADER_BYTES)
  return frame.subarray(0, encodeFrame(frame, 0, FrameType.TEXT, true, 0, payload, null))
}
