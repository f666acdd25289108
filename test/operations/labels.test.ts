import { describe, expect, it } from 'vitest'

import { BoundedLabel, closeCodeLabel, readCloseCodes } from '../../src/operations/labels.ts'

describe('closeCodeLabel()', () => {
  it.each([
    [1000, '1000'],
    [1006, '1006'],
    [1015, '1015'],
    [1016, 'other'],
    [3000, '3xxx'],
    [4999, '4xxx'],
    [4101, '4101'],
    [2999, 'other'],
  ])('D-08 %i is %s', (code, label) => {
    expect(closeCodeLabel(code, new Set([4101]))).toBe(label)
  })
})

describe('BoundedLabel', () => {
  it('D-08 keeps the first values, and counts the rest as other', () => {
    const label = new BoundedLabel(2)

    expect(['a', 'b', 'c', 'a', 'd'].map((value) => label.of(value))).toEqual([
      'a',
      'b',
      'other',
      'a',
      'other',
    ])
  })
})

describe('readCloseCodes()', () => {
  it('takes codes of applications', () => {
    expect([...readCloseCodes('install it', [3000, 4999])]).toEqual([3000, 4999])
    expect(readCloseCodes('install it', undefined).size).toBe(0)
  })

  it.each([[[1000]], [[5000]], [['4000']], ['4000'], [Array.from({ length: 101 }, () => 4000)]])(
    'refuses %j',
    (codes) => {
      expect(() => readCloseCodes('install it', codes)).toThrow(
        'Cannot install it: option "closeCodes" is invalid, expected at most 100 codes from 3000 to 4999',
      )
    },
  )
})
