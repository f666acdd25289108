import { describe, expect, it } from 'vitest'
import { VirtualClock } from '../../src/base/index.ts'
import { delayOn, delayingClock } from '../../src/base/internal.ts'

/** Notes how `promise` settles. */
function watch(promise: Promise<void>): { outcome: unknown } {
  const watched: { outcome: unknown } = { outcome: 'pending' }
  promise.then(
    () => (watched.outcome = 'resolved'),
    (reason: unknown) => (watched.outcome = reason),
  )
  return watched
}

describe('delayOn()', () => {
  it('delayOn() resolves when the duration has passed on the clock, and not before', async () => {
    const clock = new VirtualClock()
    const waiting = watch(delayOn(clock, { seconds: 10 }, []))

    await clock.advance(9999)
    const before = waiting.outcome
    await clock.advance(1)

    expect(before).toBe('pending')
    expect(waiting.outcome).toBe('resolved')
  })

  it('delayOn() rejects with the reason of the signal that aborts, and leaves no timer', async () => {
    const clock = new VirtualClock()
    const reason = new Error('enough')
    const controllers = [new AbortController(), new AbortController()]
    const waiting = watch(
      delayOn(
        clock,
        1000,
        controllers.map(({ signal }) => signal),
      ),
    )

    controllers[1]?.abort(reason)
    controllers[0]?.abort(new Error('too late'))
    await clock.advance(0)

    expect(waiting.outcome).toBe(reason)
    expect(clock.pendingTimers).toBe(0)
  })

  it('delayOn() rejects at once when a signal has aborted before', async () => {
    const clock = new VirtualClock()
    const reason = new Error('enough')

    await expect(delayOn(clock, 1000, [undefined, AbortSignal.abort(reason)])).rejects.toBe(reason)
    expect(clock.pendingTimers).toBe(0)
  })

  it('delayOn() throws at the call for an invalid duration', () => {
    expect(() => delayOn(new VirtualClock(), -1, [])).toThrow(
      'Cannot use -1 for duration, expected a finite number of 0 or above',
    )
  })
})

describe('delayingClock()', () => {
  it('delayingClock() tells the time, sets timers and waits on the clock behind it', async () => {
    const behind = new VirtualClock()
    const clock = delayingClock(behind)
    const events: string[] = []
    clock.setTimer(1000, () => events.push('timer'))
    void clock.delay(2000).then(() => events.push('delay'))
    const given = watch(clock.delay(3000, { signal: AbortSignal.abort(new Error('no')) }))

    await behind.advance(2000)

    expect(clock.now()).toBe(2000)
    expect(events).toEqual(['timer', 'delay'])
    expect(given.outcome).toEqual(new Error('no'))
  })
})
