import { describe, expect, it } from 'vitest'
import { RecentIdentities } from '../../../src/topics/memory/recent-identities.ts'

describe('RecentIdentities', () => {
  it('knows an id, with its offset', () => {
    const recent = new RecentIdentities()
    recent.remember({ id: 'a' }, 7, 0)

    expect(recent.find({ id: 'a' })).toMatchObject({ offset: 7 })
    expect(recent.find({ id: 'b' })).toBeNull()
    expect(recent.find({ lane: 'a', sequence: 1 })).toBeNull()
  })

  it('knows every sequence up to the highest of a lane, and the offset of that one', () => {
    const recent = new RecentIdentities()
    recent.remember({ lane: 'a', sequence: 5 }, 7, 0)

    recent.remember({ lane: 'a', sequence: 6 }, 8, 0)

    expect(recent.find({ lane: 'a', sequence: 6 })).toEqual({ offset: 8, duplicate: true })
    expect(recent.find({ lane: 'a', sequence: 5 })).toEqual({ offset: null, duplicate: true })
    expect(recent.find({ lane: 'a', sequence: 7 })).toBeNull()
  })

  it('T-19 does not know sequences that were passed over', () => {
    const recent = new RecentIdentities()
    for (const sequence of [3, 4, 7]) recent.remember({ lane: 'a', sequence }, sequence, 0)

    const known = [1, 2, 3, 4, 5, 6, 7].map((sequence) => recent.find({ lane: 'a', sequence }))

    const passed = ['unknown', 'unknown', true, true, 'unknown', 'unknown', true]
    expect(known.map((each) => each?.duplicate)).toEqual(passed)
  })

  it('forgets what is old, and what was lost', () => {
    const recent = new RecentIdentities()
    recent.remember({ id: 'a' }, 1, 0)
    recent.remember({ id: 'b' }, 2, 10)
    recent.remember({ lane: 'a', sequence: 1 }, 3, 10)

    recent.forgetBefore(10)
    expect(recent.size).toBe(2)

    recent.forgetLost({ id: 'b' })
    expect(recent.find({ id: 'b' })).toBeNull()
    recent.remember({ lane: 'a', sequence: 7 }, 4, 10)
    recent.forgetLost({ lane: 'a', sequence: 7 })
    expect(recent.find({ lane: 'a', sequence: 7 })).toBeNull()
    recent.remember({ lane: 'a', sequence: 7 }, 4, 10)
    expect(recent.find({ lane: 'a', sequence: 7 })).toEqual({ offset: 4, duplicate: true })
  })
})
