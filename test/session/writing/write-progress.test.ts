import { describe, expect, it } from 'vitest'

import { WriteProgress } from '../../../src/session/writing/write-progress.ts'
import { Gate } from '../../support/gate.ts'
import { memoryEnvironment } from '../../support/memory-world.ts'

const MIB = 1024 * 1024

function open() {
  const { clock } = memoryEnvironment()
  const gate = new Gate()
  return { clock, gate, progress: new WriteProgress(clock, gate) }
}

describe('WriteProgress', () => {
  it('nothing has moved before the transport has kept anything', () => {
    expect(open().progress.movedAt).toBe(-Infinity)
  })

  it('bytes move when the transport keeps fewer than before', async () => {
    const { clock, gate, progress } = open()
    gate.queuedBytes = 1000
    progress.queued()
    await clock.advance(100)
    expect(progress.movedAt).toBe(-Infinity)
    expect(progress.stillSince).toBe(0)

    gate.queuedBytes = 999
    expect(progress.movedAt).toBe(100)
    await clock.advance(100)

    expect(progress.movedAt).toBe(100)
    expect(progress.stillSince).toBe(100)
    expect(progress.isUnderWay).toBe(true)
  })

  it('bytes that the transport keeps for a moment have not moved', async () => {
    const { clock, gate, progress } = open()
    for (let write = 0; write < 10; write++) {
      gate.queuedBytes = 300_000
      progress.queued()
      await clock.advance(99)
      progress.drained()
    }
    expect(progress.movedAt).toBe(-Infinity)

    gate.queuedBytes = 132
    progress.queued()
    await clock.advance(100)
    progress.drained()
    await clock.advance(10_000)

    // 990, 100, and eight times as long for what the operating system holds.
    expect(progress.movedAt).toBe(1890)
  })

  it('a control frame has to be kept for a second before it counts', async () => {
    const { clock, gate, progress } = open()
    gate.queuedBytes = 131
    progress.queued()
    await clock.advance(999)
    progress.drained()
    expect(progress.movedAt).toBe(-Infinity)

    gate.queuedBytes = 131
    progress.queued()
    await clock.advance(1000)
    progress.drained()

    expect(progress.movedAt).toBe(1999)
  })

  it('what the operating system holds moves on at the rate of what went before', async () => {
    const { clock, gate, progress } = open()
    gate.queuedBytes = 32 * MIB
    progress.queued()
    await clock.advance(4000)
    progress.drained()
    expect(progress.isUnderWay).toBe(false)

    await clock.advance(1500)
    expect(progress.movedAt).toBe(5500)
    await clock.advance(5000)

    // 16 MiB, at 8 MiB a second.
    expect(progress.movedAt).toBe(6000)
  })

  it('what the operating system holds takes eight times as long as what went before at most', async () => {
    const { clock, gate, progress } = open()
    gate.queuedBytes = 20_000
    progress.queued()
    await clock.advance(1000)
    progress.drained()

    await clock.advance(60_000)

    expect(progress.movedAt).toBe(9000)
  })

  it('what the operating system holds takes half a minute at most', async () => {
    const { clock, gate, progress } = open()
    gate.queuedBytes = 20_000
    progress.queued()
    await clock.advance(20_000)
    progress.drained()

    await clock.advance(600_000)

    expect(progress.movedAt).toBe(50_000)
  })
})
