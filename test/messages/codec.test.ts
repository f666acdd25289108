import { describe, expect, it } from 'vitest'
import { bytes, json } from '../../src/messages/codec.ts'

describe('json', () => {
  it('gives back what it was given', () => {
    const value = { text: 'a', list: [1, null, true, { b: 'ü' }] }

    expect(json.decode(json.encode(value))).toEqual(value)
  })

  it.each([
    ['a Date', new globalThis.Date(0)],
    ['a bigint', 1n],
    ['bytes', new Uint8Array(1)],
    ['a Map', new Map()],
    ['a Set', new Set()],
    ['a function', () => 1],
  ])('M-31 refuses to encode %s, in a part as well', (what, value) => {
    const message = `Cannot send ${what} as JSON, expected JSON values or a binary codec`

    expect(() => json.encode(value)).toThrow(new TypeError(message))
    expect(() => json.encode({ list: [{ value }] })).toThrow(new TypeError(message))
  })

  it.each([
    '{"a":{"__proto__":{"admin":true}}}',
    '{"a":{"\\u005f_proto__":{"admin":true}}}',
    '{"a":{"__pr\\u006Fto__":{"admin":true}}}',
    '{"__proto__":null,"a":{}}',
  ])('M-11 leaves nothing of a __proto__ key: %s', (text) => {
    const value = json.decode(text) as { a: object }

    expect(Object.keys(value)).toEqual(['a'])
    expect(Object.getOwnPropertyNames(value.a)).toEqual([])
    expect(Object.assign({}, value.a)).not.toHaveProperty('admin')
  })

  it('keeps a text that speaks of __proto__', () => {
    expect(json.decode('{"text":"__proto__"}')).toEqual({ text: '__proto__' })
  })

  it.each(['', '{', 'undefined'])('throws for %j, which is no JSON', (text) => {
    expect(() => json.decode(text)).toThrow(SyntaxError)
  })

  it('throws for bytes', () => {
    expect(() => json.decode(new Uint8Array())).toThrow(TypeError)
  })
})

describe('bytes', () => {
  it('is a schema of Uint8Array', () => {
    const value = new Uint8Array(2)

    expect(bytes['~standard'].validate(value)).toEqual({ value })
    expect(bytes['~standard'].validate('ab')).toEqual({ issues: [{ message: 'Expected bytes' }] })
  })
})
