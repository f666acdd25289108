import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { parseCookies } from '../../../src/application/calls/cookies.ts'

describe('parseCookies()', () => {
  it('reads names and values, without the blanks around them', () => {
    expect([...parseCookies('a=1; b=2;c = 3 ')]).toEqual([
      ['a', '1'],
      ['b', '2'],
      ['c', '3'],
    ])
  })

  it('lets the first of two with one name count', () => {
    expect([...parseCookies('a=specific; a=general')]).toEqual([['a', 'specific']])
  })

  it('takes off quotes and decodes percent-encoding once', () => {
    expect(parseCookies('a="x y"').get('a')).toBe('x y')
    expect(parseCookies('a=%E2%82%AC').get('a')).toBe('€')
    expect(parseCookies('a=%2525').get('a')).toBe('%25')
  })

  it('keeps a value that is wrongly encoded as it is', () => {
    expect(parseCookies('a=%zz; b=100%').get('a')).toBe('%zz')
    expect(parseCookies('a=%zz; b=100%').get('b')).toBe('100%')
  })

  it('keeps what comes behind a second equals sign', () => {
    expect(parseCookies('token=abc==').get('token')).toBe('abc==')
  })

  it('leaves out what is no cookie', () => {
    expect([...parseCookies(';; =x; name; a=')]).toEqual([['a', '']])
  })

  it('pollutes no prototype', () => {
    const cookies = parseCookies('__proto__=1; constructor=2')

    expect(cookies.get('__proto__')).toBe('1')
    expect(cookies.get('constructor')).toBe('2')
    expect(cookies.get('toString')).toBe(undefined)
    expect(Reflect.get({}, '1')).toBe(undefined)
  })

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (header) => {
        expect(parseCookies(header)).toBeInstanceOf(Map)
      }),
    )
  })
})
