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

    expect(recent.find({ lane: 'a', sequence: 5 })).toEqual({ offset: 7 })
    expect(recent.find({ lane: 'a', sequence: 4 })).toEqual({ offset: null })
    expect(recent.find({ lane: 'a', sequence: 6 })).toBeNull()
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
    expect(recent.find({ lane: 'a', sequence: 6 })).toEqual({ offset: null })
  })
})
