/**
 * Vectors of the specification of MessagePack: bytes that other implementations write.
 */

import { describe, expect, it } from 'vitest'
import { messagePack } from '../../src/msgpack/message-pack.ts'
import { hex } from '../support/bytes.ts'

const VECTORS: ReadonlyArray<readonly [value: unknown, bytes: string]> = [
  [{ compact: true, schema: 0 }, '82 a7 63 6f 6d 70 61 63 74 c3 a6 73 63 68 65 6d 61 00'],
  [null, 'c0'],
  [-1, 'ff'],
  [[1, 2, 3], '93 01 02 03'],
  ['ü', 'a2 c3 bc'],
  [1.5, 'cb 3f f8 00 00 00 00 00 00'],
  [new Uint8Array([1, 2]), 'c4 02 01 02'],
]

describe('messagePack()', () => {
  const codec = messagePack()

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

    expect(messages.map((message) => messagePack().decode(message))).toEqual([
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
    const value = codec.decode(hex('81 a9 5f 5f 70 72 6f 74 6f 5f 5f 81 a5 61 64 6d 69 6e c3'))

    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect(Object.assign({}, value)).not.toHaveProperty('admin')
  })

  it.each(['', 'c4 05 01', '92 01', 'd4 05 01', '01 02'])(
    'M-06 throws for bytes that are no value: %j',
    (bytes) => {
      expect(() => codec.decode(hex(bytes))).toThrow(Error)
    },
  )

  it.each(['dd ff ff ff ff', 'df ff ff ff ff', 'dc ff ff', 'c6 7f ff ff ff 01'])(
    'M-06 throws for a length that the bytes do not have: %j',
    (bytes) => {
      expect(() => codec.decode(hex(bytes))).toThrow(Error)
      expect(() => codec.decode(hex(`92 ${bytes}`.repeat(100)))).toThrow(Error)
    },
  )

  it('keeps nothing of one message for the next: records are an extension of the package', () => {
    // Defines record 0x40 with one key. As a message of its own, 0x40 is the number 64.
    try {
      codec.decode(hex('d4 72 40 91 a1 61 05'))
    } catch {
      // It may be refused as well.
    }

    expect(codec.decode(hex('40'))).toBe(64)
  })

  it('throws for a text', () => {
    expect(() => codec.decode('text')).toThrow(TypeError)
  })
})
