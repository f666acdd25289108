import { describe, expect, it } from 'vitest'
import { VirtualClock } from '../../src/base/virtual-clock.ts'

describe('VirtualClock', () => {
  it('now() begins at 0 and moves by what advance() says', async () => {
    const clock = new VirtualClock()
    expect(clock.now()).toBe(0)

    await clock.advance(250)
    await clock.advance({ seconds: 2 })

    expect(clock.now()).toBe(2250)
  })

  it('advance() runs timers in the order of time, then of setting, each at its moment', async () => {
    const clock = new VirtualClock()
    const log: string[] = []
    const note = (name: string) => () => log.push(`${name} at ${clock.now()}`)
    clock.setTimer(30, note('c'))
    clock.setTimer(10, note('a'))
    clock.setTimer(30, note('d'))
    clock.setTimer(20, note('b'))
    clock.setTimer(31, note('e'))

    await clock.advance(30)

    expect(log).toEqual(['a at 10', 'b at 20', 'c at 30', 'd at 30'])
    expect(clock.now()).toBe(30)
    expect(clock.pendingTimers).toBe(1)
  })

  it('advance() runs timers that are set meanwhile and fall due, also those of no delay', async () => {
    const clock = new VirtualClock()
    const log: string[] = []
    clock.setTimer(10, () => {
      clock.setTimer(0, () => log.push(`second at ${clock.now()}`))
      clock.setTimer(5, () => log.push(`third at ${clock.now()}`))
      log.push(`first at ${clock.now()}`)
    })

    await clock.advance(20)

    expect(log).toEqual(['first at 10', 'second at 10', 'third at 15'])
  })

  it('setTimer() never calls back before it has returned', async () => {
    const clock = new VirtualClock()
    let isCalled = false
    clock.setTimer(0, () => {
      isCalled = true
    })

    expect(isCalled).toBe(false)
    await clock.advance(0)
    expect(isCalled).toBe(true)
  })

  it('disposing of a timer cancels it, once', async () => {
    const clock = new VirtualClock()
    const log: string[] = []
    const timer = clock.setTimer(10, () => log.push('never'))
    clock.setTimer(10, () => log.push('kept'))

    timer[Symbol.dispose]()
    timer[Symbol.dispose]()

    expect(clock.pendingTimers).toBe(1)
    await clock.advance(10)
    expect(log).toEqual(['kept'])
  })

  it('disposing of a timer of the same moment cancels it', async () => {
    const clock = new VirtualClock()
    const log: string[] = []
    clock.setTimer(10, () => second[Symbol.dispose]())
    const second = clock.setTimer(10, () => log.push('never'))

    await clock.advance(10)

    expect(log).toEqual([])
    expect(clock.pendingTimers).toBe(0)
  })

  it('disposing of a timer that has run does nothing', async () => {
    const clock = new VirtualClock()
    const timer = clock.setTimer(10, () => undefined)
    await clock.advance(10)

    timer[Symbol.dispose]()

    expect(clock.pendingTimers).toBe(0)
  })

  it('advance() settles before the first timer, after each moment, and at the end', async () => {
    const log: string[] = []
    const clock = new VirtualClock({
      settle: () => {
        log.push(`settled at ${clock.now()}`)
        return Promise.resolve()
      },
    })
    for (const delay of [10, 10, 20])
      clock.setTimer(delay, () => log.push(`timer at ${clock.now()}`))

    await clock.advance(25)

    expect(log).toEqual([
      'settled at 0',
      'timer at 10',
      'timer at 10',
      'settled at 10',
      'timer at 20',
      'settled at 20',
      'settled at 25',
    ])
  })

  it('advance() settles before a timer of no delay that another timer has set', async () => {
    const clock = new VirtualClock()
    const log: string[] = []
    clock.setTimer(10, () => {
      void Promise.resolve().then(() => log.push('caused by the first'))
      clock.setTimer(0, () => log.push('second'))
    })

    await clock.advance(10)

    expect(log).toEqual(['caused by the first', 'second'])
  })

  it('advance() runs any number of timers of one moment in the order of setting', async () => {
    const clock = new VirtualClock()
    const log: number[] = []
    for (let index = 0; index < 50; index++) clock.setTimer(10, () => log.push(index))

    await clock.advance(10)

    expect(log).toEqual(Array.from({ length: 50 }, (_, index) => index))
  })

  it('advance() lets code that waits for promises come to rest before the next timer', async () => {
    const clock = new VirtualClock()
    const log: string[] = []
    clock.setTimer(1, () => {
      void (async () => {
        for (let turn = 0; turn < 10; turn++) await Promise.resolve()
        log.push('caused by the first')
      })()
    })
    clock.setTimer(2, () => log.push('second'))

    await clock.advance(2)

    expect(log).toEqual(['caused by the first', 'second'])
  })

  it('advance() waits for a pending advance() and goes on from where that one left the time', async () => {
    const clock = new VirtualClock()
    const log: number[] = []
    for (const delay of [5, 15, 25]) clock.setTimer(delay, () => log.push(clock.now()))

    await Promise.all([clock.advance(10), clock.advance(10), clock.advance(10)])

    expect(log).toEqual([5, 15, 25])
    expect(clock.now()).toBe(30)
  })

  it('advance() rejects with what a timer threw; the next call goes on', async () => {
    const clock = new VirtualClock()
    const log: string[] = []
    clock.setTimer(5, () => {
      throw new Error('broken')
    })
    clock.setTimer(5, () => log.push('same moment'))

    await expect(clock.advance(10)).rejects.toThrow('broken')
    expect(clock.now()).toBe(5)

    await clock.advance(0)
    expect(log).toEqual(['same moment'])
  })

  it('advance() and setTimer() reject a time that goes back or never comes', () => {
    const clock = new VirtualClock()

    expect(() => clock.advance(-1)).toThrow(RangeError)
    expect(() => clock.advance(Infinity)).toThrow(RangeError)
    expect(() => clock.setTimer(-1, () => undefined)).toThrow(RangeError)
    expect(() => clock.setTimer(NaN, () => undefined)).toThrow(RangeError)
  })
})
