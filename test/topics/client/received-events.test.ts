import { describe, expect, it } from 'vitest'
import { itemOf } from '../../../src/topics/client/received-events.ts'

describe('itemOf()', () => {
  it('returns JSON as it is, and bytes of either encoding', () => {
    const bytes = new Uint8Array([1, 2])

    expect(itemOf({ offset: 1, at: 2, data: [3] })).toEqual({
      type: 'event',
      offset: 1,
      event: [3],
      key: null,
      at: 2,
      publisher: null,
    })
    expect(itemOf({ offset: 1, at: 2, key: 'k', bytes: 'AQI=' })).toMatchObject({ event: bytes })
    expect(itemOf({ offset: 1, at: 2, publisher: 'p', bytes })).toMatchObject({ event: bytes })
  })
})
