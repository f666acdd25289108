import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { MAX_ASCII_TEXT_BYTES, readAsciiText } from '../../src/protocol/ascii-text.ts'
import { maskInPlace } from '../../src/protocol/mask.ts'
import { SimdMask } from '../../src/protocol/simd-mask.ts'
import { utf8 } from './wire.ts'

describe('readAsciiText()', () => {
  it('readAsciiText() is the text, whatever the key, the place and the length', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.nat(300), fc.nat(40_000), fc.constant(MAX_ASCII_TEXT_BYTES)),
        fc.nat(9),
        fc.oneof(fc.constant(0), fc.integer()),
        fc.nat(94),
        (length, start, key, first) => {
          const text = String.fromCharCode(32 + first).repeat(length)
          const source = new Uint8Array(start + length + 5)
          source.set(utf8(text), start)
          maskInPlace(source, start, length, key)

          expect(readAsciiText(source, start, length, key)).toBe(text)
        },
      ),
    )
  })

  it.each([0, 0x37fa213d])('readAsciiText() is null for other text (key %i)', (key) => {
    for (const length of [2, 191, 192, 1000, 16_384, 16_385, 65_536]) {
      for (const at of [0, length >> 1, length - 1]) {
        const source = new Uint8Array(length).fill(0x61)
        source[at] = 0xc3
        maskInPlace(source, 0, length, key)

        expect(readAsciiText(source, 0, length, key)).toBe(null)
      }
    }
  })

  it.each(['é', 'я', '漢', '😀'])('readAsciiText() unmasks no text of %s in vain', (character) => {
    const unmasked = vi.spyOn(SimdMask.prototype, 'copy')
    try {
      for (const length of [1025, 8000, 65_536]) {
        const source = utf8(character.repeat(length)).slice(0, length)
        maskInPlace(source, 0, length, 0x37fa213d)
        unmasked.mockClear()
        expect(readAsciiText(source, 0, length, 0x37fa213d)).toBe(null)
        expect(unmasked).not.toHaveBeenCalled()
      }
    } finally {
      unmasked.mockRestore()
    }
  })

  it('readAsciiText() gives strings that later calls do not change', () => {
    const first = readAsciiText(new Uint8Array(5000).fill(0x61), 0, 5000, 0)
    readAsciiText(new Uint8Array(5000).fill(0x62), 0, 5000, 0)

    expect(first).toBe('a'.repeat(5000))
  })
})
