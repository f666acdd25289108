import { describe, expect, it } from 'vitest'
import { createTestEnvironment, settled } from '../../../src/testing/test-environment.ts'
import { BrokerWatch } from '../../../src/topics/node/broker-watch.ts'

const DOWN = { state: 'down', since: 0, cause: null } as const

function createWorld() {
  const { clock, timers } = createTestEnvironment(1)
  const watch = new BrokerWatch(timers)
  let isOver = false
  const retry = (attempts = 0, signal: AbortSignal | null = null): Promise<void> => {
    isOver = false
    return watch.retry(attempts, signal).finally(() => (isOver = true))
  }
  return { watch, clock, retry, isOver: () => isOver }
}

describe('BrokerWatch.retry()', () => {
  it('waits without end for a broker that is down, until it is up', async () => {
    const { watch, clock, retry, isOver } = createWorld()
    watch.changed(DOWN)
    const wait = retry()

    await clock.advance(3_600_000)
    expect(isOver()).toBe(false)
    watch.changed({ state: 'up' })

    await expect(wait).resolves.toBeUndefined()
  })

  it('pauses while the broker is up, longer after each attempt, at most 5 s', async () => {
    const { watch, clock, retry, isOver } = createWorld()
    watch.changed({ state: 'up' })

    for (const [attempts, ms] of [
      [0, 50],
      [1, 100],
      [20, 5000],
    ] as const) {
      const wait = retry(attempts)
      await clock.advance(ms / 2)
      expect(isOver()).toBe(false)
      await clock.advance(ms)
      expect(isOver()).toBe(true)
      await wait
    }
  })

  it('does not wait after the broker was closed, and ends waits when it is closed', async () => {
    const { watch, retry } = createWorld()
    const wait = retry()

    watch.changed({ state: 'closed' })

    await wait
    await expect(retry()).resolves.toBeUndefined()
  })

  it('rejects with the reason of a signal that aborts', async () => {
    const { retry } = createWorld()
    const leaving = new AbortController()
    const wait = retry(0, leaving.signal)

    leaving.abort(new Error('left'))

    await expect(wait).rejects.toThrow('left')
    await settled()
  })
})
