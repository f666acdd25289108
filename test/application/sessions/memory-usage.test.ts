import { describe, expect, it } from 'vitest'

import { MemoryUsage } from '../../../src/application/sessions/memory-usage.ts'
import { IDLE_CONTROL } from '../../support/session-control.ts'

function held(kinds: { incoming?: number; outgoing?: number; kept?: number }) {
  const holdings = { incoming: 0, outgoing: 0, received: 0, handed: 0, ...kinds }
  const control = {
    ...IDLE_CONTROL,
    keptBytes: kinds.kept ?? 0,
    pings: null,
    ending: null,
    measure: () => holdings,
  }
  const usage = new MemoryUsage(control, 0)
  usage.measure(0)
  return { holdings, usage }
}

describe('MemoryUsage', () => {
  it('costs its bytes times the time that they have stood still, 30 seconds at most', () => {
    const { usage } = held({ incoming: 100, outgoing: 10, kept: 1_000 })

    expect(usage.bytes).toBe(1_110)
    expect(usage.cost(0)).toBe(0)
    expect(usage.cost(2_000)).toBe(220_000)
    expect(usage.cost(100_000)).toBe(3_300_000)
  })

  it('costs nothing once a sixteenth of what it holds has moved, each direction by itself', () => {
    const { usage, holdings } = held({ incoming: 1_600, outgoing: 1_600 })
    holdings.received = 99
    usage.measure(1_000)
    expect(usage.cost(1_000)).toBe(3_200_000)

    holdings.received = 100
    usage.measure(1_000)
    expect(usage.cost(1_000)).toBe(1_600_000)

    holdings.handed = 100
    usage.measure(1_000)
    expect(usage.cost(1_000)).toBe(0)
  })

  it('stands still when 4 KiB to be sent have for 2 seconds, or 4 KiB to be received for 10', () => {
    const stands = (kinds: { incoming?: number; outgoing?: number }, ms: number) =>
      held(kinds).usage.isStalled(ms)

    expect([stands({ outgoing: 4_096 }, 1_999), stands({ outgoing: 4_096 }, 2_000)]).toEqual([
      false,
      true,
    ])
    expect([stands({ incoming: 4_096 }, 9_999), stands({ incoming: 4_096 }, 10_000)]).toEqual([
      false,
      true,
    ])
    expect(stands({ incoming: 4_095, outgoing: 4_095 }, 60_000)).toBe(false)
  })
})
