import { describe, expect, it } from 'vitest'

import { ReconnectHints } from '../../../src/application/sessions/reconnect-hints.ts'
import { readReconnectHint } from '../../../src/protocol/internal.ts'
import { createSeededRandom } from '../../../src/testing/seeded-random.ts'

describe('ReconnectHints', () => {
  it('says nothing of when to come back unless it is asked to', () => {
    const reconnectHints = new ReconnectHints(null, createSeededRandom(1))

    expect(reconnectHints.closeMessage()).toBe('')
    expect(reconnectHints.retryAfter()).toBe('5')
  })

  it('spreads those who come back evenly over the time there is', () => {
    const reconnectHints = new ReconnectHints(60_000, createSeededRandom(1))

    const delays = Array.from({ length: 6_000 }, () => {
      const delay = readReconnectHint(reconnectHints.closeMessage())
      return delay ?? NaN
    })

    expect(Math.min(...delays)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...delays)).toBeLessThanOrEqual(60_000)
    for (let minute = 0; minute < 6; minute++) {
      const count = delays.filter((delay) => Math.floor(delay / 10_000) === minute).length
      // A thousand each, give or take five standard deviations.
      expect(Math.abs(count - 1_000)).toBeLessThan(150)
    }
  })

  it('tells those who are refused the same, in whole seconds', () => {
    const reconnectHints = new ReconnectHints(10_000, createSeededRandom(1))

    const seconds = Array.from({ length: 1_000 }, () => Number(reconnectHints.retryAfter()))

    expect(Math.min(...seconds)).toBe(1)
    expect(Math.max(...seconds)).toBe(10)
    expect(seconds.every(Number.isInteger)).toBe(true)
  })

  it('calls them back at once when there is no time', () => {
    const reconnectHints = new ReconnectHints(0, createSeededRandom(1))

    expect(reconnectHints.closeMessage()).toBe('reconnect in 0 s')
    expect(reconnectHints.retryAfter()).toBe('0')
  })
})
