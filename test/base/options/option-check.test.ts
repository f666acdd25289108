import {
  readOptionalTimeLimit,
  readSwitch,
  readTimeLimit,
  readWholeNumber,
  requireFunction,
  requireKnownNames,
  requireObject,
  requireSynchronous,
} from '../../../src/base/options/option-check.ts'
import { describe, expect, it } from 'vitest'

const ACT = 'install WebSockets'
const KNOWN = ['pingPeriod', 'timeout', 'maxFrameSize', 'maxMessageSize']

describe('requireKnownNames()', () => {
  it('lets known names pass', () => {
    expect(() => requireKnownNames(ACT, { timeout: 1 }, KNOWN)).not.toThrow()
  })

  it.each([
    ['pingPerod', 'Cannot install WebSockets: unknown option "pingPerod", expected "pingPeriod"'],
    ['TIMEOUT', 'Cannot install WebSockets: unknown option "TIMEOUT", expected "timeout"'],
    [
      'maxSize',
      'Cannot install WebSockets: unknown option "maxSize", expected one of "pingPeriod", "timeout", "maxFrameSize", "maxMessageSize"',
    ],
  ])('refuses %s with the nearest name, or with all', (name, message) => {
    expect(() => requireKnownNames(ACT, { [name]: 1 }, KNOWN)).toThrow(new TypeError(message))
  })

  it('says where nested options stand', () => {
    expect(() =>
      requireKnownNames(ACT, { both: 1 }, ['incoming', 'outgoing'], 'channels.'),
    ).toThrow(
      'unknown option "channels.both", expected one of "channels.incoming", "channels.outgoing"',
    )
  })

  it('says when there are no options at all', () => {
    expect(() => requireKnownNames(ACT, { a: 1 }, [])).toThrow(
      'unknown option "a", expected no options',
    )
  })
})

describe('readWholeNumber()', () => {
  const range = { min: 1 }

  it('answers the value, or the fallback without one', () => {
    expect(readWholeNumber(ACT, 'n', 7, 3, range)).toBe(7)
    expect(readWholeNumber(ACT, 'n', undefined, 3, range)).toBe(3)
    expect(readWholeNumber(ACT, 'n', Infinity, 3, { min: 1, allowInfinity: true })).toBe(Infinity)
  })

  it.each([0, -1, 1.5, NaN, Infinity, 2 ** 53])('refuses %d', (value) => {
    expect(() => readWholeNumber(ACT, 'n', value, 3, range)).toThrow(
      new RangeError(
        `Cannot install WebSockets: option "n" is ${value}, expected a whole number of 1 or above`,
      ),
    )
  })

  it('refuses what is no number, without showing it', () => {
    expect(() => readWholeNumber(ACT, 'n', 'secret', 3, range)).toThrow(
      new TypeError(
        'Cannot install WebSockets: option "n" is a string, expected a whole number of 1 or above',
      ),
    )
  })
})

describe('readSwitch()', () => {
  it('answers the value, or the fallback without one', () => {
    expect(readSwitch(ACT, 's', false, true)).toBe(false)
    expect(readSwitch(ACT, 's', undefined, true)).toBe(true)
  })

  it('refuses what is no boolean', () => {
    expect(() => readSwitch(ACT, 's', 1, true)).toThrow(
      new TypeError('Cannot install WebSockets: option "s" is 1, expected true or false'),
    )
  })
})

describe('requireObject()', () => {
  it.each([
    [null, 'null'],
    [[], 'an array'],
    ['x', 'a string'],
  ])('refuses %j', (value, kind) => {
    expect(() => requireObject(ACT, 'it', value)).toThrow(
      new TypeError(`Cannot install WebSockets: it is ${kind}, expected an object`),
    )
  })
})

describe('requireFunction()', () => {
  it('refuses what cannot be called', () => {
    expect(() => requireFunction(ACT, 'the handler', {})).toThrow(
      new TypeError('Cannot install WebSockets: the handler is an object, expected a function'),
    )
  })
})

describe('requireSynchronous()', () => {
  it('refuses a promise, and leaves no rejection behind', () => {
    expect(() => requireSynchronous(ACT, 'the block', Promise.reject(new Error('late')))).toThrow(
      new TypeError(
        'Cannot install WebSockets: the block is async, expected a synchronous function',
      ),
    )
  })
})

describe('readTimeLimit()', () => {
  it('readTimeLimit() refuses a bare number below a second, and asks whether seconds were meant', () => {
    expect(() => readTimeLimit('install WebSockets', 'pingPeriod', 30, null)).toThrow(
      new RangeError(
        'Cannot install WebSockets: option "pingPeriod" is 30, in milliseconds; did you mean seconds(30)? ' +
          'Expected 1000 or more, or { milliseconds: 30 }',
      ),
    )
  })

  it('readTimeLimit() takes less than a second as { milliseconds }, and a second as a number', () => {
    expect(readTimeLimit('act', 'timeout', { milliseconds: 30 }, null)).toBe(30)
    expect(readTimeLimit('act', 'timeout', 1000, null)).toBe(1000)
    expect(readTimeLimit('act', 'timeout', undefined, 'fallback')).toBe('fallback')
  })
})

describe('readOptionalTimeLimit()', () => {
  it('readOptionalTimeLimit() takes null for no limit, and is otherwise readTimeLimit()', () => {
    expect(readOptionalTimeLimit('act', 'idleTimeout', null, 5)).toBeNull()
    expect(() => readOptionalTimeLimit('act', 'idleTimeout', 60, 5)).toThrow('seconds(60)')
  })
})
