import fc from 'fast-check'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import {
  allocate,
  allocateBlock,
  EMPTY_BYTES,
  encodeUtf8,
  isBytes,
  isUtf8,
  MAX_BYTES,
  previewUtf8,
  readUtf8,
  utf8Length,
  writeUtf8,
} from '../../src/protocol/memory.ts'
import { hex } from '../support/bytes.ts'
import { utf8 } from './wire.ts'

describe('allocate(), allocateBlock()', () => {
  it('allocate() gives memory of its own, as a plain Uint8Array', () => {
    const bytes = allocate(100)

    expect(bytes.buffer.byteLength).toBe(100)
    expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype)
    expect(EMPTY_BYTES).toHaveLength(0)
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

  it('Block.slice() is a view of a part', () => {
    const block = allocateBlock(8)
    block.bytes.set(hex('01 02 03 04 05'))
    const part = block.slice(1, 3)
    block.bytes[2] = 9

    expect(part).toEqual(hex('02 09 04'))
    expect(Object.getPrototypeOf(part)).toBe(Uint8Array.prototype)
  })
})

describe('isBytes()', () => {
  it('isBytes() takes a Uint8Array, a Buffer, and one of another realm', () => {
    expect(isBytes(new Uint8Array(1))).toBe(true)
    expect(isBytes(Buffer.from('a'))).toBe(true)
    expect(isBytes(runInNewContext('new Uint8Array(2)'))).toBe(true)
  })

  it('isBytes() refuses everything else', () => {
    for (const value of [
      null,
      undefined,
      'a',
      1,
      [1],
      {},
      new ArrayBuffer(1),
      new DataView(new ArrayBuffer(1)),
      new Uint16Array(1),
      new Int8Array(1),
      new Uint8ClampedArray(1),
      { [Symbol.toStringTag]: 'Uint8Array' },
      runInNewContext('new Uint16Array(2)'),
    ]) {
      expect(isBytes(value)).toBe(false)
    }
  })
})

describe('readUtf8(), previewUtf8(), isUtf8()', () => {
  it('readUtf8() reads text, keeps U+FEFF, and answers null for what is not UTF-8', () => {
    expect(readUtf8(hex('ef bb bf 61'))).toBe('\ufeffa')
    expect(readUtf8(utf8('日😀'))).toBe('日😀')
    expect(readUtf8(hex(''))).toBe('')
    expect(readUtf8(hex('61 c3'))).toBeNull()
    expect(readUtf8(hex('61'))).toBe('a')
  })

  it('previewUtf8() shows U+FFFD for what is not UTF-8', () => {
    expect(previewUtf8(hex('ef bb bf 61 ff'))).toBe('\ufeffa\ufffd')
  })

  it('isUtf8() says whether all of it is', () => {
    expect(isUtf8(utf8('日'))).toBe(true)
    expect(isUtf8(hex('ed a0 80'))).toBe(false)
  })
})

describe('writeUtf8(), encodeUtf8(), utf8Length()', () => {
  it('writeUtf8() writes what encodeUtf8() makes, of the length that utf8Length() says', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), fc.nat(5), (text, offset) => {
        const expected = utf8(text)
        const target = new Uint8Array(offset + expected.length + 4).fill(0xee)
        const end = writeUtf8(text, target, offset)

        expect(target.subarray(offset, end)).toEqual(expected)
        expect([...target.subarray(end)]).toEqual([0xee, 0xee, 0xee, 0xee])
        expect(encodeUtf8(text)).toEqual(expected)
        expect(utf8Length(text)).toBe(expected.length)
      }),
    )
  })

  it('writeUtf8() makes lone surrogates U+FFFD, in short and in long text', () => {
    for (const text of ['a\ud800', '\udc00b', `${'x'.repeat(30)}\ud800`]) {
      const target = new Uint8Array(100)
      const end = writeUtf8(text, target, 0)

      expect(previewUtf8(target.subarray(0, end))).toBe(text.replace(/[\ud800-\udfff]/, '\ufffd'))
      expect(utf8Length(text)).toBe(end)
    }
  })

  it('writeUtf8() throws RangeError when there is no room', () => {
    for (const text of ['abc', 'ä', 'x'.repeat(100), '日'.repeat(50)]) {
      const size = utf8Length(text)
      expect(writeUtf8(text, new Uint8Array(size), 0)).toBe(size)
      expect(() => writeUtf8(text, new Uint8Array(size - 1), 0)).toThrow(RangeError)
    }
  })
})
