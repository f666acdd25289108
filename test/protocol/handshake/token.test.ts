import { describe, expect, it } from 'vitest'
import { isToken, isTokenCharacter } from '../../../src/protocol/handshake/token.ts'

describe('isToken()', () => {
  it('isToken() takes letters, digits and the punctuation of RFC 9110 §5.6.2', () => {
    expect(isToken("aZ09!#$%&'*+-.^_`|~")).toBe(true)
  })

  it('isToken() refuses nothing at all, separators, controls, blanks and other scripts', () => {
    for (const text of [
      '',
      'a b',
      'a,b',
      'a;b',
      'a=b',
      '"a"',
      'a/b',
      'a\n',
      '\ta',
      'ä',
      'a\u0000',
      '(a)',
    ]) {
      expect(isToken(text)).toBe(false)
    }
  })

  it('isTokenCharacter() takes 77 of all characters', () => {
    let count = 0
    for (let code = 0; code < 0x10000; code++) if (isTokenCharacter(code)) count++

    expect(count).toBe(77)
  })
})
