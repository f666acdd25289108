import fc from 'fast-check'
import { isUtf8 } from 'node:buffer'
import { describe, expect, it } from 'vitest'
import { checkUtf8, UTF8_BOUNDARY, UTF8_BROKEN } from '../../src/protocol/utf8.ts'
import { hex } from '../support/bytes.ts'
import { concat, utf8 } from './wire.ts'

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

describe('checkUtf8()', () => {
  it('checkUtf8() agrees with the platform on all sequences of 1 and 2 bytes', () => {
    for (let first = 0; first < 256; first++) {
      expectAgreement(Uint8Array.of(first))
      for (let second = 0; second < 256; second++) expectAgreement(Uint8Array.of(first, second))
    }
  })

  it('checkUtf8() agrees with the platform on all sequences of 3 bytes', () => {
    // With `isUtf8`, which checkUtf8() does not use for so few bytes: throwing 16 million errors
    // takes a minute.
    const bytes = new Uint8Array(3)
    let wrong = 0
    for (let sequence = 0; sequence < 2 ** 24; sequence++) {
      bytes[0] = sequence >> 16
      bytes[1] = (sequence >> 8) & 0xff
      bytes[2] = sequence & 0xff
      if (isWhole(bytes) !== isUtf8(bytes)) wrong++
    }

    expect(wrong).toBe(0)
  })

  it('checkUtf8() agrees with the platform on sequences of 4 bytes around every bound', () => {
    const bounds = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff]
    for (let first = 0xec; first < 256; first++) {
      for (const second of bounds) {
        for (const third of bounds) {
          for (const fourth of bounds) expectAgreement(Uint8Array.of(first, second, third, fourth))
        }
      }
    }
  })

  it('checkUtf8() breaks at the first byte that is wrong, and not before', () => {
    const cases: [string, number][] = [
      ['80', 0],
      ['c0 80', 0],
      ['f5 80', 0],
      ['c3 28', 1],
      ['e0 80 80', 1],
      ['ed a0 80', 1],
      ['f0 80 80 80', 1],
      ['f4 90 80 80', 1],
      ['e2 82 28', 2],
      ['f0 9f 98 28', 3],
    ]
    for (const [text, bad] of cases) {
      const bytes = hex(text)
      expect(checkUtf8(bytes, 0, bad, UTF8_BOUNDARY)).not.toBe(UTF8_BROKEN)
      expect(checkUtf8(bytes, 0, bad + 1, UTF8_BOUNDARY)).toBe(UTF8_BROKEN)
    }
  })

  it('checkUtf8() stays broken whatever follows, in short pieces and in long ones', () => {
    const ascii = new Uint8Array(40).fill(0x61)
    for (const text of ['c0', 'ed a0', 'f4 90', 'ff']) {
      for (const follows of ['ff ff ff', '80 80 80', '61']) {
        const short = hex(`${text} ${follows}`)
        const long = concat(short, ascii)
        expect(checkUtf8(short, 0, short.length, UTF8_BOUNDARY)).toBe(UTF8_BROKEN)
        expect(checkUtf8(long, 0, long.length, UTF8_BOUNDARY)).toBe(UTF8_BROKEN)
      }
    }
    const inside = checkUtf8(hex('e2 82'), 0, 2, UTF8_BOUNDARY)
    const wrong = concat(hex('ff'), ascii)
    expect(checkUtf8(wrong, 0, wrong.length, inside)).toBe(UTF8_BROKEN)
  })

  it('checkUtf8() goes on where it stopped, at every split of a text', () => {
    const text = utf8('aé日😀\u0000\u07ff\u0800\ud7ff\ue000\uffff\u{10000}\u{10ffff}'.repeat(4))
    for (let at = 0; at <= text.length; at++) {
      const half = checkUtf8(text, 0, at, UTF8_BOUNDARY)
      expect(checkUtf8(text, at, text.length, half)).toBe(UTF8_BOUNDARY)
    }
  })

  it('checkUtf8() agrees with the platform on any bytes at any two splits, short and long', () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 4 }),
      fc.string({ unit: 'binary', maxLength: 60 }).map(utf8),
      fc.string({ unit: 'grapheme', maxLength: 60 }).map(utf8),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), fc.nat(), fc.nat(), (pieces, one, other) => {
        const bytes = concat(...pieces)
        const splits = [one % (bytes.length + 1), other % (bytes.length + 1)]
        let state: number = UTF8_BOUNDARY
        let from = 0
        for (const to of [Math.min(...splits), Math.max(...splits), bytes.length]) {
          if (state !== UTF8_BROKEN) state = checkUtf8(bytes, from, to, state)
          from = to
        }

        expect(state === UTF8_BOUNDARY).toBe(platformTakes(bytes))
      }),
      { numRuns: 1000 },
    )
  })

  it('checkUtf8() looks only at the bytes that it is told of', () => {
    const bytes = concat(hex('ff'), utf8('ä'.repeat(40)), hex('ff'))

    expect(checkUtf8(bytes, 1, 81, UTF8_BOUNDARY)).toBe(UTF8_BOUNDARY)
    expect(checkUtf8(bytes, 1, 82, UTF8_BOUNDARY)).toBe(UTF8_BROKEN)
    expect(checkUtf8(bytes, 5, 5, UTF8_BOUNDARY)).toBe(UTF8_BOUNDARY)
  })
})

function isWhole(bytes: Uint8Array): boolean {
  return checkUtf8(bytes, 0, bytes.length, UTF8_BOUNDARY) === UTF8_BOUNDARY
}

function expectAgreement(bytes: Uint8Array): void {
  if (isWhole(bytes) === platformTakes(bytes)) return
  throw new Error(`They differ on ${bytes.join(' ')}`)
}

function platformTakes(bytes: Uint8Array): boolean {
  try {
    decoder.decode(bytes)
    return true
  } catch {
    return false // TypeError: that is its answer
  }
}
