/**
 * A short payload in a block of memory that it shares with others.
 *
 * A `Uint8Array` costs as much as everything else that is done with 32 bytes, and most short
 * messages are sent on or read as text. So it is made only for code that asks for it.
 */

import type { Block } from './memory.ts'

/** Payloads up to this size are parts: a control frame's length, in one byte. */
export const MAX_PART_BYTES = 125

/** One payload of a frame that arrived. Its bytes never change. */
export class PayloadPart {
  readonly block: Block
  readonly start: number
  readonly length: number
  /** The payload as bytes; `null` until somebody asks for them. */
  view: Uint8Array | null = null

  constructor(block: Block, start: number, length: number) {
    this.block = block
    this.start = start
    this.length = length
  }

  /** The payload as bytes, the same view each time. */
  get bytes(): Uint8Array {
    this.view ??= this.block.slice(this.start, this.length)
    return this.view
  }

  /** Returns the payload in memory of its own. */
  copy(): Uint8Array {
    return this.block.bytes.slice(this.start, this.start + this.length)
  }

  /** Whether its first byte is `byte`. */
  beginsWith(byte: number): boolean {
    return this.block.bytes[this.start] === byte
  }

  /** Copies the payload into `target`, which has room for it. */
  copyTo(target: DataView, offset: number): void {
    const { length, start } = this
    const { view } = this.block
    let at = 0
    for (; at + 3 < length; at += 4) target.setInt32(offset + at, view.getInt32(start + at))
    for (; at < length; at++) target.setUint8(offset + at, view.getUint8(start + at))
  }
}

/** A sink that takes short messages as parts. */
export interface PartSink {
  /** Called instead of `text` and `binary` for whole messages. */
  takePart(part: PayloadPart, isText: boolean): void
}
