import fc from 'fast-check'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import {
  EMPTY_BYTES,
  encodeUtf8,
  isBytes,
  previewUtf8,
  readUtf8,
  writeUtf8,
} from '../../src/protocol/text.ts'
import { hex } from '../support/bytes.ts'
import { utf8 } from './wire.ts'

describe('EMPTY_BYTES', () => {
  it('EMPTY_BYTES holds nothing', () => {
    expect(EMPTY_BYTES).toHaveLength(0)
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

describe('readUtf8(), previewUtf8()', () => {
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
})

describe('writeUtf8(), encodeUtf8()', () => {
  it('writeUtf8() writes what encodeUtf8() makes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), fc.nat(5), (text, offset) => {
        const expected = utf8(text)
        const target = new Uint8Array(offset + expected.length + 4).fill(0xee)
        const end = writeUtf8(text, target, offset)

        expect(target.subarray(offset, end)).toEqual(expected)
        expect([...target.subarray(end)]).toEqual([0xee, 0xee, 0xee, 0xee])
        expect(encodeUtf8(text)).toEqual(expected)
      }),
    )
  })

  it('writeUtf8() makes lone surrogates U+FFFD, in short and in long text', () => {
    for (const text of ['a\ud800', '\udc00b', `${'x'.repeat(30)}\ud800`]) {
      const target = new Uint8Array(100)
      const end = writeUtf8(text, target, 0)

      expect(previewUtf8(target.subarray(0, end))).toBe(text.replace(/[\ud800-\udfff]/, '\ufffd'))
    }
  })

  it('writeUtf8() throws RangeError when there is no room', () => {
    for (const text of ['abc', 'ä', 'x'.repeat(100), '日'.repeat(50)]) {
      const size = utf8(text).length
      expect(writeUtf8(text, new Uint8Array(size), 0)).toBe(size)
      expect(() => writeUtf8(text, new Uint8Array(size - 1), 0)).toThrow(RangeError)
    }
  })
})
