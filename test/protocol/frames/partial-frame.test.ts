import { describe, expect, it } from 'vitest'
import { PartialFrame } from '../../../src/protocol/frames/partial-frame.ts'
import { hex } from '../../support/bytes.ts'

describe('PartialFrame', () => {
  it('PartialFrame.append() gathers and unmasks a payload, however it is cut', () => {
    const masked = hex('7f 9f 4d 51 58')
    for (let cut = 1; cut < 5; cut++) {
      const partial = new PartialFrame(0x81, 5, 0x37fa213d)
      partial.append(masked, 0, cut)
      expect(partial.isComplete).toBe(false)
      expect(partial.filled).toBe(cut)
      partial.append(masked, cut, 5 - cut)

      expect(partial.isComplete).toBe(true)
      expect(partial.block.slice(0, 5)).toEqual(hex('48 65 6c 6c 6f'))
    }
  })

  it('PartialFrame.append() grows its memory with what arrives', () => {
    const partial = new PartialFrame(0x82, 1_000_000, 0)
    const chunk = new Uint8Array(50_000).fill(7)
    const sizes = new Set<number>()
    for (let count = 0; count < 20; count++) {
      partial.append(chunk, 0, 50_000)
      sizes.add(partial.block.bytes.length)
    }

    expect([...sizes]).toEqual([100_000, 300_000, 700_000, 1_000_000])
    expect(partial.isComplete).toBe(true)
    expect(partial.block.bytes.every((byte) => byte === 7)).toBe(true)
  })

  it('PartialFrame takes no more than 1 KiB for its first bytes, nor more than it will have', () => {
    const large = new PartialFrame(0x82, 2 ** 40, 0)
    const small = new PartialFrame(0x82, 101, 0)
    large.append(new Uint8Array(10), 0, 10)
    small.append(new Uint8Array(10), 0, 10)

    expect(large.block.bytes).toHaveLength(1024)
    expect(small.block.bytes).toHaveLength(104)
    // Memory of its own: what it keeps alive is what it says.
    expect(large.block.bytes.buffer.byteLength).toBe(1024)
    expect(small.block.bytes.buffer.byteLength).toBe(104)
  })

  it('PartialFrame.append() says whether a short piece is ASCII', () => {
    const partial = new PartialFrame(0x81, 4, 0)

    expect(partial.append(hex('61 7f'), 0, 2)).toBe(true)
    expect(partial.append(hex('61 80'), 0, 2)).toBe(false)
  })
})
