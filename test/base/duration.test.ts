import { describe, expect, it } from 'vitest'
import {
  type Duration,
  hours,
  milliseconds,
  minutes,
  seconds,
  sumInMilliseconds,
  toMilliseconds,
} from '../../src/base/duration.ts'

describe('Duration', () => {
  it('S-53 toMilliseconds() takes a number as milliseconds', () => {
    expect(toMilliseconds(1500, 'timeout')).toBe(1500)
    expect(toMilliseconds(0, 'timeout')).toBe(0)
    expect(toMilliseconds(0.5, 'timeout')).toBe(0.5)
  })

  it('S-53 toMilliseconds() adds up the fields of an object', () => {
    expect(toMilliseconds({ seconds: 15 }, 'timeout')).toBe(15_000)
    expect(toMilliseconds({ hours: 1, minutes: 2, seconds: 3, milliseconds: 4 }, 'timeout')).toBe(
      3_723_004,
    )
    expect(toMilliseconds({ minutes: 1.5 }, 'timeout')).toBe(90_000)
  })

  it('S-53 seconds(), minutes(), hours() and milliseconds() give milliseconds', () => {
    expect(seconds(15)).toBe(15_000)
    expect(minutes(2)).toBe(120_000)
    expect(hours(1)).toBe(3_600_000)
    expect(milliseconds(250)).toBe(250)
    expect(seconds(Infinity)).toBe(Infinity)
  })

  it('toMilliseconds() reads a Temporal.Duration, whose fields are getters', () => {
    const temporal = new TemporalDuration(0, 1, 30)

    expect(toMilliseconds(temporal, 'timeout')).toBe(90_000)
  })

  it('toMilliseconds() rejects a Temporal.Duration of days, which have no fixed length', () => {
    const temporal = new TemporalDuration(1, 0, 0)

    expect(() => toMilliseconds(temporal, 'timeout')).toThrow(
      new TypeError(
        'Cannot use "days" in timeout: unknown unit, expected hours, minutes, seconds, milliseconds',
      ),
    )
  })

  it.each([-1, NaN, -Infinity, Infinity])(
    'toMilliseconds() rejects %d with RangeError',
    (value) => {
      expect(() => toMilliseconds(value, 'timeout')).toThrow(
        new RangeError(`Cannot use ${value} for timeout, expected a finite number of 0 or above`),
      )
      expect(() => toMilliseconds({ minutes: value }, 'timeout')).toThrow(
        new RangeError(
          `Cannot use ${value} for timeout.minutes, expected a finite number of 0 or above`,
        ),
      )
    },
  )

  it('toMilliseconds() allows Infinity where that means no limit', () => {
    expect(toMilliseconds(Infinity, 'grace', { allowInfinity: true })).toBe(Infinity)
    expect(toMilliseconds({ seconds: Infinity }, 'grace', { allowInfinity: true })).toBe(Infinity)
  })

  it('toMilliseconds() rejects a sum that is too large for a number', () => {
    expect(() => toMilliseconds({ hours: Number.MAX_VALUE }, 'timeout')).toThrow(RangeError)
  })

  it.each<[unknown, string]>([
    ['15s', 'Cannot use a string for timeout, expected milliseconds or { hours'],
    [null, 'Cannot use null for timeout, expected milliseconds or { hours'],
    [undefined, 'Cannot use undefined for timeout, expected milliseconds or { hours'],
    [{}, 'Cannot use an empty object for timeout, expected one of hours'],
    [{ second: 1 }, 'Cannot use "second" in timeout: unknown unit, expected hours'],
    [{ seconds: 1, days: 1 }, 'Cannot use "days" in timeout: unknown unit, expected hours'],
    [{ seconds: '1' }, 'Cannot use a string for timeout.seconds, expected a number'],
    [{ seconds: null }, 'Cannot use null for timeout.seconds, expected a number'],
  ])('toMilliseconds() rejects %j with TypeError', (value, message) => {
    // What a caller without types can pass.
    const act = (): number => toMilliseconds(value as Duration, 'timeout')

    expect(act).toThrow(TypeError)
    expect(act).toThrow(message)
  })

  it('seconds() rejects what is not an amount, at the call', () => {
    expect(() => seconds(-1)).toThrow(
      new RangeError('Cannot use -1 for seconds, expected a finite number of 0 or above'),
    )
    expect(() => minutes(NaN)).toThrow(RangeError)
    // What a caller without types can pass.
    expect(() => hours('1' as unknown as number)).toThrow(TypeError)
  })
})

/** The part of Temporal.Duration that matters: nothing of it is an own property. */
class TemporalDuration {
  readonly #amounts: readonly number[]

  constructor(...amounts: readonly number[]) {
    this.#amounts = amounts
  }

  get days(): number {
    return this.#amounts[0] ?? 0
  }

  get minutes(): number {
    return this.#amounts[1] ?? 0
  }

  get seconds(): number {
    return this.#amounts[2] ?? 0
  }
}

describe('sumInMilliseconds()', () => {
  it('adds up the fields that there are, without checks', () => {
    expect(sumInMilliseconds(5)).toBe(5)
    expect(sumInMilliseconds({ hours: 1, minutes: 2, seconds: 3, milliseconds: 4 })).toBe(3_723_004)
    expect(sumInMilliseconds({ seconds: 0 })).toBe(0)
    expect(sumInMilliseconds({ seconds: Infinity })).toBe(Infinity)
  })

  it('is NaN for what has no known field', () => {
    for (const value of [{}, { second: 5 }, Object('10')]) {
      expect(sumInMilliseconds(value)).toBeNaN()
    }
  })
})
