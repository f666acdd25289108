import { describe, expect, it } from 'vitest'
import { checkMessagePack } from '../../src/msgpack/check.ts'
import { hex } from '../support/bytes.ts'

describe('checkMessagePack()', () => {
  it.each([
    [
      'integers of every size',
      '9a 00 7f ff e0 cc 01 cd 01 02 ce 01 02 03 04 d0 01 d1 01 02 d2 01 02 03 04',
    ],
    ['integers of 64 bits', '92 cf 01 02 03 04 05 06 07 08 d3 01 02 03 04 05 06 07 08'],
    ['nil, booleans and floats', '95 c0 c2 c3 ca 01 02 03 04 cb 01 02 03 04 05 06 07 08'],
    ['texts of every size', '94 a1 61 d9 01 61 da 00 01 61 db 00 00 00 01 61'],
    ['bytes of every size', '93 c4 01 ff c5 00 01 ff c6 00 00 00 01 ff'],
    ['lists of every size', '94 90 dc 00 00 dd 00 00 00 00 91 91 91 c0'],
    ['maps of every size', '93 81 a1 61 01 de 00 01 a1 61 01 df 00 00 00 01 a1 61 01'],
    [
      'timestamps',
      '93 d6 ff 00 00 00 01 d7 ff 00 00 00 00 00 00 00 01 c7 0c ff 00 00 00 00 00 00 00 00 00 00 00 01',
    ],
    ['undefined of the package', 'd4 00 00'],
  ])('passes %s', (_, bytes) => {
    checkMessagePack(hex(bytes))
  })

  it.each([
    ['no value', '', 'it ends too early'],
    ['two values', '01 02', 'bytes behind'],
    ['a byte that is never used', 'c1', 'begins no value'],
    ['a list that is not there', 'dd ff ff ff ff', 'it ends too early'],
    ['a map that is not there', 'df ff ff ff ff', 'it ends too early'],
    ['bytes that are not there', 'c6 ff ff ff ff', 'it ends too early'],
    ['text that is not UTF-8', 'a2 c3 28', 'not UTF-8'],
    ['a regular expression', 'c7 05 78 92 a1 61 a1 67', 'an extension'],
    ['a reference', 'd6 70 00 00 00 01', 'an extension'],
    ['a record', 'd4 72 40', 'an extension'],
  ])('M-06 refuses %s', (_, bytes, why) => {
    expect(() => checkMessagePack(hex(bytes))).toThrow(TypeError)
    expect(() => checkMessagePack(hex(bytes))).toThrow(why)
  })

  it('M-06 refuses an integer without a limit, which would take seconds for a megabyte', () => {
    const bytes = new Uint8Array(1024 * 1024).fill(0x7f)
    bytes.set(hex('c9 00 0f ff fa 42'))

    expect(() => checkMessagePack(bytes)).toThrow('an extension')
  })
})
