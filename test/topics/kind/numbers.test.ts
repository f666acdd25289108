import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteReader, ByteWriter, MalformedBytesError } from '../../../src/topics/kind/numbers.ts'

describe('ByteWriter and ByteReader', () => {
  it('read what was written', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.string({ unit: 'grapheme' }), fc.uint8Array(), (n, s, b) => {
        const bytes = new ByteWriter().byte(7).number(n).text(s).block(b).bytes(b).finish()

        const reader = new ByteReader(bytes)
        expect([reader.byte(), reader.number(), reader.text()]).toEqual([7, n, s])
        expect([reader.block(), reader.rest()]).toEqual([b, b])
        expect(reader.isAtEnd).toBe(true)
      }),
    )
  })

  it('refuse bytes that end too early, numbers above 2^53 - 1, and texts that are not UTF-8', () => {
    const reading = (...bytes: number[]): ByteReader => new ByteReader(Uint8Array.from(bytes))

    expect(() => reading().byte()).toThrow(MalformedBytesError)
    expect(() => reading(0x80).number()).toThrow(MalformedBytesError)
    expect(() => reading(...Array<number>(8).fill(0xff), 0x01).number()).toThrow(
      MalformedBytesError,
    )
    expect(() => reading(3, 1, 2).block()).toThrow(MalformedBytesError)
    expect(() => reading(1, 0xff).text()).toThrow(MalformedBytesError)
  })
})
