import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import {
  isLastText,
  MAX_ASCII_TEXT_BYTES,
  readAsciiText,
  takeLastText,
} from '../../src/protocol/ascii-text.ts'
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
    const unmasked = vi.spyOn(SimdMask.prototype, 'copyInside')
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

  it('readAsciiText() reads the same where there is no WebAssembly', async () => {
    vi.resetModules()
    const fresh = await import('../../src/protocol/ascii-text.ts')
    vi.stubGlobal('WebAssembly', undefined)
    const read = [0x61, 0xc3].map((byte) => {
      const source = new Uint8Array(5000).fill(0x61)
      source[4999] = byte
      return fresh.readAsciiText(source, 0, 5000, 0)
    })
    const text = fresh.readAsciiText(utf8('b'.repeat(2000)), 0, 2000, 0)
    vi.unstubAllGlobals()
    // Other files that share their modules with this one must not get the plain way.
    vi.resetModules()

    expect(read).toEqual(['a'.repeat(5000), null])
    expect(fresh.takeLastText(text ?? '')).toEqual(utf8('b'.repeat(2000)))
  })
})

describe('takeLastText()', () => {
  const read = (text: string): string | null => readAsciiText(utf8(text), 0, text.length, 0)

  it('takeLastText() returns the bytes of the text that was read last, once', () => {
    const text = read('a'.repeat(2000)) ?? ''

    expect(isLastText(text)).toBe(true)
    expect(takeLastText(text)).toEqual(utf8('a'.repeat(2000)))
    expect(isLastText(text)).toBe(false)
    expect(takeLastText(text)).toBe(null)
  })

  it('takeLastText() is null for each other text, of the same length too', () => {
    const first = read('a'.repeat(2000)) ?? ''
    read('b'.repeat(2000))

    expect(takeLastText(first)).toBe(null)
    expect(takeLastText(`b${'a'.repeat(1999)}`)).toBe(null)
    expect(takeLastText('b'.repeat(2000))).toEqual(utf8('b'.repeat(2000)))
  })

  it('takeLastText() knows no text once another read has failed', () => {
    const text = read('a'.repeat(2000)) ?? ''
    const bad = new Uint8Array(2000).fill(0x61)
    bad[1] = 0xff
    expect(readAsciiText(bad, 0, 2000, 0)).toBe(null)

    expect(takeLastText(text)).toBe(null)
  })
})
