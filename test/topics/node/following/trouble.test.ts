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

  /** How many healings in a row it takes until the hole is lost. */
  function healingsUntilLost(healing: 'nothing' | 'failed'): number {
    const trouble = new Trouble(new HeldBudget())
    trouble.held.add(EVENT)
    trouble.healed(healing)
    trouble.healed('found')
    for (let count = 1; count < 1000; count++) if (trouble.healed(healing)) return count
    return Infinity
  }

  it('a hole is lost after six healings in a row that found nothing', () => {
    expect(healingsUntilLost('nothing')).toBe(6)
  })

  it('a hole is lost after 61 healings in a row that could not read the log', () => {
    expect(healingsUntilLost('failed')).toBe(61)
  })

  it('no hole is lost while no event waits behind it', () => {
    const trouble = new Trouble(new HeldBudget())
    const healings = Array.from({ length: 100 }, () => 'nothing' as const)
    expect(healings.map((healing) => trouble.healed(healing))).not.toContain(true)
  })

  it('the pauses grow up to a second, until a healing finds something', async () => {
    const { clock, timers } = createTestEnvironment(1)
    const trouble = new Trouble(new HeldBudget())
    const pauses: number[] = []
    const pause = async (): Promise<void> => {
      const since = clock.now()
      trouble.retry(timers, () => pauses.push(clock.now() - since))
      await clock.advance(2000)
    }

    for (let count = 0; count < 5; count++) await pause()
    trouble.healed('found')
    await pause()

    expect(pauses).toEqual([250, 500, 1000, 1000, 1000, 250])
  })
})
