import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readAsciiText } from '../../../src/protocol/ascii-text.ts'
import { CloseReason } from '../../../src/protocol/closing/close-reason.ts'
import {
  encodeClose,
  encodedSizeBound,
  encodeFrame,
  payloadSize,
} from '../../../src/protocol/frames/frame-encoder.ts'
import { maskInPlace } from '../../../src/protocol/mask.ts'
import { hex, toHex } from '../../support/bytes.ts'
import { LENGTH_EXAMPLES } from '../../vectors/rfc6455.ts'
import { concat, decode, utf8 } from '../wire.ts'

const KEY = 0x37fa213d

describe('encodeFrame()', () => {
  it('encodeFrame() writes the examples of RFC 6455 §5.7', () => {
    expect(encoded({ opcode: 1, payload: 'Hello' })).toBe('81 05 48 65 6c 6c 6f')
    expect(encoded({ opcode: 1, payload: 'Hello', maskKey: KEY })).toBe(
      '81 85 37 fa 21 3d 7f 9f 4d 51 58',
    )
    expect(encoded({ opcode: 1, payload: 'Hel', fin: false })).toBe('01 03 48 65 6c')
    expect(encoded({ opcode: 0, payload: 'lo' })).toBe('80 02 6c 6f')
    expect(encoded({ opcode: 9, payload: utf8('Hello') })).toBe('89 05 48 65 6c 6c 6f')
    expect(encoded({ opcode: 10, payload: utf8('Hello'), maskKey: KEY })).toBe(
      '8a 85 37 fa 21 3d 7f 9f 4d 51 58',
    )
    for (const { size, header } of LENGTH_EXAMPLES) {
      expect(encoded({ opcode: 2, payload: new Uint8Array(size) }).slice(0, header.length)).toBe(
        header,
      )
    }
  })

  it('encodeFrame() writes long text as its UTF-8, ASCII or not, masked or not', () => {
    for (const length of [200, 255, 256, 257, 1000, 43_690, 43_691, 65_535, 65_536, 140_000]) {
      for (const text of [
        'a'.repeat(length),
        `é${'a'.repeat(length - 1)}`,
        '\ud800'.repeat(length),
      ]) {
        for (const maskKey of [null, KEY]) {
          const target = concat(new Uint8Array(encodedSizeBound(text) + 1))
          const end = encodeFrame(target, 0, 1, true, 0, text, maskKey)
          const size = payloadSize(text)
          const start = end - size
          if (maskKey !== null) maskInPlace(target, start, size, maskKey)

          expect(Buffer.from(target.buffer, start, size).equals(Buffer.from(text))).toBe(true)
          expect(start).toBe((size < 126 ? 2 : size < 65_536 ? 4 : 10) + (maskKey === null ? 0 : 4))
          expect(target[end]).toBe(0)
        }
      }
    }
  })

  it('encodeFrame() writes text that was just read like all other text, masked or not', () => {
    for (const length of [1025, 4096, 65_536]) {
      for (const maskKey of [null, KEY]) {
        const read = readAsciiText(utf8('b'.repeat(length)), 0, length, 0) ?? ''
        expect([payloadSize(read), read.length]).toEqual([length, length])
        const target = new Uint8Array(encodedSizeBound(read))
        const end = encodeFrame(target, 0, 1, true, 0, read, maskKey)

        const expected = new Uint8Array(length + 20)
        const bytes = utf8('b'.repeat(length))
        const expectedEnd = encodeFrame(expected, 0, 1, true, 0, bytes, maskKey)
        expect(Buffer.compare(target.subarray(0, end), expected.subarray(0, expectedEnd))).toBe(0)
        // The next text is not taken for it.
        const other = encodeFrame(target, 0, 1, true, 0, 'c'.repeat(length), null)
        expect(target[other - 1]).toBe(0x63)
      }
    }
  })

  it('encodeFrame() puts reserved bits where they belong', () => {
    expect(encoded({ opcode: 1, payload: '', reservedBits: 4 })).toBe('c1 00')
    expect(encoded({ opcode: 2, payload: '', reservedBits: 3, fin: false })).toBe('32 00')
  })

  it('encodeFrame() uses the shortest form of each length, for bytes and for text', () => {
    const headers = new Map([
      [0, '82 00'],
      [125, '82 7d'],
      [126, '82 7e 00 7e'],
      [127, '82 7e 00 7f'],
      [65535, '82 7e ff ff'],
      [65536, '82 7f 00 00 00 00 00 01 00 00'],
    ])
    for (const [size, header] of headers) {
      const body = ' 61'.repeat(size)
      expect(encoded({ opcode: 2, payload: new Uint8Array(size).fill(0x61) })).toBe(header + body)
      expect(encoded({ opcode: 2, payload: 'a'.repeat(size) })).toBe(header + body)
    }
  })

  it('encodeFrame() moves text that turns out to need a longer header', () => {
    for (const text of [
      'é'.repeat(63),
      'é'.repeat(62) + 'a',
      '日'.repeat(42),
      '日'.repeat(22_000),
      '😀'.repeat(40),
    ]) {
      for (const maskKey of [null, KEY]) {
        const bytes = hex(encoded({ opcode: 1, payload: text, maskKey }))
        const role = maskKey === null ? 'client' : 'server'

        expect(decode(role, bytes)).toEqual([`text fin ${toHex(utf8(text))}`])
      }
    }
  })

  it('encodeFrame() sends a lone surrogate as U+FFFD', () => {
    expect(encoded({ opcode: 1, payload: 'a\ud800b\udc00' })).toBe('81 08 61 ef bf bd 62 ef bf bd')
    expect(encoded({ opcode: 1, payload: `${'a'.repeat(40)}\ud83d` }).slice(-8)).toBe('ef bf bd')
  })

  it('encodeFrame() writes nothing outside of its frame', () => {
    for (const payload of ['abc', 'ä'.repeat(80), new Uint8Array(7), new Uint8Array(300)]) {
      const target = new Uint8Array(1000).fill(0xee)
      const end = encodeFrame(target, 5, 2, true, 0, payload, KEY)

      expect([...new Set(target.subarray(0, 5))]).toEqual([0xee])
      expect([...new Set(target.subarray(end))]).toEqual([0xee])
    }
  })

  it('encodeFrame() does not change the bytes that it is given', () => {
    for (const size of [3, 30, 300]) {
      const payload = new Uint8Array(size).fill(0x61)
      encodeFrame(new Uint8Array(400), 0, 2, true, 0, payload, KEY)

      expect(payload).toEqual(new Uint8Array(size).fill(0x61))
    }
  })

  it('encodeFrame() needs no more room than header and payload, and throws RangeError below that', () => {
    for (const payload of [
      '',
      'abc',
      'ä',
      'ä'.repeat(100),
      'a'.repeat(200),
      hex('01 02'),
      new Uint8Array(200),
    ]) {
      for (const maskKey of [null, KEY]) {
        const size = hex(encoded({ opcode: 1, payload, maskKey })).length
        const exact = new Uint8Array(10 + size)
        const less = new Uint8Array(10 + size - 1)

        expect(encodeFrame(exact, 10, 1, true, 0, payload, maskKey)).toBe(10 + size)
        expect(() => encodeFrame(less, 10, 1, true, 0, payload, maskKey)).toThrow(RangeError)
      }
    }
  })

  it('encodeFrame() writes what the decoder reads, at any offset, with any key', () => {
    const payloads = fc.oneof(
      fc.uint8Array({ maxLength: 600 }),
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.integer({ min: 65_500, max: 65_600 }).map((size) => new Uint8Array(size).fill(0x5a)),
    )
    const keys = fc.option(fc.integer({ min: -(2 ** 31), max: 2 ** 32 - 1 }), { nil: null })
    fc.assert(
      fc.property(
        payloads,
        keys,
        fc.nat(9),
        fc.constantFrom(1, 2),
        (payload, maskKey, offset, opcode) => {
          const type = typeof payload === 'string' ? opcode : 2
          const target = new Uint8Array(offset + encodedSizeBound(payload))
          const end = encodeFrame(target, offset, type, true, 0, payload, maskKey)
          const expected = typeof payload === 'string' ? utf8(payload) : payload

          expect(
            decode(maskKey === null ? 'client' : 'server', target.subarray(offset, end)),
          ).toEqual([`${type === 1 ? 'text' : 'binary'} fin ${toHex(expected)}`.trimEnd()])
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('encodeClose()', () => {
  it('encodeClose() writes an empty Close, a code, and a code with a message', () => {
    const target = new Uint8Array(131)
    const close = (reason: CloseReason | null, maskKey: number | null = null): string =>
      toHex(target.subarray(0, encodeClose(target, 0, reason, maskKey)))

    expect(close(null)).toBe('88 00')
    expect(close(new CloseReason(1000))).toBe('88 02 03 e8')
    expect(close(new CloseReason(1001, 'é'))).toBe('88 04 03 e9 c3 a9')
    expect(close(new CloseReason(1000), KEY)).toBe('88 82 37 fa 21 3d 34 12')
    expect(close(new CloseReason(4999, 'x'.repeat(123)), KEY)).toHaveLength(131 * 3 - 1)
  })

  it('encodeClose() throws RangeError for a code that never travels', () => {
    for (const code of [0, 999, 1004, 1005, 1006, 1015, 2000, 5000]) {
      expect(() => encodeClose(new Uint8Array(131), 0, new CloseReason(code), null)).toThrow(
        RangeError,
      )
    }
  })
})

describe('encodedSizeBound(), payloadSize()', () => {
  it('encodedSizeBound() is never below the size of the frame', () => {
    expect(encodedSizeBound(new Uint8Array(100))).toBe(114)
    expect(encodedSizeBound('')).toBe(14)
    expect(encodedSizeBound('日本')).toBe(14 + 6)
  })

  it('payloadSize() is exact, a lone surrogate counting as U+FFFD', () => {
    expect(payloadSize(new Uint8Array(100))).toBe(100)
    expect(payloadSize('日本a😀')).toBe(3 + 3 + 1 + 4)
    expect(payloadSize('\ud800')).toBe(3)
  })
})

function encoded(frame: {
  readonly opcode: number
  readonly payload: string | Uint8Array
  readonly fin?: boolean
  readonly reservedBits?: number
  readonly maskKey?: number | null
}): string {
  const { opcode, payload, fin = true, reservedBits = 0, maskKey = null } = frame
  const target = concat(new Uint8Array(encodedSizeBound(payload)))
  return toHex(
    target.subarray(0, encodeFrame(target, 0, opcode, fin, reservedBits, payload, maskKey)),
  )
}
