import { describe, expect, it } from 'vitest'

import type { Clock } from '../../src/base/index.ts'
import { TimerWheel } from '../../src/base/internal.ts'
import { PatientTimer } from '../../src/session/patient-timer.ts'
import { memoryEnvironment, settled } from '../support/memory-world.ts'

/** A clock whose timers run when a test says so: late, as after SIGSTOP. */
class LateClock implements Clock {
  time = 0
  #timers: { readonly dueAt: number; readonly callback: () => void }[] = []

  now(): number {
    return this.time
  }

  setTimer(delayMs: number, callback: () => void): Disposable {
    const timer = { dueAt: this.time + delayMs, callback }
    this.#timers.push(timer)
    return {
      [Symbol.dispose]: () => {
        this.#timers = this.#timers.filter((other) => other !== timer)
      },
    }
  }

  async moveTo(time: number): Promise<void> {
    this.time = time
    for (const timer of this.#timers.filter(({ dueAt }) => dueAt <= time)) {
      this.#timers = this.#timers.filter((other) => other !== timer)
      timer.callback()
    }
    await settled()
  }
}

function open() {
  const clock = new LateClock()
  const dueAt: number[] = []
  const environment = { ...memoryEnvironment(), clock, timers: new TimerWheel(clock) }
  const timer = new PatientTimer(environment, { due: () => void dueAt.push(clock.time) })
  return { clock, timer, dueAt }
}

describe('PatientTimer', () => {
  it('is due when it is set for, and when it is a little late', async () => {
    const { clock, timer, dueAt } = open()
    timer.set(1000)
    await clock.moveTo(999)
    expect(dueAt).toEqual([])
    await clock.moveTo(1200)

    expect(dueAt).toEqual([1200])
    expect(timer.isSet).toBe(false)
  })

  it('waits one second more when the process has stood still, once', async () => {
    const { clock, timer, dueAt } = open()
    timer.set(1000)
    await clock.moveTo(4000)
    expect(dueAt).toEqual([])

    await clock.moveTo(9000)

    expect(dueAt).toEqual([9000])
  })

  it('lets I/O that is ready pass first, which may cancel it or set it again', async () => {
    const { clock, timer, dueAt } = open()
    timer.set(1000)
    const late = clock.moveTo(1000)
    expect(timer.isSet).toBe(true)
    timer.cancel()
    await late
    expect(dueAt).toEqual([])

    timer.set(1000)
    const again = clock.moveTo(2000)
    timer.set(500)
    await again
    expect(dueAt).toEqual([])

    await clock.moveTo(2500)
    expect(dueAt).toEqual([2500])
  })
})
