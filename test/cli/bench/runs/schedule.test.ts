import { describe, expect, it } from 'vitest'
import { runSchedule } from '../../../../src/cli/bench/runs/schedule.ts'
import type { Clock } from '../../../../src/base/index.ts'

/** Its time is always far ahead of the schedule. */
function lateClock(): Clock {
  let now = 0
  return {
    now: () => (now += 1000),
    setTimer: () => {
      throw new Error('Nothing is waited for')
    },
  }
}

describe('runSchedule()', () => {
  it('sends everything that is due, with the time at which it was due', async () => {
    const sent: Array<readonly [number, number]> = []
    const { signal } = new AbortController()

    await runSchedule({ rate: 2, duration: 2000 }, lateClock(), signal, (index, dueAt) => {
      sent.push([index, dueAt])
    })

    expect(sent).toEqual([
      [0, 1000],
      [1, 1500],
      [2, 2000],
      [3, 2500],
    ])
  })

  it('can be interrupted while it is late, and lets answers come in', async () => {
    const stopping = new AbortController()
    let sent = 0
    setImmediate(() => stopping.abort(new Error('interrupted')))
    const running = runSchedule(
      { rate: 1_000_000, duration: 1000 },
      lateClock(),
      stopping.signal,
      () => (sent += 1),
    )

    await expect(running).rejects.toThrow('interrupted')
    expect(sent).toBeLessThan(1_000_000)
  })
})
