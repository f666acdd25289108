import { describe, expect, it } from 'vitest'
import { createSeededRandom } from '../../src/testing/seeded-random.ts'
import { toHex } from '../support/bytes.ts'

describe('createSeededRandom()', () => {
  it('gives the same bytes for the same seed, however they are asked for', () => {
    const one = createSeededRandom(7)
    const other = createSeededRandom(7)

    const inTwoSteps = toHex(one(new Uint8Array(3))) + ' ' + toHex(one(new Uint8Array(5)))

    expect(toHex(other(new Uint8Array(8)))).toBe(inTwoSteps)
  })

  it('gives other bytes for another seed', () => {
    const one = createSeededRandom(1)(new Uint8Array(8))
    const other = createSeededRandom(2)(new Uint8Array(8))

    expect(toHex(one)).not.toBe(toHex(other))
  })

  it('gives every byte about equally often', () => {
    const counts = new Uint32Array(256)
    for (const byte of createSeededRandom(1)(new Uint8Array(256 * 400))) counts[byte]!++

    expect(Math.min(...counts)).toBeGreaterThan(300)
    expect(Math.max(...counts)).toBeLessThan(500)
  })

  it('fills the bytes that it is given and returns them', () => {
    const target = new Uint8Array(4)

    expect(createSeededRandom(1)(target)).toBe(target)
  })
})
