import { describe, expect, it } from 'vitest'
import { poolRandom, randomFraction } from '../../src/base/environment.ts'

describe('randomFraction()', () => {
  it('is 0 or above and below 1, whatever the bytes are', () => {
    expect(randomFraction((target) => target.fill(0))).toBe(0)
    expect(randomFraction((target) => target.fill(255))).toBe(1 - 2 ** -32)
    expect(randomFraction((target) => target.fill(128))).toBeCloseTo(0.502)
  })
})

/** A pool over a generator that counts 1, 2, … 255, 1, … and its number of calls. */
function counting() {
  let calls = 0
  let next = 0
  const random = poolRandom((target) => {
    calls++
    for (let at = 0; at < target.length; at++) target[at] = 1 + (next++ % 255)
  })
  return { random, calls: () => calls }
}

describe('poolRandom()', () => {
  it('asks the generator once for many small requests', () => {
    const { random, calls } = counting()

    for (let count = 0; count < 100; count++) random(new Uint8Array(12))

    expect(calls()).toBe(1)
  })

  it.each([4, 16, 17, 1000])('uses no byte twice, in requests of %i', (size) => {
    const { random } = counting()
    const seen: number[] = []

    while (seen.length + size <= 4096) seen.push(...random(new Uint8Array(size)))

    expect(seen).toEqual(Array.from(seen, (_, at) => 1 + (at % 255)))
  })

  it('fills and returns a target that is larger than the pool', () => {
    const { random } = counting()
    const target = new Uint8Array(10_000)

    expect(random(target)).toBe(target)
    expect(target).not.toContain(0)
  })

  it('fills the given bytes and no others of their buffer', () => {
    const { random } = counting()
    const whole = new Uint8Array(64)

    random(whole.subarray(8, 40))

    expect(whole.subarray(0, 8).every((byte) => byte === 0)).toBe(true)
    expect(whole.subarray(40).every((byte) => byte === 0)).toBe(true)
    expect(whole.subarray(8, 40)).not.toContain(0)
  })
})
