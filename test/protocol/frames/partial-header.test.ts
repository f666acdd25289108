import { describe, expect, it } from 'vitest'
import { PartialHeader } from '../../../src/protocol/frames/partial-header.ts'
import { hex } from '../../support/bytes.ts'

describe('PartialHeader', () => {
  it.each([
    ['81 05', false, '81 05'],
    ['81 85', true, '81 85 01 02 03 04'],
    ['82 7e', false, '82 7e 01 02'],
    ['82 fe', true, '82 fe 01 02 03 04 05 06'],
    ['82 7f', false, '82 7f 01 02 03 04 05 06 07 08'],
    ['82 ff', true, '82 ff 01 02 03 04 05 06 07 08 09 0a 0b 0c'],
  ])('PartialHeader.append() takes the bytes of %s (mask: %s), and no more', (begin, mask, all) => {
    const rest = hex('01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e')
    const header = new PartialHeader(hex(begin), 0, 1)

    expect(header.append(hex(begin), 1, 2, mask)).toBe(2)
    let at = 0
    for (let next = 1; next <= rest.length; next++) at = header.append(rest, at, next, mask)

    expect(header.bytes.subarray(0, header.length)).toEqual(hex(all))
    expect(at).toBe(header.length - 2)
  })

  it('PartialHeader holds a copy', () => {
    const bytes = hex('00 81 00')
    const header = new PartialHeader(bytes, 1, 2)
    bytes.fill(0xff)

    expect(header.length).toBe(1)
    expect(header.bytes[0]).toBe(0x81)
  })
})
