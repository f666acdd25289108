import { describe, expect, it } from 'vitest'
import { ByteReader } from '../../src/packages/byte-reader.ts'
import { hex } from '../support/bytes.ts'

const reader = (bytes: string): ByteReader => new ByteReader('bytes', hex(bytes))

describe('ByteReader', () => {
  it('goes through lists inside of each other, to the end', () => {
    const bytes = reader('02 01 03')
    expect(bytes.next()).toBe(2)
    bytes.enter(2)
    expect(bytes.next()).toBe(1)
    bytes.enter(0)
    expect([bytes.next(), bytes.next()]).toEqual([3, null])
  })

  it('reads numbers in big-endian, up to 8 bytes', () => {
    expect(reader('01 02 03 04').number(4)).toBe(0x01020304)
    expect(reader('00 01 00 00 00 00 00 00').number(8)).toBe(2 ** 48)
  })

  it('leaves a list without a length where its end is marked', () => {
    const bytes = reader('9f 01 ff')
    bytes.next()
    bytes.enter(Infinity)
    expect([bytes.next(), bytes.isEndless, bytes.next()]).toEqual([1, true, 0xff])
    bytes.leave()

    expect(bytes.next()).toBeNull()
  })

  it('takes text of every script, and refuses bytes that are not UTF-8', () => {
    reader('61 c3 bc e2 82 ac f0 9f 9a a4').text(10)

    for (const bytes of ['ff', '61 c3', 'c0 80', 'ed a0 80']) {
      const bad = reader(bytes)
      expect(() => bad.text(bytes.split(' ').length)).toThrow('it has text that is not UTF-8')
    }
  })

  it.each([
    ['there are bytes behind the value', (bytes: ByteReader) => [bytes.next(), bytes.next()]],
    ['it ends too early', (bytes: ByteReader) => bytes.skip(3)],
    ['it ends too early', (bytes: ByteReader) => bytes.enter(3)],
    [
      'it is nested too deeply',
      (bytes: ByteReader) => {
        for (let depth = 0; depth <= 500; depth++) bytes.enter(1)
      },
    ],
  ])('throws TypeError: %s', (why, read) => {
    expect(() => read(reader('01 02'))).toThrow(new TypeError(`Cannot decode bytes: ${why}`))
  })
})
