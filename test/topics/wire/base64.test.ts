import fc from 'fast-check'
import { expect, it } from 'vitest'
import { fromBase64, toBase64 } from '../../../src/topics/wire/base64.ts'

it('fromBase64() reads what toBase64() has written, and what others write', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'))
      expect(fromBase64(toBase64(bytes))).toEqual(bytes)
    }),
  )
  expect(toBase64(new Uint8Array(20_000))).toHaveLength(26_668)
})

it.each(['A', 'AA', 'AAA', '====', 'AA=A', 'A A=', 'ä===', 'AA-_'])(
  'fromBase64() refuses %j',
  (text) => {
    expect(fromBase64(text)).toBeNull()
  },
)
