import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_DEPTH, parseShallow } from '../../../src/topics/kind/shallow-json.ts'

const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`

describe('parseShallow()', () => {
  it('returns what JSON.parse returns, brackets in strings included', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify([value, '['.repeat(2000), '\\"{{'])
        expect(parseShallow(text)).toEqual(JSON.parse(text))
      }),
    )
  })

  it('refuses a text that is nested too deeply', () => {
    expect(() => parseShallow(nested(MAX_DEPTH))).not.toThrow()
    expect(() => parseShallow(nested(MAX_DEPTH + 1))).toThrow(SyntaxError)
    expect(() => parseShallow(nested(100_000))).toThrow(SyntaxError)
  })

  it.each(['', '{', '"', '"\\', `"${'x'.repeat(2000)}`])('throws a SyntaxError for %j', (text) => {
    expect(() => parseShallow(text)).toThrow(SyntaxError)
  })
})
