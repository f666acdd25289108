import { describe, expect, it } from 'vitest'
import { KeyClaim } from '../../../src/topics/presence/held-key.ts'

describe('KeyClaim', () => {
  it('T-61 tells a loss once it has happened, also if it happened before the question', () => {
    const losses: string[] = []
    const [early, late] = [new KeyClaim(() => {}), new KeyClaim(() => {})]
    early.onLost(() => losses.push('early'))
    expect(losses).toEqual([])
    early.lose()
    late.lose()
    late.onLost(() => losses.push('late'))

    expect(losses).toEqual(['early', 'late'])
  })

  it('release may be passed on without its claim', () => {
    const released: KeyClaim[] = []
    const claim = new KeyClaim((each) => released.push(each))
    const { release } = claim
    release()

    expect(released).toEqual([claim])
  })
})
