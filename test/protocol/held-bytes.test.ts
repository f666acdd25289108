import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HeldBytes } from '../../src/protocol/held-bytes.ts'
import { hex } from '../support/bytes.ts'
import { concat } from './wire.ts'

describe('HeldBytes', () => {
  it('HeldBytes holds a copy', () => {
    const lent = hex('01 02 03')
    const held = new HeldBytes(lent, 1)
    lent.fill(0)

    expect(contents(held)).toEqual(hex('02 03'))
    expect(held.byteLength).toBe(2)
  })

  it('HeldBytes keeps the order, whatever is appended and read from the front', () => {
    const step = fc.oneof(fc.uint8Array({ maxLength: 50 }), fc.nat(60))
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const held = new HeldBytes(hex('01 02'), 0)
        let expected = hex('01 02')
        for (const next of steps) {
          if (typeof next === 'number') {
            const read = Math.min(next, held.byteLength)
            held.start += read
            expected = expected.subarray(read)
          } else {
            held.append(next)
            expected = concat(expected, next)
          }
          expect(contents(held)).toEqual(expected)
          expect(held.byteLength).toBe(expected.length)
        }
      }),
    )
  })

  it('HeldBytes takes memory in proportion to what it holds', () => {
    const held = new HeldBytes(hex('01'), 0)
    for (let count = 0; count < 10_000; count++) held.append(hex('02'))

    expect(held.memory.length).toBeLessThan(20_100)
  })
})

function contents(held: HeldBytes): Uint8Array {
  return held.memory.slice(held.start, held.end)
}
