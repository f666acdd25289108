import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { systemClock, waitingSystemClock } from '../../src/base/system-clock.ts'

const FORTY_DAYS_MS = 40 * 24 * 3_600_000

describe('systemClock', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })

  afterEach(() => {
    vi.useRealTimers()
  })

  it('now() moves on by the time that passes', () => {
    const before = systemClock.now()
    vi.advanceTimersByTime(1234)

    expect(systemClock.now() - before).toBe(1234)
  })

  it('setTimer() calls back once, when its time has come', () => {
    let calls = 0
    systemClock.setTimer(1000, () => calls++)

    vi.advanceTimersByTime(999)
    expect(calls).toBe(0)
    vi.advanceTimersByTime(1)
    expect(calls).toBe(1)
    vi.advanceTimersByTime(10_000)
    expect(calls).toBe(1)
  })

  it('setTimer() never calls back before it has returned, with no delay too', () => {
    let calls = 0
    systemClock.setTimer(0, () => calls++)

    expect(calls).toBe(0)
    vi.advanceTimersByTime(1)
    expect(calls).toBe(1)
  })

  it('setTimer() keeps delays that are longer than a timer of Node can be', () => {
    let calls = 0
    systemClock.setTimer(FORTY_DAYS_MS, () => calls++)

    vi.advanceTimersByTime(FORTY_DAYS_MS - 1)
    expect(calls).toBe(0)
    vi.advanceTimersByTime(1)
    expect(calls).toBe(1)
  })

  it('setTimer() does not call back early when the fraction of a millisecond is missing', () => {
    let calls = 0
    systemClock.setTimer(10.4, () => calls++)

    vi.advanceTimersByTime(10)
    expect(calls).toBe(0)
    vi.advanceTimersByTime(1)
    expect(calls).toBe(1)
  })

  it('disposing of a timer cancels it, in its second stretch too', () => {
    let calls = 0
    const timer = systemClock.setTimer(FORTY_DAYS_MS, () => calls++)
    vi.advanceTimersByTime(FORTY_DAYS_MS - 1)

    timer[Symbol.dispose]()

    vi.advanceTimersByTime(FORTY_DAYS_MS)
    expect(calls).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('setTimer() does not keep the process alive', () => {
    vi.useRealTimers()
    const setTimeoutSpy = vi.spyOn(globalThis, 'setTimeout')
    const timer = systemClock.setTimer(60_000, () => undefined)

    // The spy passes on what setTimeout of Node has returned.
    const handle = setTimeoutSpy.mock.results[0]?.value as NodeJS.Timeout
    expect(handle.hasRef()).toBe(false)

    timer[Symbol.dispose]()
    setTimeoutSpy.mockRestore()
  })
})

describe('waitingSystemClock', () => {
  it('has the time of systemClock', () => {
    const between = [systemClock.now(), waitingSystemClock.now(), systemClock.now()]

    expect(between).toEqual([...between].sort((a, b) => a - b))
  })

  it('setTimer() keeps the process alive until the timer is disposed of', () => {
    const setTimeoutSpy = vi.spyOn(globalThis, 'setTimeout')
    const timer = waitingSystemClock.setTimer(60_000, () => undefined)

    // The spy passes on what setTimeout of Node has returned.
    const handle = setTimeoutSpy.mock.results[0]?.value as NodeJS.Timeout
    expect(handle.hasRef()).toBe(true)

    timer[Symbol.dispose]()
    // Node's timers say so of themselves; their types leave it out.
    expect(handle).toHaveProperty('_destroyed', true)
    setTimeoutSpy.mockRestore()
  })

  it('setTimer() keeps the process alive in the second stretch of a long delay too', () => {
    vi.useFakeTimers()
    let calls = 0
    waitingSystemClock.setTimer(FORTY_DAYS_MS, () => calls++)

    vi.advanceTimersByTime(FORTY_DAYS_MS - 1)
    expect(calls).toBe(0)
    vi.advanceTimersByTime(1)
    expect(calls).toBe(1)
    vi.useRealTimers()
  })
})
