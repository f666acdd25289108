import { describe, expect, it } from 'vitest'
import { createTestEnvironment } from '../../../../src/testing/test-environment.ts'
import { HeldBudget } from '../../../../src/topics/node/following/held-events.ts'
import { Trouble } from '../../../../src/topics/node/following/trouble.ts'

const EVENT = { place: { epoch: 'e', offset: 2, previous: 1 }, message: new Uint8Array(1) }

describe('Trouble', () => {
  it('is over when nothing waits: no event, no answer and no timer', async () => {
    const { clock, timers } = createTestEnvironment(1)
    const trouble = new Trouble(new HeldBudget())
    expect(trouble.isOver).toBe(true)

    trouble.held.add(EVENT)
    expect(trouble.isOver).toBe(false)
    trouble.held.take()
    trouble.doubt = 'open'
    expect([trouble.isBusy, trouble.isOver]).toEqual([true, false])
    trouble.doubt = 'none'
    trouble.isHealing = true
    expect([trouble.isBusy, trouble.isOver]).toEqual([true, false])
    trouble.isHealing = false
    trouble.retry(timers, () => {})
    expect([trouble.isWaiting, trouble.isOver]).toEqual([true, false])
    await clock.advance(250)

    expect([trouble.isWaiting, trouble.isOver]).toEqual([false, true])
  })

  it('has one timer at a time, and none after its end', async () => {
    const { clock, timers } = createTestEnvironment(1)
    const trouble = new Trouble(new HeldBudget())
    let calls = 0
    const work = (): void => void calls++
    trouble.retry(timers, work)
    trouble.retry(timers, work)
    await clock.advance(1000)
    expect(calls).toBe(1)

    trouble.retry(timers, work)
    trouble.end()
    await clock.advance(1000)

    expect(calls).toBe(1)
  })

  it('a hole is lost after five healings in a row that found nothing', () => {
    const trouble = new Trouble(new HeldBudget())
    trouble.held.add(EVENT)
    const outcomes = [false, false, true, false, false, false, false, false, false]

    const lost = outcomes.map((hasFound) => trouble.healed(hasFound))

    expect(lost.indexOf(true)).toBe(7)
    expect(lost.lastIndexOf(true)).toBe(7)
  })

  it('no hole is lost while no event waits behind it', () => {
    const trouble = new Trouble(new HeldBudget())
    expect([1, 2, 3, 4, 5, 6].map(() => trouble.healed(false))).not.toContain(true)
  })
})
