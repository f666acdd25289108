import { describe, expect, it } from 'vitest'
import { createEpoch, isEpoch, readOffset, readPlace } from '../../src/brokers/places.ts'
import { createTestEnvironment } from '../../src/testing/test-environment.ts'

describe('createEpoch()', () => {
  it('makes another valid name each time', () => {
    const environment = createTestEnvironment(1)
    const [first, second] = [createEpoch(environment), createEpoch(environment)]

    expect(first).toMatch(/^[0-9a-f]{16}$/)
    expect(second).not.toBe(first)
    expect(isEpoch(first)).toBe(true)
  })
})

describe('isEpoch()', () => {
  it.each(['', 'a b', 'é', 'x'.repeat(65), 7, null, undefined, ['e']])('refuses %j', (value) => {
    expect(isEpoch(value)).toBe(false)
  })
})

describe('readOffset()', () => {
  it('reads whole numbers from 0 to 2^53 - 1, and their digits', () => {
    expect([0, 7, '0', '7', `${2 ** 53 - 1}`].map(readOffset)).toEqual([0, 7, 0, 7, 2 ** 53 - 1])
  })

  it.each([
    -1,
    1.5,
    NaN,
    2 ** 53,
    '',
    '-1',
    '1e3',
    '0x1',
    ' 1',
    'x',
    '9'.repeat(16),
    null,
    {},
    [1],
  ])('refuses %j', (value) => {
    expect(readOffset(value)).toBeNull()
  })
})

describe('readPlace()', () => {
  it('T-34 an event comes after the event before it, in a valid epoch', () => {
    expect(readPlace('e', '8', 7)).toEqual({ epoch: 'e', offset: 8, previous: 7 })
    expect(readPlace('e', 8, 8)).toBeNull()
    expect(readPlace('e e', 8, 7)).toBeNull()
    expect(readPlace('e', 'x', 7)).toBeNull()
    expect(readPlace('e', 8, undefined)).toBeNull()
  })
})
