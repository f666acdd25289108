import { describe, expect, it } from 'vitest'
import { createTestEnvironment, settled } from '../../src/testing/test-environment.ts'

describe('createTestEnvironment()', () => {
  it('begins at 0 ms, with no timer', () => {
    const { clock, timers } = createTestEnvironment(1)

    expect([clock.now(), clock.pendingTimers, timers.size]).toEqual([0, 0, 0])
  })

  it('runs timers of its wheel when its clock is advanced', async () => {
    const { clock, timers } = createTestEnvironment(1)
    const ran: number[] = []
    timers.schedule(50, () => ran.push(clock.now()))

    await clock.advance(49)
    expect(ran).toEqual([])
    await clock.advance(1)
    expect(ran).toEqual([50])
  })

  it('defers after the microtasks and in order', async () => {
    const { defer } = createTestEnvironment(1)
    const order: string[] = []

    defer((name) => order.push(name), 'first')
    defer((name) => order.push(name), 'second')
    await settled()

    expect(order).toEqual(['first', 'second'])
  })
})

describe('settled()', () => {
  it('resolves after chains of deferred tasks and promises have run dry', async () => {
    const { defer } = createTestEnvironment(1)
    let steps = 0
    const step = (): void => {
      steps++
      if (steps < 1000) void Promise.resolve().then(() => defer(step, undefined))
    }

    step()
    await settled()

    expect(steps).toBe(1000)
  })
})
