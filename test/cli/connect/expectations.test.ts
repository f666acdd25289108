import { describe, expect, it } from 'vitest'
import { Expectations, matches } from '../../../src/cli/connect/expectations.ts'

describe('matches()', () => {
  it.each([
    [{ a: 1, b: 2 }, { a: 1 }],
    [{ a: { b: [1, { c: 2, d: 3 }] } }, { a: { b: [1, { c: 2 }] } }],
    ['x', 'x'],
    [null, null],
    [[], []],
  ])('%j matches %j', (value, expected) => {
    expect(matches(value, expected)).toBe(true)
  })

  it.each([
    [{ a: 1 }, { a: 2 }],
    [{ a: 1 }, { b: 1 }],
    [{}, { toString: 1 }],
    [[1, 2], [1]],
    [{ 0: 1 }, [1]],
    [[1], { 0: 1 }],
    [null, {}],
    ['1', 1],
    [undefined, null],
  ])('%j does not match %j', (value, expected) => {
    expect(matches(value, expected)).toBe(false)
  })
})

describe('Expectations', () => {
  it('are never met if there are none', () => {
    const none = new Expectations([], null)
    none.take('1')

    expect([none.isAny, none.isMet, none.missing]).toEqual([false, false, null])
  })

  it('are met by messages in their order, with others between', () => {
    const expectations = new Expectations(['1', '{"a":2}'], null)

    for (const message of ['{"a":2}', 'no json', '1', '1']) expectations.take(message)
    expect(expectations.missing).toContain('4 messages came')
    expectations.take({ value: { a: 2 } })

    expect(expectations.isMet).toBe(true)
  })

  it('count messages of both kinds', () => {
    const expectations = new Expectations([], 2)
    expectations.take(Uint8Array.of(1))

    expect(expectations.missing).toBe('Cannot find all messages: 1 came, expected 2')
    expectations.take('')
    expect(expectations.isMet).toBe(true)
  })
})
