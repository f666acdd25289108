import { describe, expect, it } from 'vitest'
import { randomFraction } from '../../src/base/environment.ts'

describe('randomFraction()', () => {
  it('is 0 or above and below 1, whatever the bytes are', () => {
    expect(randomFraction((target) => target.fill(0))).toBe(0)
    expect(randomFraction((target) => target.fill(255))).toBe(1 - 2 ** -32)
    expect(randomFraction((target) => target.fill(128))).toBeCloseTo(0.502)
  })
})
