import { describe, expect, it } from 'vitest'

import { StallWatch } from '../../../src/session/reading/stall-watch.ts'
import { Gate } from '../../support/gate.ts'
import { memoryEnvironment } from '../../support/memory-world.ts'

/** A session whose state the test sets. */
function open() {
  const environment = memoryEnvironment()
  const { clock } = environment
  const transport = new Gate()
  const state = { isHeld: true, endWaits: false, checkedAt: [] as number[], pongs: 0 }
  const write = { transport, bufferedAmount: 0, control: () => void state.pongs++ }
  const watch = new StallWatch(environment, write, {
    isHeld: () => state.isHeld,
    endWaits: () => state.endWaits,
    check: () => void state.checkedAt.push(clock.now()),
  })
  return { watch, state, write, transport, clock }
}

describe('StallWatch', () => {
  it('checks about twice a second while reading is held back, and then no more', async () => {
    const { watch, state, clock } = open()
    watch.start()
    watch.start()
    await clock.advance(1000)
    expect(state.checkedAt).toEqual([450, 900])

    state.isHeld = false
    await clock.advance(5000)

    expect(state.checkedAt.length).toBe(2)
  })

  it('lets reading that continued for a moment pass once, and not twice', async () => {
    const { watch, state, clock } = open()
    watch.start()
    watch.resumed()
    await clock.advance(450)
    expect(state.checkedAt).toEqual([])

    watch.resumed()
    await clock.advance(450)

    expect(state.checkedAt).toEqual([900])
  })

  it('waits for an extension that makes progress before the end', async () => {
    const { watch, state, clock } = open()
    state.endWaits = true
    watch.start()
    for (let check = 0; check < 4; check++) {
      watch.resumed()
      await clock.advance(450)
    }
    expect(state.checkedAt).toEqual([])

    await clock.advance(450)

    expect(state.checkedAt.length).toBe(1)
  })

  it('probe() probes the transport each time, and sends a Pong at most every 900 ms', async () => {
    const { watch, state, transport, clock } = open()
    watch.probe()
    await clock.advance(450)
    watch.probe()
    expect([transport.probes, state.pongs]).toEqual([2, 1])

    await clock.advance(450)
    watch.probe()

    expect([transport.probes, state.pongs]).toEqual([3, 2])
  })

  it('probe() sends no Pong behind bytes that wait', () => {
    const { watch, state, write } = open()
    write.bufferedAmount = 1

    watch.probe()

    expect(state.pongs).toBe(0)
  })

  it('stop() ends the checks for good', async () => {
    const { watch, state, clock } = open()
    watch.start()
    watch.stop()
    watch.start()

    await clock.advance(5000)

    expect(state.checkedAt).toEqual([])
  })
})
