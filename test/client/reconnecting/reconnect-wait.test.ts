import { describe, expect, it } from 'vitest'

import { VirtualClock } from '../../../src/base/index.ts'
import { Backoff } from '../../../src/client/reconnecting/backoff.ts'
import { readReconnecting } from '../../../src/client/reconnecting/reconnect-options.ts'
import { ReconnectWait } from '../../../src/client/reconnecting/reconnect-wait.ts'
import { createSeededRandom } from '../../../src/testing/seeded-random.ts'
import { settled } from '../../support/memory-world.ts'

/** A wait of 8 seconds, which a hint shortens to 1 second. */
function startWait({ isAsked = false, isOnline = true } = {}) {
  const clock = new VirtualClock()
  const settings = readReconnecting({ reconnect: { jitter: 0 } }).reconnect
  const backoff = new Backoff({ clock, random: createSeededRandom(1) }, settings)
  const hints = { isOnline, listen: () => ({ [Symbol.dispose]() {} }) }
  const wait = new ReconnectWait(clock, backoff, hints)
  const starts: Array<readonly [delay: number, retryAt: number]> = []
  const leave = new AbortController()
  let isOver = false
  const run = (): void => {
    isOver = false
    void wait
      .run({ delay: 8_000, isAsked }, leave.signal, (...start) => void starts.push(start))
      .then(() => {
        isOver = true
      })
  }
  run()
  const isOverAfter = async (ms: number): Promise<boolean> => {
    await clock.advance(ms)
    await settled()
    return isOver
  }
  return { wait, starts, leave, run, isOverAfter }
}

describe('ReconnectWait', () => {
  it('waits for the delay, and reports it with the time of the next attempt', async () => {
    const { starts, isOverAfter } = startWait()

    expect(starts).toEqual([[8_000, 8_000]])
    expect(await isOverAfter(7_999)).toBe(false)
    expect(await isOverAfter(1)).toBe(true)
  })

  it('waits for maxDelay while the device is offline', () => {
    const { starts } = startWait({ isOnline: false })

    expect(starts).toEqual([[30_000, 30_000]])
  })

  it.each(['online', 'visible'] as const)('is shortened by "%s"', async (hint) => {
    const { wait, starts, isOverAfter } = startWait()
    await isOverAfter(2_000)

    expect(wait.onHint(hint)).toBe(true)

    expect(starts).toEqual([
      [8_000, 8_000],
      [1_000, 3_000],
    ])
    expect(await isOverAfter(999)).toBe(false)
    expect(await isOverAfter(1)).toBe(true)
  })

  it('is not made longer by a hint', async () => {
    const { wait, starts, isOverAfter } = startWait()
    await isOverAfter(7_500)

    wait.onHint('online')

    expect(starts).toEqual([[8_000, 8_000]])
    expect(await isOverAfter(500)).toBe(true)
  })

  it('ignores hints when the server asked for the wait', async () => {
    const { wait, starts, isOverAfter } = startWait({ isAsked: true })

    wait.onHint('online')

    expect(starts).toEqual([[8_000, 8_000]])
    expect(await isOverAfter(7_999)).toBe(false)
  })

  it.each(['offline', 'hidden', 'left', 'shown'] as const)('is not shortened by "%s"', (hint) => {
    const { wait, starts } = startWait()

    expect(wait.onHint(hint)).toBe(false)

    expect(starts).toEqual([[8_000, 8_000]])
  })

  it('lasts until the page that was left is shown again', async () => {
    const { wait, isOverAfter } = startWait()
    wait.onHint('left')
    expect(await isOverAfter(60_000)).toBe(false)

    expect(wait.onHint('shown')).toBe(true)

    expect(await isOverAfter(0)).toBe(true)
  })

  it('ends at once by end(), even if the server asked for it', async () => {
    const { wait, isOverAfter } = startWait({ isAsked: true })

    wait.end()

    expect(await isOverAfter(0)).toBe(true)
  })

  it('ends when the signal aborts, left page or not', async () => {
    const { wait, leave, run, isOverAfter } = startWait()
    wait.onHint('left')
    await isOverAfter(60_000)

    leave.abort()
    expect(await isOverAfter(0)).toBe(true)

    run()
    expect(await isOverAfter(0)).toBe(true)
  })
})
