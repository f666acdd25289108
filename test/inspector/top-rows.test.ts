import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { TopRows } from '../../src/inspector/top-rows.ts'

describe('TopRows', () => {
  it('keeps the rows with the largest keys, in order, and equal ones in order of arrival', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 9 })),
        fc.integer({ min: 1, max: 6 }),
        (keys, limit) => {
          const top = new TopRows<string>(limit)
          const rows = keys.map((key, index) => ({ key, row: `${key}#${index}` }))
          for (const { key, row } of rows) top.add(key, row)

          const sorted = [...rows].sort((one, other) => other.key - one.key)
          expect(top.rows).toEqual(sorted.slice(0, limit).map(({ row }) => row))
        },
      ),
    )
  })

  it('says before a row is made whether it would be kept', () => {
    const top = new TopRows<string>(1)
    top.add(5, 'a')

    expect([top.takes(5), top.takes(6)]).toEqual([false, true])
  })
})
