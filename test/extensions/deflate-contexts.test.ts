import { expect, it } from 'vitest'
import { TAIL, usableDeflateBits } from '../../src/extensions/deflate-contexts.ts'
import { toHex } from '../support/bytes.ts'

it('TAIL is what every flush ends with', () => {
  expect(toHex(TAIL)).toBe('00 00 ff ff')
})

it('usableDeflateBits() is 9 for a window of 8 bits, which zlib does not have, and else the same', () => {
  expect([8, 9, 10, 11, 12, 13, 14, 15].map(usableDeflateBits)).toEqual([
    9, 9, 10, 11, 12, 13, 14, 15,
  ])
})
