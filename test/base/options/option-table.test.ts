import {
  callback,
  checked,
  choice,
  duration,
  flag,
  nested,
  numberBetween,
  optionTable,
  orNull,
  timeLimit,
  wholeNumber,
  wholeOrInfinite,
} from '../../../src/base/options/option-table.ts'
import { optionReader } from '../../../src/base/options/option-reader.ts'
import { describe, expect, it } from 'vitest'

const reader = optionReader('install it')

interface Bounds {
  readonly capacity: number
  readonly policy: 'wait' | 'close'
}

interface Settings {
  readonly timeout: number
  readonly pause: number
  readonly idle: number | null
  readonly limit: number
  readonly factor: number
  readonly masking: boolean
  readonly bounds: Bounds
  readonly asked: () => unknown
  readonly name: string
}

const nothing = (): void => {}

const BOUNDS = optionTable<Bounds>({
  capacity: wholeNumber(64),
  policy: choice('wait', ['wait', 'close']),
})

const TABLE = optionTable<Settings>({
  timeout: timeLimit(15_000),
  pause: duration(5),
  idle: orNull(timeLimit(60_000), null),
  limit: wholeOrInfinite(Infinity),
  factor: numberBetween(2, 1, 3),
  masking: flag(false),
  bounds: nested(BOUNDS),
  asked: callback(nothing),
  name: checked('none', (_act, value) => String(value)),
})

describe('optionTable()', () => {
  it('derives the names and the defaults from the rules', () => {
    expect(TABLE.names).toEqual([
      'timeout',
      'pause',
      'idle',
      'limit',
      'factor',
      'masking',
      'bounds',
      'asked',
      'name',
    ])
    expect(TABLE.read(reader, {})).toEqual({
      timeout: 15_000,
      pause: 5,
      idle: null,
      limit: Infinity,
      factor: 2,
      masking: false,
      bounds: { capacity: 64, policy: 'wait' },
      asked: nothing,
      name: 'none',
    })
  })

  it('reads every option, durations as milliseconds', () => {
    const options = {
      timeout: { seconds: 1 },
      pause: 1,
      idle: { minutes: 1 },
      limit: 7,
      factor: 1.5,
      masking: true,
      bounds: { policy: 'close' },
      asked: String,
      name: 5,
    }

    expect(TABLE.read(reader, options)).toEqual({
      timeout: 1_000,
      pause: 1,
      idle: 60_000,
      limit: 7,
      factor: 1.5,
      masking: true,
      bounds: { capacity: 64, policy: 'close' },
      asked: String,
      name: '5',
    })
  })

  it('lays options over the settings in force, down to nested ones', () => {
    const outer = TABLE.read(reader, { idle: 5_000, bounds: { capacity: 1 } })

    const inner = TABLE.lay(reader, { idle: null, bounds: { policy: 'close' } }, outer)

    expect(inner.idle).toBeNull()
    expect(inner.bounds).toEqual({ capacity: 1, policy: 'close' })
    expect(TABLE.lay(reader, { idle: undefined }, outer)).toEqual(outer)
  })

  it('does not let one reader change the defaults of the next', () => {
    expect(Object.isFrozen(TABLE.defaults)).toBe(true)
    expect(TABLE.read(reader, {})).not.toBe(TABLE.defaults)
  })

  it.each([
    [{ timeOut: 1 }, TypeError, 'unknown option "timeOut", expected "timeout"'],
    [{ bounds: { capacty: 1 } }, TypeError, 'unknown option "bounds.capacty"'],
    [{ bounds: 64 }, TypeError, 'option "bounds" is 64, expected an object'],
    [{ bounds: { capacity: 0 } }, RangeError, 'option "bounds.capacity" is 0, expected a whole'],
    [{ timeout: 15 }, RangeError, 'option "timeout" is 15, in milliseconds; did you mean seconds'],
    [{ timeout: null }, TypeError, 'option "timeout" is null'],
    [{ idle: 60 }, RangeError, 'did you mean seconds(60)?'],
    [{ asked: 1 }, TypeError, 'option "asked" is 1, expected a function'],
  ])('refuses %j, naming what is expected', (options, error, message) => {
    expect(() => TABLE.read(reader, options)).toThrow(error)
    expect(() => TABLE.read(reader, options)).toThrow(message)
  })

  it('refuses options that are no object', () => {
    expect(() => TABLE.read(reader, 5)).toThrow(
      new TypeError('Cannot install it: the options argument is 5, expected an object'),
    )
    expect(() => BOUNDS.read(reader, 5, 'bounds')).toThrow('option "bounds" is 5')
    expect(() => BOUNDS.read(reader, { policy: 1 }, 'bounds')).toThrow('option "bounds.policy"')
  })
})
