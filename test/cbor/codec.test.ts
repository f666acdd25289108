/**
 * Vectors of RFC 8949, appendix A: bytes that other implementations write.
 */

import { describe, expect, it } from 'vitest'
import { cbor } from '../../src/cbor/cbor.ts'
import { hex } from '../support/bytes.ts'

const VECTORS: ReadonlyArray<readonly [value: unknown, bytes: string]> = [
  [{ a: 1, b: [2, 3] }, 'a2 61 61 01 61 62 82 02 03'],
  [null, 'f6'],
  [-1, '20'],
  [[1, 2, 3], '83 01 02 03'],
  ['ü', '62 c3 bc'],
  [1.1, 'fb 3f f1 99 99 99 99 99 9a'],
  [new Uint8Array([1, 2, 3, 4]), '44 01 02 03 04'],
]

describe('cbor()', () => {
  const codec = cbor()

  it.each(VECTORS)('decodes the vector of %j', (value, bytes) => {
    const decoded = codec.decode(hex(bytes))

    expect(decoded instanceof Uint8Array ? new Uint8Array(decoded) : decoded).toEqual(value)
  })

  it.each(VECTORS)('gives back %j', (value) => {
    const decoded = codec.decode(codec.encode(value))

    expect(decoded instanceof Uint8Array ? new Uint8Array(decoded) : decoded).toEqual(value)
  })

  it('M-31 carries dates, bytes and integers past 53 bits', () => {
    const value = { at: new globalThis.Date(1000), id: 2n ** 60n, data: new Uint8Array([7]) }
    const decoded = codec.decode(codec.encode(value)) as typeof value

    expect([decoded.at, decoded.id, [...decoded.data]]).toEqual([value.at, value.id, [7]])
  })

  it('writes no records: each message stands alone', () => {
    const messages = [1, 2].map((n) => codec.encode({ type: 'say', data: { n } }))

    expect(messages.map((message) => cbor().decode(message))).toEqual([
      { type: 'say', data: { n: 1 } },
      { type: 'say', data: { n: 2 } },
    ])
  })

  it('encodes into memory that later messages do not change', () => {
    const first = codec.encode('first')
    codec.encode('other')

    expect(codec.decode(first)).toBe('first')
  })

  it('M-11 lets no key reach a prototype', () => {
    const value = codec.decode(hex('a1 69 5f 5f 70 72 6f 74 6f 5f 5f a1 65 61 64 6d 69 6e f5'))

    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect(Object.assign({}, value)).not.toHaveProperty('admin')
  })

  it.each(['', 'ff', '82 01', '9f 01', '1c'])(
    'M-06 throws for bytes that are no value: %j',
    (bytes) => {
      expect(() => codec.decode(hex(bytes))).toThrow(Error)
    },
  )

  it.each(['9a ff ff ff ff', '9b 00 00 00 01 00 00 00 00', 'ba ff ff ff ff', '5a 7f ff ff ff 01'])(
    'M-06 throws for a length that the bytes do not have: %j',
    (bytes) => {
      expect(() => codec.decode(hex(bytes))).toThrow(Error)
      expect(() => codec.decode(hex(`82 ${bytes}`.repeat(100)))).toThrow(Error)
    },
  )

  it('throws for a text', () => {
    expect(() => codec.decode('text')).toThrow(TypeError)
  })
})
