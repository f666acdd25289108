import { describe, expect, it } from 'vitest'

import { allocateBlock } from '../../src/protocol/memory.ts'
import { MAX_PART_BYTES, PayloadPart } from '../../src/protocol/payload-part.ts'

const START = 8

/** `length` bytes that count up, inside of a block that others share. */
function part(length: number): PayloadPart {
  const block = allocateBlock(256)
  block.bytes.fill(0xee)
  for (let at = 0; at < length; at++) block.bytes[START + at] = at + 1
  return new PayloadPart(block, START, length)
}

function counting(length: number): Uint8Array {
  return new Uint8Array(length).map((_, at) => at + 1)
}

describe('PayloadPart', () => {
  it('bytes is the same view at each call, made at the first', () => {
    const payload = part(5)
    expect(payload.view).toBe(null)

    expect(payload.bytes).toEqual(counting(5))
    expect(payload.bytes).toBe(payload.bytes)
  })

  it('copy() returns the payload in memory of its own', () => {
    const payload = part(5)
    const copy = payload.copy()
    payload.block.bytes.fill(0)

    expect(copy).toEqual(counting(5))
    expect(copy.buffer.byteLength).toBe(5)
  })

  it('beginsWith() looks at the first byte of the payload', () => {
    expect(part(2).beginsWith(1)).toBe(true)
    expect(part(2).beginsWith(0xee)).toBe(false)
  })

  it('copyTo() writes each length to each alignment, and not a byte more', () => {
    for (let length = 1; length <= MAX_PART_BYTES; length++) {
      const memory = new Uint8Array(160)
      const offset = length % 7
      part(length).copyTo(new DataView(memory.buffer), offset)

      expect(memory.slice(offset, offset + length)).toEqual(counting(length))
      expect(memory.reduce((sum, byte) => sum + byte)).toBe((length * (length + 1)) / 2)
    }
  })
})
