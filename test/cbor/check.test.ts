import { describe, expect, it } from 'vitest'
import { checkCBOR } from '../../src/cbor/check.ts'
import { hex } from '../support/bytes.ts'

describe('checkCBOR()', () => {
  it.each([
    [
      'integers of every size',
      '87 00 17 18 18 19 01 00 1a 01 02 03 04 1b 01 02 03 04 05 06 07 08 20',
    ],
    ['simple values and floats', '86 f4 f5 f6 f7 f9 3c 00 fb 3f f1 99 99 99 99 99 9a'],
    ['texts and bytes', '84 61 61 78 01 61 41 ff 58 01 ff'],
    ['lists and maps', '82 80 a1 61 61 01'],
    ['lists and maps that end with a break', '82 9f 01 ff bf 61 61 01 ff'],
    ['dates', '82 c0 61 61 c1 00'],
    ['large integers', '82 c2 49 01 00 00 00 00 00 00 00 00 c3 41 01'],
    ['typed arrays, sets and maps', '83 d8 40 41 01 d9 01 02 81 01 d9 01 03 a0'],
    ['the mark that something is CBOR', 'd9 d9 f7 01'],
  ])('passes %s', (_, bytes) => {
    checkCBOR(hex(bytes))
  })

  it.each([
    ['no value', '', 'it ends too early'],
    ['two values', '01 02', 'bytes behind'],
    ['reserved information', '1c', 'begins no value'],
    ['a break without a beginning', '81 ff', 'begins no value'],
    ['a list without an end', '9f 01', 'it ends too early'],
    ['a list that is not there', '9a ff ff ff ff', 'it ends too early'],
    ['a length past 53 bits', 'bb ff ff ff ff ff ff ff ff', 'it ends too early'],
    ['bytes that are not there', '5a ff ff ff ff', 'it ends too early'],
    ['text that is not UTF-8', '62 c3 28', 'not UTF-8'],
    ['a shared value, which makes cycles', 'd8 1c 81 d8 1d 00', 'a tag that'],
    ['an error', 'd8 1b 83 65 45 72 72 6f 72 61 61 61 61', 'a tag that'],
    ['a record', 'd8 69 83 01 02 03', 'a tag that'],
    ['shared structures', 'da 53 68 72 64 82 80 01', 'a tag that'],
    ['packed values', 'd8 33 84 80 80 80 80', 'a tag that'],
    ['an integer of no bytes', 'c2 01', 'an integer without bytes'],
    ['an integer in pieces', 'c2 5f 41 01 ff', 'an integer without bytes'],
  ])('M-06 refuses %s', (_, bytes, why) => {
    expect(() => checkCBOR(hex(bytes))).toThrow(TypeError)
    expect(() => checkCBOR(hex(bytes))).toThrow(why)
  })

  it('M-06 refuses an integer of more than 1024 bytes: a megabyte would take minutes', () => {
    const bytes = new Uint8Array(1024 * 1024).fill(0x7f)
    bytes.set(hex('c2 5a 00 0f ff fa'))

    expect(() => checkCBOR(bytes)).toThrow('an integer that is too large')
  })
})
