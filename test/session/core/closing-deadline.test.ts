import { describe, expect, it } from 'vitest'

import { ClosingDeadline } from '../../../src/session/core/closing-deadline.ts'
import { memoryEnvironment } from '../../support/memory-world.ts'

/** A deadline of one second, with so many bytes that are still to go out. */
function open(unsentBytes: number) {
  const environment = memoryEnvironment()
  const timedOutAt: number[] = []
  const read = { received: 0 }
  const write = { bufferedAmount: unsentBytes, backlog: { movedOutAt: Infinity } }
  const deadline = new ClosingDeadline(
    environment,
    1000,
    { read, write },
    () => void timedOutAt.push(environment.clock.now()),
  )
  return { deadline, read, write, clock: environment.clock, timedOutAt }
}

describe('ClosingDeadline', () => {
  it('passes after closeTimeout when nothing moves', async () => {
    const { clock, timedOutAt } = open(1600)

    await clock.advance(5000)

    expect(timedOutAt).toEqual([1000])
  })

  it('begins again when a sixteenth of what waited has gone out, and not when less has', async () => {
    const { write, clock, timedOutAt } = open(1600)
    write.bufferedAmount -= 100
    await clock.advance(1000)
    write.bufferedAmount -= 99
    await clock.advance(1000)

    expect(timedOutAt).toEqual([2000])
  })

  it('begins again when the last bytes have gone out, however few: the peer has to answer', async () => {
    const { write, clock, timedOutAt } = open(1600)
    write.bufferedAmount = 10
    await clock.advance(1000)
    write.bufferedAmount = 0
    await clock.advance(5000)

    expect(timedOutAt).toEqual([3000])
  })

  it('does not begin again for bytes that went out without waiting for the peer', async () => {
    const { write, clock, timedOutAt } = open(1600)
    write.backlog.movedOutAt = -Infinity
    write.bufferedAmount = 0
    await clock.advance(5000)

    expect(timedOutAt).toEqual([1000])
  })

  it('does not begin again for bytes that moved before the time last began', async () => {
    const { write, clock, timedOutAt } = open(1600)
    write.bufferedAmount = 800
    write.backlog.movedOutAt = 500
    await clock.advance(1000)
    write.bufferedAmount = 0
    await clock.advance(5000)

    expect(timedOutAt).toEqual([2000])
  })

  it('does not begin again for bytes that were dropped', async () => {
    const { deadline, write, clock, timedOutAt } = open(1600)
    write.bufferedAmount = 200
    deadline.dropped()

    await clock.advance(5000)

    expect(timedOutAt).toEqual([1000])
  })

  it('begins again when 64 KiB have come in, and not when less has', async () => {
    const { read, clock, timedOutAt } = open(0)
    read.received += 60_000
    read.received += 5_536
    await clock.advance(1000)
    read.received += 65_535
    await clock.advance(1000)

    expect(timedOutAt).toEqual([2000])
  })

  it('begins again sixteen times at most', async () => {
    const { read, clock, timedOutAt } = open(0)
    for (let second = 0; second < 30; second++) {
      read.received += 100_000
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
