import fc from 'fast-check'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { allocateBlock, type Block } from '../../src/protocol/memory.ts'
import { hex } from '../support/bytes.ts'

type Mask = Awaited<ReturnType<typeof freshMask>>

/** The module with SIMD, and the module on a platform that has no WebAssembly. */
const WAYS: readonly (readonly [string, Mask, boolean])[] = [
  ['with SIMD', await freshMask(), true],
  ['without WebAssembly', await freshMask({ without: 'WebAssembly' }), false],
]

const KEY = 0x37fa213d
/** Around every size at which the way changes. */
const SIZES = [
  0, 1, 2, 3, 4, 5, 11, 12, 13, 31, 63, 64, 65, 67, 127, 191, 192, 193, 195, 255, 1000, 4099,
]

// Other files that share their modules with this one must not get the plain way.
afterAll(() => void vi.resetModules())

for (const [way, mask, hasSimd] of WAYS) {
  const { allocateReadBuffer, copyMasked, forgetSource, maskInPlace } = mask

  describe(`mask.ts ${way}`, () => {
    describe('copyMasked()', () => {
      it('copyMasked() unmasks the example of RFC 6455 §5.7', () => {
        const target = allocateBlock(8)

        copyMasked(hex('7f 9f 4d 51 58'), 0, target, 0, 5, KEY)

        expect(target.slice(0, 5)).toEqual(hex('48 65 6c 6c 6f'))
      })

      it('copyMasked() is the same as one byte at a time, at every size and alignment', () => {
        for (const size of SIZES) {
          for (let from = 0; from < 8; from++) {
            const source = numbered(size + from)
            const target = filled(size + 8)
            // Twice: the second frame of a chunk goes another way than the first.
            for (const at of [0, 4, 0]) {
              copyMasked(source, from, target, at, size, KEY)

              expect(target.slice(at, size)).toEqual(slowly(source.subarray(from), 0, KEY))
              expect(target.bytes[at + size]).toBe(0xee)
              target.bytes.fill(0xee)
            }
            expect(source).toEqual(numbered(size + from))
          }
        }
      })

      it('copyMasked() goes on with the key where the position in the target says', () => {
        for (const size of SIZES) {
          for (let start = 0; start < 9; start++) {
            const source = numbered(size)
            const target = filled(size + 16)
            copyMasked(source, 0, target, start, size, KEY)

            expect(target.slice(start, size)).toEqual(slowly(source, start, KEY))
            expect(target.slice(0, start).every((byte) => byte === 0xee)).toBe(true)
            expect(target.bytes[start + size]).toBe(0xee)
          }
        }
      })

      it('copyMasked() copies with a key of 0', () => {
        for (const size of SIZES) {
          const target = filled(size + 4)
          copyMasked(numbered(size), 0, target, 0, size, 0)

          expect(target.slice(0, size)).toEqual(numbered(size))
        }
      })

      it('copyMasked() says ASCII only of ASCII, and always where it checks', () => {
        for (const size of SIZES.filter((bytes) => bytes > 0)) {
          const isChecked = size < 192 || hasSimd
          for (const bad of [-1, 0, size >> 1, size - 1]) {
            const source = new Uint8Array(size).fill(0x7f)
            if (bad >= 0) source[bad] = 0x80
            const masked = slowly(source, 0, KEY)
            const target = allocateBlock(size)
            for (let round = 0; round < 2; round++) {
              const isAscii = copyMasked(masked, 0, target, 0, size, KEY)
              expect([size, bad, isAscii]).toEqual([size, bad, bad < 0 && isChecked])
            }
          }
        }
      })

      it('copyMasked() reads the source that it is given, also when memory is used again', () => {
        const memory = new Uint8Array(200)
        const target = allocateBlock(100)
        for (let round = 0; round < 4; round++) {
          const source = memory.subarray(round, round + 100)
          source.fill(round)
          copyMasked(source, 0, target, 0, 100, 0)
          expect(target.slice(0, 100)).toEqual(new Uint8Array(100).fill(round))
          if (round === 2) forgetSource()
        }
      })

      it('copyMasked() reads the right bytes of read buffers in turn with other memory', () => {
        const buffers = [
          allocateReadBuffer(300).fill(1),
          allocateReadBuffer(300).fill(2),
          new Uint8Array(300).fill(3),
        ]
        const parts = buffers.flatMap((bytes) => [bytes.subarray(0, 38), bytes.subarray(7, 157)])
        const target = filled(160)
        fc.assert(
          fc.property(
            fc.array(fc.tuple(fc.nat(5), fc.nat(20), fc.nat(18), fc.boolean()), { minLength: 2 }),
            fc.nat(255),
            (copies, seed) => {
              for (const [index, bytes] of buffers.entries()) {
                for (let at = 0; at < bytes.length; at++) bytes[at] = seed + at * 31 + index * 97
              }
              for (const [index, start, length, isLast] of copies) {
                const source = parts[index]!
                copyMasked(source, start, target, 0, length, KEY)
                const expected = slowly(source.slice(start, start + length), 0, KEY)
                expect(target.slice(0, length)).toEqual(expected)
                if (isLast) forgetSource()
              }
            },
          ),
        )
      })
    })

    describe('maskInPlace()', () => {
      it('maskInPlace() is the same as one byte at a time, at every size and alignment', () => {
        for (const size of SIZES) {
          for (let start = 0; start < 8; start++) {
            const bytes = numbered(start + size + 3)
            const expected = numbered(start + size + 3)
            expected.set(slowly(bytes.subarray(start, start + size), 0, KEY), start)

            maskInPlace(bytes, start, size, KEY)

            expect(bytes).toEqual(expected)
          }
        }
      })

      it('maskInPlace() twice is the identity, with any key', () => {
        fc.assert(
          fc.property(
            fc.uint8Array({ maxLength: 300 }),
            fc.nat(7),
            fc.integer(),
            (bytes, start, key) => {
              const from = Math.min(start, bytes.length)
              const twice = bytes.slice()
              maskInPlace(twice, from, twice.length - from, key)
              maskInPlace(twice, from, twice.length - from, key)

              expect(twice).toEqual(bytes)
            },
          ),
        )
      })

      it('maskInPlace() and copyMasked() undo one another', () => {
        fc.assert(
          fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer(), (bytes, key) => {
            const masked = bytes.slice()
            maskInPlace(masked, 0, masked.length, key)
            const target = allocateBlock(bytes.length)
            copyMasked(masked, 0, target, 0, bytes.length, key)

            expect(target.slice(0, bytes.length)).toEqual(bytes)
          }),
        )
      })
    })
  })
}

async function freshMask({ without }: { without?: string } = {}) {
  vi.resetModules()
  const mask = await import('../../src/protocol/mask.ts')
  const { allocateReadBuffer, simdMask } = await import('../../src/protocol/simd-mask.ts')
  if (without !== undefined) vi.stubGlobal(without, undefined)
  expect(simdMask() !== null).toBe(without === undefined)
  vi.unstubAllGlobals()
  return { ...mask, allocateReadBuffer }
}

function numbered(size: number): Uint8Array {
  return new Uint8Array(size).map((_, at) => (at * 7) & 0xff)
}

function filled(size: number): Block {
  const block = allocateBlock(size)
  block.bytes.fill(0xee)
  return block
}

/** §5.3, as it is written there. */
function slowly(bytes: Uint8Array, position: number, maskKey: number): Uint8Array {
  const octets = [maskKey >>> 24, maskKey >>> 16, maskKey >>> 8, maskKey]
  return bytes.map((byte, at) => byte ^ ((octets[(at + position) % 4] ?? 0) & 0xff))
}
