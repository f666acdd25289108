import { describe, expect, it } from 'vitest'

import type { Clock } from '../../../src/base/index.ts'
import { TimerWheel } from '../../../src/base/internal.ts'
import { Pinger } from '../../../src/session/core/pinger.ts'
import { toHex } from '../../support/bytes.ts'
import { memoryEnvironment, settled } from '../../support/memory-world.ts'

/** A pinger whose pings are kept, with the times at which they went out and at which it gave up. */
function open(period: number, timeout: number) {
  const environment = memoryEnvironment()
  const { clock } = environment
  const pings: Uint8Array[] = []
  const sentAt: number[] = []
  const timedOutAt: number[] = []
  const read = { received: 0 }
  const write = {
    backlog: { movedOutAt: -Infinity },
    transport: { bytesWritten: 0, queuedBytes: 0 },
    control: (_type: 9, payload: Uint8Array) => {
      pings.push(payload)
      sentAt.push(clock.now())
    },
  }
  const timedOut = (): void => void timedOutAt.push(clock.now())
  const pinger = new Pinger(environment, { read, write }, period, timeout, timedOut)
  return { pinger, read, write, clock, environment, pings, sentAt, timedOutAt }
}

/** A clock whose one timer runs as late as a test says, as when the process was stopped. */
class StallingClock implements Clock {
  #now = 0
  #timer: { readonly dueAt: number; readonly callback: () => void } | null = null

  now(): number {
    return this.#now
  }

