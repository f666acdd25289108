import { describe, expect, it } from 'vitest'

import { TokenBucket } from '../../src/base/token-bucket.ts'
import { VirtualClock } from '../../src/base/virtual-clock.ts'

/** A bucket of 10 tokens a second, with one second's worth at the start. */
function bucket(perSecond = 10, burstMs = 1000) {
  const clock = new VirtualClock()
  return { clock, tokens: new TokenBucket(clock, perSecond, burstMs) }
}

describe('TokenBucket', () => {
  it('spend() answers what is left, below zero past the burst', () => {
    const { tokens } = bucket()

    expect(tokens.spend(9)).toBe(1)
    expect(tokens.spend(1)).toBe(0)
    expect(tokens.spend(1)).toBe(-1)
  })

  it('spend() finds what has come in meanwhile', async () => {
    const { clock, tokens } = bucket()
    tokens.spend(10)

    await clock.advance(500)

    expect(tokens.spend(5)).toBe(0)
    expect(tokens.spend(1)).toBe(-1)
  })

  it('keeps no more than the burst, however long nothing takes any', async () => {
    const { clock, tokens } = bucket()
    tokens.spend(10)

    await clock.advance(60_000)

    expect(tokens.spend(11)).toBe(-1)
  })

  it('lets at most twice the burst pass after a silence', async () => {
    const { clock, tokens } = bucket()
    await clock.advance(60_000)

    let passed = 0
    while (tokens.spend(1) >= 0) passed++

    expect(passed).toBe(19)
  })

  it('keeps one token at least', () => {
    const { tokens } = bucket(1, 10)

    expect(tokens.take()).toBe(true)
    expect(tokens.take()).toBe(false)
  })

  it('take() takes one token, and none when there is none', async () => {
    const { clock, tokens } = bucket(2)

    expect([tokens.take(), tokens.take(), tokens.take()]).toEqual([true, true, false])
    await clock.advance(499)
    expect(tokens.take()).toBe(false)
    await clock.advance(1)
    expect(tokens.take()).toBe(true)
  })

  it('msUntilToken is how long the next token takes', async () => {
    const { clock, tokens } = bucket()

    expect(tokens.msUntilToken).toBe(0)
    tokens.spend(12)
    expect(tokens.msUntilToken).toBe(300)
    await clock.advance(100)
    expect(tokens.msUntilToken).toBeCloseTo(200)
  })

  it('reads the clock only when the tokens at hand have run out', () => {
    let readings = 0
    const clock = new VirtualClock()
    const counting = {
      now: () => {
        readings++
        return clock.now()
      },
      setTimer: clock.setTimer.bind(clock),
    }
    const tokens = new TokenBucket(counting, 1000, 1000)
    for (let spent = 0; spent < 999; spent++) tokens.spend(1)

    expect(readings).toBe(1)
    tokens.spend(1)
    expect(readings).toBe(2)
  })
})
