import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { allocateReadBuffer, simdMask } from '../../src/protocol/simd-mask.ts'
import { recorded, wire } from './wire.ts'

const MAX_BYTES = 70_000

describe('SimdMask', () => {
  const buffer = allocateReadBuffer(MAX_BYTES)

  it('SimdMask.copy() is the same as one byte at a time, from any memory, offset, key and length', () => {
    const simd = simdMask()!
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.oneof(fc.nat(300), fc.nat(20_000), fc.constantFrom(16_383, 16_384, 16_385, 65_536)),
        fc.nat(70),
        fc.nat(70),
        fc.integer(),
        fc.nat(255),
        (isInside, length, from, to, key, seed) => {
          const source = isInside ? buffer : new Uint8Array(MAX_BYTES)
          for (let at = 0; at < length; at++) source[from + at] = at * 31 + seed
          const before = source.slice(0, from + length + 70)
          const target = new Uint8Array(length + 140).fill(0xee)
          const expected = target.slice()
          for (let at = 0; at < length; at++) {
            expected[to + at] = source[from + at]! ^ (key >>> ((at & 3) * 8))
          }

          const isAscii = simd.copy(source, from, target, to, length, key)

          expect(target).toEqual(expected)
          expect(source.subarray(0, before.length)).toEqual(before)
          expect(isAscii).toBe(expected.subarray(to, to + length).every((byte) => byte < 0x80))
        },
      ),
    )
  })

  it('SimdMask.copy() masks in place, and sees one byte that is not ASCII anywhere', () => {
    const simd = simdMask()!
    for (const length of [1, 3, 4, 60, 63, 64, 65, 127, 128, 1000, 16_384, 16_385, 40_000]) {
      for (const at of [0, length >> 1, length - 1]) {
        const bytes = new Uint8Array(length).fill(0x61)
        bytes[at] = 0x80

        expect(simd.copy(bytes, 0, bytes, 0, length, 0x01010101)).toBe(false)
        expect(bytes[at]).toBe(0x81)
        bytes[at] = 0x60
        expect(simd.copy(bytes, 0, bytes, 0, length, 0)).toBe(true)
        expect(bytes).toEqual(new Uint8Array(length).fill(0x60))
      }
    }
  })

  it('SimdMask.copyInside() is the same as copy(), to the beginning of its target', () => {
    const simd = simdMask()!
    const target = simd.readBuffer(20_000)!
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.oneof(fc.nat(300), fc.nat(20_000)),
        fc.nat(70),
        fc.integer(),
        fc.nat(255),
        (isInside, length, from, key, seed) => {
          const source = isInside ? buffer : new Uint8Array(MAX_BYTES)
          for (let at = 0; at < length; at++) source[from + at] = at * 31 + seed
          const expected = new Uint8Array(20_000).fill(0xee)
          const isAscii = simd.copy(source, from, expected, 0, length, key)
          target.fill(0xee)

          expect(simd.copyInside(source, from, target, length, key)).toBe(isAscii)
          expect(Buffer.compare(target, expected)).toBe(0)
        },
      ),
      { numRuns: 40 },
    )
  })

  it('a frame in a read buffer is decoded, and the read buffer is not changed', () => {
    const payload = new Uint8Array(60_000).map((_, at) => at % 127)
    const frame = wire('server', { first: 0x82, payload })
    buffer.set(frame)
    const { decoder, recorder } = recorded('server')

    decoder.receive(buffer.subarray(0, frame.length))

    expect(recorder.payloads).toEqual([payload])
    expect(buffer.subarray(0, frame.length)).toEqual(frame)
  })
})

describe('allocateReadBuffer()', () => {
  it('allocateReadBuffer() gives buffers that do not overlap, whatever their number', () => {
    const buffers = Array.from({ length: 12 }, (_, index) => {
      const size = 200_000 + index
      return allocateReadBuffer(size).fill(index)
    })

    for (const [index, one] of buffers.entries()) {
      expect(one.length).toBe(200_000 + index)
      expect(one.every((byte) => byte === index)).toBe(true)
    }
  })

  it.each([
    ['there is no WebAssembly', undefined],
    [
      'the platform refuses the module',
      {
        Module: class {
          constructor() {
            throw new Error('no SIMD')
          }
        },
        Instance: class {},
      },
    ],
  ])('allocateReadBuffer() gives plain memory where %s', async (_, WebAssembly) => {
    vi.resetModules()
    const fresh = await import('../../src/protocol/simd-mask.ts')
    vi.stubGlobal('WebAssembly', WebAssembly)
    const bytes = fresh.allocateReadBuffer(100)
    vi.unstubAllGlobals()
    // Other files that share their modules with this one must not get the plain way.
    vi.resetModules()

    expect(fresh.simdMask()).toBe(null)
    expect(bytes.length).toBe(100)
  })
})
