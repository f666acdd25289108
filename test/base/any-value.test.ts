import { describe, expect, it } from 'vitest'

import { asError, isInstance, isThenable, kindOf } from '../../src/base/any-value.ts'

const trap = (): never => {
  throw new Error('trap')
}

describe('isInstance()', () => {
  it('answers as instanceof does', () => {
    expect(isInstance(new TypeError('x'), Error)).toBe(true)
    expect(isInstance('x', Error)).toBe(false)
  })

  it('is false for what cannot be asked', () => {
    expect(isInstance(new Proxy({}, { getPrototypeOf: trap }), Error)).toBe(false)
  })
})

describe('isThenable()', () => {
  it('is true for promises of any make', () => {
    expect(isThenable(Promise.resolve())).toBe(true)
    // oxlint-disable-next-line unicorn/no-thenable -- the subject
    expect(isThenable({ then: () => {} })).toBe(true)
    // oxlint-disable-next-line unicorn/no-thenable -- the subject
    expect(isThenable(Object.assign(() => {}, { then: () => {} }))).toBe(true)
  })

  // oxlint-disable-next-line unicorn/no-thenable -- the subject
  it.each([undefined, null, 'then', 1, {}, { then: 1 }, () => {}])('is false for %j', (value) => {
    expect(isThenable(value)).toBe(false)
  })
})

describe('kindOf()', () => {
  it('shows numbers, and of everything else the kind', () => {
    expect([null, undefined, 1, [], {}, 'x', true, () => {}].map(kindOf)).toEqual([
      'null',
      'undefined',
      '1',
      'an array',
      'an object',
      'a string',
      'a boolean',
      'a function',
    ])
  })
})

describe('asError()', () => {
  it('returns the Error itself, or one that says what failed', () => {
    const error = new Error('no')

    expect(asError(error, 'the handler')).toBe(error)
    expect(asError('because', 'the handler')).toEqual(
      new TypeError('Cannot tell why the handler failed: the thrown value is not an Error'),
    )
  })
})
