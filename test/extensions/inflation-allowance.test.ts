import { describe, expect, it } from 'vitest'

import { VirtualClock } from '../../src/base/index.ts'
import { InflationAllowance } from '../../src/extensions/inflation-allowance.ts'

const MIB = 1024 * 1024

function open() {
  const clock = new VirtualClock({ settle: () => Promise.resolve() })
  const allowance = new InflationAllowance({
    role: 'server',
    maxMessageSize: MIB,
    schedule: (delayMs, task) => clock.setTimer(delayMs, task),
  })
  const charge = (mib: number): void => allowance.charge(mib * MIB, 5, 100)
  return { clock, allowance, charge }
}

const TOO_MUCH = expect.objectContaining({
  code: 'TOWPATH_COMPRESSION_RATIO',
  size: 5,
  maxRatio: 100,
})

describe('InflationAllowance', () => {
  it('charge() lets 32 MiB pass at once, and throws for more', () => {
    const { charge } = open()
    charge(20)
    charge(12)

    expect(() => charge(0.001)).toThrow(TOO_MUCH)
  })

  it('charge() gives back 8 MiB each second, and never more than was used', async () => {
    const { clock, charge } = open()
    charge(32)
    await clock.advance(1_000)
    charge(8)
    expect(() => charge(1)).toThrow(TOO_MUCH)

    await clock.advance(60_000)
    charge(32)
    expect(() => charge(1)).toThrow(TOO_MUCH)
  })

  it('has a timer only while something is to be given back', async () => {
    const { clock, allowance, charge } = open()
    charge(9)
    expect(clock.pendingTimers).toBe(1)
    await clock.advance(2_000)
    expect(clock.pendingTimers).toBe(0)

    charge(9)
    allowance.dispose()
    expect(clock.pendingTimers).toBe(0)
  })
})
