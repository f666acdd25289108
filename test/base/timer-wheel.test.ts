import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Clock } from '../../src/base/clock.ts'
import { TimerWheel, type WheelTimer } from '../../src/base/timer-wheel.ts'
import { VirtualClock } from '../../src/base/virtual-clock.ts'

function setUp(): { clock: VirtualClock; wheel: TimerWheel; log: string[]; note: Note } {
  const clock = new VirtualClock()
  const log: string[] = []
  const note: Note = (name) => () => log.push(`${name} at ${clock.now()}`)
  return { clock, wheel: new TimerWheel(clock), log, note }
}

type Note = (name: string) => () => void

describe('TimerWheel', () => {
  it('schedule() runs timers at their millisecond, in the order of time, then of setting', async () => {
    const { clock, wheel, log, note } = setUp()
    wheel.schedule(30, note('c'))
    wheel.schedule(10, note('a'))
    wheel.schedule(30, note('d'))
    wheel.schedule(20, note('b'))

    await clock.advance(30)

    expect(log).toEqual(['a at 10', 'b at 20', 'c at 30', 'd at 30'])
    expect(wheel.size).toBe(0)
  })

  it('schedule() rounds up to whole milliseconds', async () => {
    const { clock, wheel, log, note } = setUp()
    const timer = wheel.schedule(10.01, note('a'))

    expect(timer.dueAt).toBe(11)
    await clock.advance(20)
    expect(log).toEqual(['a at 11'])
  })

  it('schedule() uses one timer of the clock for all, and none when all are done', async () => {
    const { clock, wheel, note } = setUp()
    for (let delay = 100; delay > 0; delay--) wheel.schedule(delay, note('x'))

    expect(wheel.size).toBe(100)
    expect(clock.pendingTimers).toBe(1)
    await clock.advance(50)
    expect(wheel.size).toBe(50)
    expect(clock.pendingTimers).toBe(1)
    await clock.advance(50)
    expect(wheel.size).toBe(0)
    expect(clock.pendingTimers).toBe(0)
  })

  it('schedule() with no delay runs in the next turn, not at once', async () => {
    const { clock, wheel, log, note } = setUp()
    wheel.schedule(0, note('a'))

    expect(log).toEqual([])
    await clock.advance(0)
    expect(log).toEqual(['a at 0'])
  })

  it('schedule() passes its argument to the callback, and none once it was cancelled', async () => {
    const { clock, wheel, log } = setUp()
    const note = (name: string): void => void log.push(name)
    wheel.schedule(10, note, 'a')
    wheel.schedule(10, note, 'b').cancel()

    await clock.advance(10)

    expect(log).toEqual(['a'])
  })

  it('schedule() from a callback for the same moment has a turn of its own', async () => {
    const { clock, wheel, log, note } = setUp()
    wheel.schedule(10, () => {
      wheel.schedule(0, note('b'))
      expect(clock.pendingTimers).toBe(1)
    })
    wheel.schedule(10, note('a'))

    await clock.advance(10)

    expect(log).toEqual(['a at 10', 'b at 10'])
  })

  it('schedule() of an earlier time than all others is still in time', async () => {
    const { clock, wheel, log, note } = setUp()
    wheel.schedule(100, note('late'))
    wheel.schedule(10, note('early'))

    await clock.advance(10)

    expect(log).toEqual(['early at 10'])
  })

  it('schedule() rejects a delay that is negative or never ends', () => {
    const { wheel, note } = setUp()

    expect(() => wheel.schedule(-1, note('x'))).toThrow(RangeError)
    expect(() => wheel.schedule(Infinity, note('x'))).toThrow(RangeError)
    expect(wheel.size).toBe(0)
  })

  it('cancel() takes a timer out; nothing is left set when it was the last', async () => {
    const { clock, wheel, log, note } = setUp()
    const first = wheel.schedule(10, note('first'))
    const second = wheel.schedule(10, note('second'))
    const third = wheel.schedule(10, note('third'))

    second.cancel()
    second.cancel()
    expect(wheel.size).toBe(2)
    expect([first.isPending, second.isPending, third.isPending]).toEqual([true, false, true])

    first.cancel()
    third[Symbol.dispose]()
    expect(wheel.size).toBe(0)
    expect(clock.pendingTimers).toBe(0)
    await clock.advance(20)
    expect(log).toEqual([])
  })

  it('cancel() of a timer of the same moment, from a callback, is in time', async () => {
    const { clock, wheel, log, note } = setUp()
    wheel.schedule(10, () => second.cancel())
    const second: WheelTimer = wheel.schedule(10, note('never'))
    wheel.schedule(10, note('third'))

    await clock.advance(10)

    expect(log).toEqual(['third at 10'])
    expect(wheel.size).toBe(0)
  })

  it('cancel() of the last ones from a callback, and a new one after that, keep the wheel going', async () => {
    const { clock, wheel, log, note } = setUp()
    const later = wheel.schedule(50, note('never'))
    wheel.schedule(10, () => {
      later.cancel()
      expect(clock.pendingTimers).toBe(0)
      wheel.schedule(5, note('new'))
    })

    await clock.advance(100)

    expect(log).toEqual(['new at 15'])
    expect(clock.pendingTimers).toBe(0)
  })

  it('cancel() after the call does nothing', async () => {
    const { clock, wheel, note } = setUp()
    const timer = wheel.schedule(10, note('a'))
    wheel.schedule(20, note('b'))
    await clock.advance(10)

    timer.cancel()

    expect(timer.isPending).toBe(false)
    expect(wheel.size).toBe(1)
  })

  it('isPending is false inside the call itself', async () => {
    const { clock, wheel } = setUp()
    let wasPending = true
    const timer: WheelTimer = wheel.schedule(10, () => {
      wasPending = timer.isPending
    })

    await clock.advance(10)

    expect(wasPending).toBe(false)
  })

  it('a deadline that is always put off is kept, and leaves nothing behind', async () => {
    const { clock, wheel, log, note } = setUp()
    wheel.schedule(100_000, note('other'))
    let deadline = wheel.schedule(1000, note('deadline'))
    for (let time = 0; time < 2000; time++) {
      deadline.cancel()
      deadline = wheel.schedule(1000, note('deadline'))
      await clock.advance(1)
    }

    await clock.advance(5000)

    expect(log).toEqual(['deadline at 2999'])
    expect(wheel.size).toBe(1)
  })

  it('times whose timers were all cancelled can be used again', async () => {
    const { clock, wheel, log, note } = setUp()
    wheel.schedule(1000, note('other'))
    for (let round = 0; round < 3; round++) {
      const timers: WheelTimer[] = []
      for (let delay = 1; delay <= 200; delay++) timers.push(wheel.schedule(delay, note('never')))
      for (const timer of timers) timer.cancel()
    }
    for (let delay = 1; delay <= 200; delay++) wheel.schedule(delay, note('again'))

    await clock.advance(200)

    expect(log).toEqual(Array.from({ length: 200 }, (_, index) => `again at ${index + 1}`))
    expect(wheel.size).toBe(1)
  })

  it('a callback that throws stops no other timer; its error comes out of the clock', async () => {
    const { clock, wheel, log, note } = setUp()
    wheel.schedule(10, () => {
      throw new Error('broken')
    })
    wheel.schedule(10, note('same moment'))
    wheel.schedule(20, note('later'))

    await expect(clock.advance(10)).rejects.toThrow('broken')
    await clock.advance(10)

    expect(log).toEqual(['same moment at 10', 'later at 20'])
  })

  it('several callbacks that throw at the same moment come out as one AggregateError', async () => {
    const { clock, wheel } = setUp()
    const errors = [new Error('one'), new Error('two')]
    for (const error of errors) {
      wheel.schedule(10, () => {
        throw error
      })
    }

    const failure = await clock.advance(10).catch((error: unknown) => error)

    expect(failure).toBeInstanceOf(AggregateError)
    expect(failure).toMatchObject({ errors })
  })

  it('a clock that wakes too early is asked again, and one that wakes late loses nothing', () => {
    const alarms: { delayMs: number; callback: () => void }[] = []
    let now = 0
    const clock: Clock = {
      now: () => now,
      setTimer: (delayMs, callback) => {
        alarms.push({ delayMs, callback })
        return { [Symbol.dispose]: () => undefined }
      },
    }
    const wheel = new TimerWheel(clock)
    const log: string[] = []
    wheel.schedule(10, () => log.push('a'))
    wheel.schedule(20, () => log.push('b'))

    now = 9.5
    alarms[0]?.callback()
    expect(log).toEqual([])
    expect(alarms[1]?.delayMs).toBe(0.5)

    now = 30
    alarms[1]?.callback()
    expect(log).toEqual(['a', 'b'])
    expect(alarms.length).toBe(2)
  })

  it('any timers, set and cancelled at any times, run when a sorted list says', async () => {
    const step = fc.record({
      delay: fc.integer({ min: 0, max: 40 }),
      cancel: fc.option(fc.nat({ max: 30 }), { nil: null }),
      advance: fc.integer({ min: 0, max: 15 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { clock, wheel, log, note } = setUp()
        const timers: WheelTimer[] = []
        const expected = new Map<number, { dueAt: number; id: number }>()
        for (const [id, { delay, cancel, advance }] of steps.entries()) {
          expected.set(id, { dueAt: clock.now() + delay, id })
          timers.push(wheel.schedule(delay, note(`${id}`)))
          const victim = cancel === null ? undefined : timers[cancel]
          if (cancel !== null && victim?.isPending === true) {
            victim.cancel()
            expected.delete(cancel)
          }
          await clock.advance(advance)
        }
        await clock.advance(100)

        const order = [...expected.values()].sort((a, b) => a.dueAt - b.dueAt || a.id - b.id)
        expect(log).toEqual(order.map(({ dueAt, id }) => `${id} at ${dueAt}`))
        expect(wheel.size).toBe(0)
        expect(clock.pendingTimers).toBe(0)
      }),
      { numRuns: 50 },
    )
  })
})

describe('TimerWheel with many timers that are due at once', () => {
  /** A clock that stands still; `runNext` runs its only timer. */
  function stillClock() {
    const timers = new Set<() => void>()
    const clock: Clock = {
      now: () => 0,
      setTimer: (_delay, callback) => {
        timers.add(callback)
        return { [Symbol.dispose]: () => void timers.delete(callback) }
      },
    }
    const runNext = (): void => {
      const [callback] = timers
      timers.clear()
      callback?.()
    }
    return { clock, runNext, timers }
  }

  it('runs 64 of them in one turn of the clock, and the others in the next turns, in order', () => {
    const { clock, runNext, timers } = stillClock()
    const wheel = new TimerWheel(clock)
    const ran: number[] = []
    for (let index = 0; index < 150; index++) wheel.schedule(0, () => ran.push(index))

    runNext()
    expect(ran).toHaveLength(64)
    runNext()
    expect(ran).toHaveLength(128)
    runNext()

    expect(ran).toEqual(Array.from({ length: 150 }, (_, index) => index))
    expect(wheel.size).toBe(0)
    expect(timers.size).toBe(0)
  })

  it('cancels those that wait for their turn', () => {
    const { clock, runNext, timers } = stillClock()
    const wheel = new TimerWheel(clock)
    const ran: number[] = []
    const set = Array.from({ length: 70 }, (_, index) =>
      wheel.schedule(0, () => void ran.push(index)),
    )
    runNext()

    for (const timer of set) if (timer !== set[69]) timer.cancel()
    expect(wheel.size).toBe(1)
    runNext()

    expect(ran).toEqual([...Array.from({ length: 64 }, (_, index) => index), 69])
    expect(wheel.size).toBe(0)
    expect(timers.size).toBe(0)
  })

  it('runs all of them at their millisecond of virtual time', async () => {
    const clock = new VirtualClock()
    const wheel = new TimerWheel(clock)
    const ranAt: number[] = []
    for (let index = 0; index < 300; index++) wheel.schedule(10, () => ranAt.push(clock.now()))

    await clock.advance(10)

    expect(ranAt).toEqual(Array.from({ length: 300 }, () => 10))
  })
})
