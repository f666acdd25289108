import { optionReader } from '../../../src/base/options/option-reader.ts'
import { describe, expect, it } from 'vitest'

const reader = optionReader('connect')

describe('optionReader()', () => {
  it('returns valid values, durations as milliseconds', () => {
    expect(reader.whole('n', 5, { min: 1 })).toBe(5)
    expect(reader.number('factor', 1.5, 1, 2)).toBe(1.5)
    expect(reader.duration('wait', { seconds: 1 })).toBe(1_000)
    expect(reader.timeLimit('timeout', 1_000)).toBe(1_000)
    expect(reader.flag('masking', true)).toBe(true)
    expect(reader.choice('mode', 'auto', ['auto', 'stream'])).toBe('auto')
    expect(reader.fields('it', { a: 1 }, ['a'])).toEqual({ a: 1 })
  })

  it('names the range of a number', () => {
    expect(() => reader.number('jitter', 2, 0, 1)).toThrow(
      new RangeError('Cannot connect: option "jitter" is 2, expected a number of 0 to 1'),
    )
    expect(() => reader.number('factor', NaN, 1, Number.MAX_VALUE)).toThrow(
      new RangeError('Cannot connect: option "factor" is NaN, expected a number of 1 or above'),
    )
    expect(() => reader.number('factor', '2', 1, 2)).toThrow(
      new TypeError('Cannot connect: option "factor" is a string, expected a number of 1 to 2'),
    )
  })

  it('names every valid word, and another valid value', () => {
    expect(() => reader.choice('mode', 'x', ['auto', 'stream'])).toThrow(
      new TypeError('Cannot connect: option "mode" is a string, expected "auto" or "stream"'),
    )
    expect(() => reader.choice('mode', 1, ['a', 'b'], 'c()')).toThrow(
      new TypeError('Cannot connect: option "mode" is 1, expected one of "a", "b", c()'),
    )
  })
})
