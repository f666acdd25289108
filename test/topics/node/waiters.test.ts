import { describe, expect, it } from 'vitest'
import { createTestEnvironment, settled } from '../../../src/testing/test-environment.ts'
import { Waiters } from '../../../src/topics/node/waiters.ts'

describe('Waiters', () => {
  it('wake() ends all waits, and no later one', async () => {
    const waiters = new Waiters()
    const waits = [waiters.wait(null), waiters.wait(null)]

    waiters.wake()
    await Promise.all(waits)
    void waiters.wait(null)

    expect(waiters.size).toBe(1)
    waiters.wake()
  })

  it('a caller whose signal aborts leaves nothing behind', async () => {
    const waiters = new Waiters()
    const leaving = new AbortController()
    const wait = waiters.wait(leaving.signal)

    leaving.abort()
    await wait

    expect(waiters.size).toBe(0)
    await expect(waiters.wait(leaving.signal)).resolves.toBeUndefined()
  })

  it('a timer ends a wait, and is cancelled by wake()', async () => {
    const { clock, timers } = createTestEnvironment(1)
    const waiters = new Waiters()
    let woken = 0
    const schedule = (wake: () => void) =>
      timers.schedule(100, () => {
        woken++
        wake()
      })
    const first = waiters.wait(null, schedule)
    await clock.advance(101)
    await first

    const second = waiters.wait(null, schedule)
    waiters.wake()
    await second
    await clock.advance(1000)
    await settled()

    expect(woken).toBe(1)
  })
})
