import { describe, expect, it } from 'vitest'

import { PauseReasons } from '../../../src/session/reading/pause-reasons.ts'

describe('PauseReasons', () => {
  it('add() says whether it is the first reason', () => {
    const reasons = new PauseReasons()

    expect(reasons.add('incoming')).toBe(true)
    expect(reasons.add('rate')).toBe(false)
    expect(reasons.add('incoming')).toBe(false)
  })

  it('remove() says whether it was the last reason', () => {
    const reasons = new PauseReasons()
    reasons.add('incoming')
    reasons.add('rate')
    reasons.add('extension')

    expect(reasons.remove('rate')).toBe(false)
    expect(reasons.remove('rate')).toBe(false)
    expect(reasons.remove('incoming')).toBe(false)
    expect(reasons.remove('extension')).toBe(true)
    expect(reasons.remove('extension')).toBe(false)
  })
})
