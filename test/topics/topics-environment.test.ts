import { expect, it } from 'vitest'
import { VirtualClock } from '../../src/base/index.ts'
import { delayingClock, systemClock } from '../../src/base/internal.ts'
import { createTopicsEnvironment } from '../../src/topics/topics-environment.ts'

it('createTopicsEnvironment() has the clock that it is given, and the event loop of the process', async () => {
  const clock = new VirtualClock()
  const environment = createTopicsEnvironment(clock)
  const seen: string[] = []

  environment.deferPastIo((word) => seen.push(word), 'past I/O')
  environment.defer((word) => seen.push(word), 'soon')
  environment.timers.schedule(5, () => seen.push('timer'))
  await clock.advance(5)
  await new Promise((resolve) => environment.deferPastTurn(resolve, undefined))

  expect(environment.clock).toBe(clock)
  expect(seen.sort()).toEqual(['past I/O', 'soon', 'timer'])
  expect(environment.random(new Uint8Array(32)).some((byte) => byte !== 0)).toBe(true)
})

it.each(['the clock itself', 'the clock of an application'])(
  'createTopicsEnvironment() needs no turn of the event loop in virtual time: %s',
  async (which) => {
    const virtual = new VirtualClock()
    const environment = createTopicsEnvironment(
      which === 'the clock itself' ? virtual : delayingClock(virtual),
    )
    const seen: number[] = []
    const again = (count: number): void => {
      seen.push(count)
      if (count < 10) environment.deferPastIo(again, count + 1)
    }
    environment.deferPastIo(again, 1)
    // Settled as `t.settle()` is: everything that takes no time has happened.
    await new Promise((resolve) => setImmediate(resolve))

    expect(seen).toHaveLength(10)
  },
)

it('createTopicsEnvironment() waits for the I/O of a turn in real time', async () => {
  const seen: string[] = []
  createTopicsEnvironment(delayingClock(systemClock)).deferPastIo((word) => seen.push(word), 'past')
  await Promise.resolve()
  await new Promise<void>((resolve) => process.nextTick(resolve))

  expect(seen).toEqual([])
})

it('createTopicsEnvironment() keeps the process alive while a broker waits to connect again', () => {
  const environment = createTopicsEnvironment()
  const timeouts = () =>
    process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const before = timeouts()

  const timer = environment.waitingTimers.schedule(60_000, () => {})
  const during = timeouts()
  timer.cancel()

  expect([during, timeouts()]).toEqual([before + 1, before])
})
