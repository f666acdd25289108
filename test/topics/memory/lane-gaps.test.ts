import { describe, expect, it } from 'vitest'
import { type Gaps, hasGap, NO_GAPS, withGap } from '../../../src/topics/memory/lane-gaps.ts'

/** The gaps of a lane that has stored `sequences`, in this order. */
function gapsOf(...sequences: number[]): Gaps {
  let gaps = NO_GAPS
  for (const [index, sequence] of sequences.entries()) {
    gaps = withGap(gaps, sequences[index - 1] ?? 0, sequence)
  }
  return gaps
}

describe('withGap()', () => {
  it('a lane without a hole has no gaps', () => {
    expect(gapsOf(1, 2, 3)).toBe(NO_GAPS)
  })

  it('each jump is one gap, also that before the first sequence', () => {
    const gaps = gapsOf(3, 4, 6, 9)

    expect(gaps).toEqual([
      [1, 2],
      [5, 5],
      [7, 8],
    ])
    expect([1, 2, 3, 4, 5, 6, 7, 8, 9].filter((each) => hasGap(gaps, each))).toEqual([
      1, 2, 5, 7, 8,
    ])
  })

  it('of more than 16 gaps the two oldest become one', () => {
    const even = Array.from({ length: 17 }, (_, index) => 2 * (index + 1))
    const gaps = gapsOf(...even)

    expect(gaps).toHaveLength(16)
    expect(gaps[0]).toEqual([1, 3])
    expect(gaps[1]).toEqual([5, 5])
  })

  it('a gap is forgotten when the lane is far past it', () => {
    const before = gapsOf(2, 16_000)

    const gaps = withGap(before, 16_000, 16_386)

    expect(before).toHaveLength(2)
    expect(gaps.map(([first]) => first)).toEqual([3, 16_001])
  })
})
