import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { browserClock } from '../../../src/engines/browser/browser-clock.ts'

describe('browserClock', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })

  afterEach(() => {
    vi.useRealTimers()
  })

  it('setTimer() calls once, after the delay, and never within the call', () => {
    const callback = vi.fn()
    browserClock.setTimer(0, callback)
    browserClock.setTimer(100, callback)
    expect(callback).toHaveBeenCalledTimes(0)

    vi.advanceTimersByTime(99)
    expect(callback).toHaveBeenCalledTimes(1)
    vi.advanceTimersByTime(1000)
    expect(callback).toHaveBeenCalledTimes(2)
  })

  it('disposing of a timer cancels it', () => {
    const callback = vi.fn()
    browserClock.setTimer(10, callback)[Symbol.dispose]()
    vi.advanceTimersByTime(20)

    expect(callback).not.toHaveBeenCalled()
  })

  it('a delay that browsers would take for none is as long as they can', () => {
    const callback = vi.fn()
    browserClock.setTimer(2 ** 40, callback)
    vi.advanceTimersByTime(2 ** 31 - 2)
    expect(callback).not.toHaveBeenCalled()

    vi.advanceTimersByTime(1)
    expect(callback).toHaveBeenCalledOnce()
  })

  it('now() goes on', () => {
    const before = browserClock.now()
    vi.advanceTimersByTime(5)

    expect(browserClock.now() - before).toBeCloseTo(5)
  })
})
