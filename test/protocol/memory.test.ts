import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  allocate,
  allocateBlock,
  allocateOwnBlock,
  isUtf8,
  MAX_BYTES,
  utf8Length,
  sameBytes,
  sharesMemory,
} from '../../src/protocol/memory.ts'
import { Frame } from '../../src/protocol/index.ts'
import { MessageAssembler } from '../../src/protocol/frames/message-assembler.ts'
import { EMPTY_BYTES } from '../../src/protocol/text.ts'
import { hex } from '../support/bytes.ts'
import { utf8 } from './wire.ts'

describe('EMPTY_BYTES', () => {
  it('stays usable for all messages when the payload of an empty frame is transferred', async () => {
    const payload = new Frame.Ping().buffer

    // Node 20 copies what must not be transferred, later ones refuse.
    await Promise.resolve()
      .then(() => structuredClone(payload, { transfer: [payload.buffer as ArrayBuffer] }))
      .catch(() => {})
    const assembler = new MessageAssembler()
    assembler.add(hex('01 02').subarray(0, 1))

    expect(assembler.take()).toEqual(hex('01'))
    expect(new Uint8Array(payload.buffer)).toEqual(EMPTY_BYTES)
  })
})

describe('allocate(), allocateBlock()', () => {
  it('allocate() gives memory of its own, as a plain Uint8Array', () => {
    const bytes = allocate(100)

    expect(bytes.buffer.byteLength).toBe(100)
    expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype)
    expect(MAX_BYTES).toBeGreaterThanOrEqual(2 ** 32)
  })

  it('allocateBlock() gives at least what was asked, in whole words, seen in three ways', () => {
    for (const size of [0, 1, 4, 5, 4088, 70_001]) {
      const block = allocateBlock(size)
      const { bytes, view, words } = block

      expect(bytes.length).toBe(Math.ceil(size / 4) * 4)
      expect(words.length).toBe(bytes.length / 4)
      expect(view.byteLength).toBe(bytes.length)
      bytes.fill(0x5a)
      expect([...words].every((word) => word === 0x5a5a5a5a)).toBe(true)
      expect(view.byteOffset).toBe(bytes.byteOffset)
      expect(block.words).toBe(words)
      expect(block.view).toBe(view)
    }
  })

  it('allocateOwnBlock() gives memory that nothing else shares, small or large', () => {
    for (const size of [1, 100, 4096]) {
      expect(allocateOwnBlock(size).bytes.buffer.byteLength).toBe(Math.ceil(size / 4) * 4)
    }
  })

  it('sharesMemory() says whether bytes keep much more alive than themselves', () => {
    const memory = new Uint8Array(10_000)

    expect(sharesMemory(memory)).toBe(false)
    expect(sharesMemory(memory.subarray(0, 9_000))).toBe(false)
    expect(sharesMemory(memory.subarray(0, 8_000))).toBe(true)
    expect(sharesMemory(memory.subarray(0, 1))).toBe(true)
    expect(sharesMemory(new Uint8Array(65).subarray(0, 1))).toBe(false)
  })

  it('Block.slice() is a view of a part', () => {
    const block = allocateBlock(8)
    block.bytes.set(hex('01 02 03 04 05'))
    const part = block.slice(1, 3)
    block.bytes[2] = 9

    expect(part).toEqual(hex('02 09 04'))
    expect(Object.getPrototypeOf(part)).toBe(Uint8Array.prototype)
  })
})

describe('isUtf8(), utf8Length()', () => {
  it('isUtf8() says whether all of it is', () => {
    expect(isUtf8(utf8('日'))).toBe(true)
    expect(isUtf8(hex('ed a0 80'))).toBe(false)
  })

  it('utf8Length() says how long text is as UTF-8, a lone surrogate as U+FFFD', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (text) => {
        expect(utf8Length(text)).toBe(utf8(text).length)
      }),
    )
    for (const text of ['a\ud800', '\udc00b']) expect(utf8Length(text)).toBe(4)
  })
})

describe('sameBytes()', () => {
  it('compares what two views show, and not where that lies', () => {
    const memory = Uint8Array.of(1, 2, 3, 1, 2, 4)

    expect(sameBytes(memory.subarray(0, 2), memory.subarray(3, 5))).toBe(true)
    expect(sameBytes(memory.subarray(0, 3), memory.subarray(3, 6))).toBe(false)
    expect(sameBytes(memory.subarray(0, 2), memory.subarray(0, 3))).toBe(false)
    expect(sameBytes(new Uint8Array(0), new Uint8Array(0))).toBe(true)
  })
})
