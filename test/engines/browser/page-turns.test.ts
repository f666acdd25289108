import { describe, expect, it } from 'vitest'

import { VirtualClock } from '../../../src/base/index.ts'
import { PageTurns } from '../../../src/engines/browser/page-turns.ts'

const SETTLED = Promise.resolve()

function spent(count: number) {
  const clock = new VirtualClock()
  const turns = new PageTurns(clock)
  for (let index = 0; index < count; index++) turns.spend()
  return { clock, turns }
}

describe('PageTurns', () => {
  it('answers at once, but for every 64th time', async () => {
    const { turns: early } = spent(63)
    expect(early.accepted({}, SETTLED)).toBe(SETTLED)
    expect(early.delay()).toBeNull()

    const { clock, turns } = spent(64)
    let isAnswered = false
    void turns.accepted({}, SETTLED).then(() => (isAnswered = true))
    await SETTLED
    expect(isAnswered).toBe(false)
    await clock.advance(0)

    expect(isAnswered).toBe(true)
  })

  it('refuses with the error, after the same wait', async () => {
    const error = new Error('no session')
    await expect(spent(1).turns.refused({}, error)).rejects.toBe(error)

    const { clock, turns } = spent(64)
    const refused = turns.refused({}, error)
    await Promise.all([expect(refused).rejects.toBe(error), clock.advance(0)])
  })
})
