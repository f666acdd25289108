import { describe, expect, it } from 'vitest'

import { ClosingDeadline } from '../../../src/session/core/closing-deadline.ts'
import { memoryEnvironment } from '../../support/memory-world.ts'

/** A deadline of one second, with so many bytes that are still to go out. */
function open(unsentBytes: number) {
  const environment = memoryEnvironment()
  const timedOutAt: number[] = []
  const owner = {
    unsentBytes,
    closingTimedOut: () => void timedOutAt.push(environment.clock.now()),
  }
  const deadline = new ClosingDeadline(environment, 1000, owner)
  return { deadline, owner, clock: environment.clock, timedOutAt }
}

describe('ClosingDeadline', () => {
  it('passes after closeTimeout when nothing moves', async () => {
    const { clock, timedOutAt } = open(1600)

    await clock.advance(5000)

    expect(timedOutAt).toEqual([1000])
  })

  it('begins again when a sixteenth of what waited has gone out, and not when less has', async () => {
    const { owner, clock, timedOutAt } = open(1600)
    owner.unsentBytes -= 100
    await clock.advance(1000)
    owner.unsentBytes -= 99
    await clock.advance(1000)

    expect(timedOutAt).toEqual([2000])
  })

  it('begins again when the last bytes have gone out, however few: the peer has to answer', async () => {
    const { owner, clock, timedOutAt } = open(1600)
    owner.unsentBytes = 10
    await clock.advance(1000)
    owner.unsentBytes = 0
    await clock.advance(5000)

    expect(timedOutAt).toEqual([3000])
  })

  it('does not begin again for bytes that were dropped', async () => {
    const { deadline, owner, clock, timedOutAt } = open(1600)
    owner.unsentBytes = 200
    deadline.dropped()

    await clock.advance(5000)

    expect(timedOutAt).toEqual([1000])
  })

  it('begins again when 64 KiB have come in, and not when less has', async () => {
    const { deadline, clock, timedOutAt } = open(0)
    deadline.received(60_000)
    deadline.received(5_536)
    await clock.advance(1000)
    deadline.received(65_535)
    await clock.advance(1000)

    expect(timedOutAt).toEqual([2000])
  })

  it('begins again sixteen times at most', async () => {
    const { deadline, clock, timedOutAt } = open(0)
    for (let second = 0; second < 30; second++) {
      deadline.received(100_000)
      await clock.advance(1000)
    }

    expect(timedOutAt).toEqual([17_000])
  })

  it('cancel() ends it', async () => {
    const { deadline, clock, timedOutAt } = open(0)

    deadline.cancel()
    await clock.advance(5000)

    expect(timedOutAt).toEqual([])
    expect(clock.pendingTimers).toBe(0)
  })
})
