import { describe, expect, it } from 'vitest'
import { slotOf } from '../../../src/brokers/redis/hash-slot.ts'

describe('slotOf()', () => {
  it.each([
    // Of the specification of Redis Cluster, and of CLUSTER KEYSLOT.
    ['123456789', 12_739],
    ['foo', 12_182],
    ['{foo}bar', 12_182],
    ['x{foo}{bar}', 12_182],
    ['', 0],
  ])('the slot of %j is %i', (name, slot) => {
    expect(slotOf(name)).toBe(slot)
  })

  it('an empty hash tag is none', () => {
    expect(slotOf('{}foo')).not.toBe(slotOf(''))
    expect(slotOf('{foo')).not.toBe(slotOf('foo'))
  })
})