  setTimer(delayMs: number, callback: () => void): Disposable {
    const timer = { dueAt: this.#now + delayMs, callback }
    this.#timer = timer
    return {
      [Symbol.dispose]: () => {
        if (this.#timer === timer) this.#timer = null
      },
    }
  }

  moveTo(now: number): void {
    this.#now = now
    const timer = this.#timer
    if (timer !== null && timer.dueAt <= now) timer.callback()
  }
}

describe('Pinger', () => {
  it('the first ping goes out one period after the start, with 8 random bytes', async () => {
    const { clock, pings, sentAt } = open(1000, 100_000)

    await clock.advance(1500)

    expect(sentAt).toEqual([1000])
    expect(pings.map(toHex)).toEqual(['01 02 03 04 05 06 07 08'])
  })

  it('later pings come up to an eighth of a period early, by the first random byte', async () => {
    const { clock, environment, sentAt } = open(1024, 100_000)
    environment.random(new Uint8Array(127))

    await clock.advance(4000)

    // 128/256 of an eighth of 1024 early, then 136/256, each rounded up to a millisecond.
    expect(sentAt).toEqual([1024, 1984, 2940, 3892])
  })

  it('times out when nothing is heard after a ping', async () => {
    const { clock, timedOutAt } = open(1000, 500)

    await clock.advance(5000)

    expect(timedOutAt[0]).toBe(1500)
  })

  it('the timeout runs from the first ping that nothing was heard after', async () => {
    const { clock, sentAt, timedOutAt } = open(1000, 2500)

    await clock.advance(3500)

    expect(sentAt.length).toBe(3)
    expect(timedOutAt).toEqual([3500])
  })

  it('any byte after the ping proves life, and the next ping asks again', async () => {
    const { read, clock, timedOutAt } = open(1000, 500)
    await clock.advance(1200)
    read.received += 1
    await clock.advance(700)
    expect(timedOutAt).toEqual([])

    await clock.advance(1000)

    // The second ping goes out at 2000: the first payload begins with 1, which is not a whole
    // millisecond early.
    expect(timedOutAt).toEqual([2500])
  })

  it('what was heard after one ping starts the timeout anew at the next, where it is longer than the period', async () => {
    const { read, clock, sentAt, timedOutAt } = open(1000, 2500)
    await clock.advance(1500)
    read.received += 1

    await clock.advance(6000)

    expect(timedOutAt[0]).toBe((sentAt[1] ?? 0) + 2500)
  })

  it('bytes that move towards the peer put the timeout off', async () => {
    const { write, clock, timedOutAt } = open(1000, 500)
    await clock.advance(1499)
    write.backlog.movedOutAt = 1300
    await clock.advance(1)
    expect(timedOutAt).toEqual([])

    await clock.advance(300)

    expect(timedOutAt).toEqual([1800])
  })

  it('a ping behind much that was sent has time to get through it', async () => {
    const { write, read, pinger, clock, pings, timedOutAt } = open(1000, 500)
    write.transport.bytesWritten = 1024 * 1024
    await clock.advance(1100)
    read.received += 1
    expect(pinger.pong(Uint8Array.from(pings[0] ?? []))).toBe(100)

    write.transport.bytesWritten += 512 * 1024
    await clock.advance(2423)
    expect(timedOutAt).toEqual([])
    await clock.advance(1)

    // The second ping goes out at 2000, as above: 512 KiB more than the first pong has shown to
    // have arrived.
    expect(timedOutAt).toEqual([3524])
  })

  it('bytes that the operating system has not taken give a ping no more time', async () => {
    const { write, clock, timedOutAt } = open(1000, 500)
    write.transport.bytesWritten = 4 * 1024 * 1024
    write.transport.queuedBytes = 4 * 1024 * 1024 - 128 * 1024
    await clock.advance(1755)
    expect(timedOutAt).toEqual([])

    await clock.advance(1)

    // Its buffers hold 128 KiB: a quarter of a second.
    expect(timedOutAt).toEqual([1756])
  })

  it('what was heard before a ping proves nothing about the time after it', async () => {
    const { read, clock, timedOutAt } = open(1000, 500)
    await clock.advance(999)
    read.received += 1

    await clock.advance(501)

    expect(timedOutAt).toEqual([1500])
  })

  it('pong() gives the round-trip time of the ping that it answers, once', async () => {
    const { pinger, clock, pings } = open(1000, 100_000)
    await clock.advance(1000)
    await clock.advance(20)
    const payload = Uint8Array.from(pings[0] ?? [])

    expect(pinger.pong(Uint8Array.of(1, 2, 3))).toBe(null)
    expect(pinger.pong(payload)).toBe(20)
    expect(pinger.pong(payload)).toBe(null)
  })

  it('pong() for a later ping answers those before it too', async () => {
    const { pinger, clock, pings } = open(1000, 100_000)
    await clock.advance(2500)
    const [first, second] = pings

    expect(pinger.pong(second ?? new Uint8Array(0))).toBe(500)
    expect(pinger.pong(first ?? new Uint8Array(0))).toBe(null)
  })

  it('pong() knows the last eight pings', async () => {
    const { pinger, clock, pings } = open(1000, 100_000)
    while (pings.length < 9) await clock.advance(500)

    expect(pinger.pong(pings[0] ?? new Uint8Array(0))).toBe(null)
    expect(pinger.pong(pings[1] ?? new Uint8Array(0))).toBeGreaterThan(6000)
  })

  it('the timeout stands still while reading is held back, and goes on with what was left', async () => {
    const { pinger, clock, timedOutAt } = open(10_000, 500)
    await clock.advance(10_200)
    pinger.pause()
    pinger.pause()
    await clock.advance(5000)
    expect(timedOutAt).toEqual([])

    pinger.resume()
    await clock.advance(400)

    expect(timedOutAt).toEqual([15_500])
  })

  it('a ping that goes out while reading is held back has the whole timeout from then on', async () => {
    const { pinger, clock, sentAt, timedOutAt } = open(10_000, 500)
    pinger.pause()
    await clock.advance(12_000)
    expect(sentAt).toEqual([10_000])

    pinger.resume()
    await clock.advance(1000)

    expect(timedOutAt).toEqual([12_500])
  })

  it('a process that stood still gives the peer one second more to be read', async () => {
    const clock = new StallingClock()
    const timedOutAt: number[] = []
    const environment = { ...memoryEnvironment(), clock, timers: new TimerWheel(clock) }
    const read = { received: 0 }
    const transport = { bytesWritten: 0, queuedBytes: 0 }
    const write = { backlog: null, transport, control: () => {} }
    const timedOutNow = () => void timedOutAt.push(clock.now())
    const pinger = new Pinger(environment, { read, write }, 10_000, 500, timedOutNow)
    clock.moveTo(10_000)

    clock.moveTo(15_000)
    await settled()
    expect(timedOutAt).toEqual([])
    clock.moveTo(16_000)
    await settled()

    expect(timedOutAt).toEqual([16_000])
    pinger.stop()
  })

  it('a process that stood still is no matter when the peer has spoken meanwhile', async () => {
    const clock = new StallingClock()
    let timedOut = false
    const environment = { ...memoryEnvironment(), clock, timers: new TimerWheel(clock) }
    const read = { received: 0 }
    const transport = { bytesWritten: 0, queuedBytes: 0 }
    const write = { backlog: null, transport, control: () => {} }
    const timedOutNow = () => void (timedOut = true)
    const pinger = new Pinger(environment, { read, write }, 10_000, 500, timedOutNow)
    clock.moveTo(10_000)
    clock.moveTo(15_000)
    read.received += 1

    clock.moveTo(16_000)
    await settled()

    expect(timedOut).toBe(false)
    pinger.stop()
  })

  it('stop() ends pings and the timeout', async () => {
    const { pinger, clock, environment, sentAt, timedOutAt } = open(1000, 500)
    await clock.advance(1000)

    pinger.stop()
    await clock.advance(10_000)

    expect(sentAt).toEqual([1000])
    expect(timedOutAt).toEqual([])
    expect(environment.timers.size).toBe(0)
  })
})
