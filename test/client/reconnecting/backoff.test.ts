import { describe, expect, it } from 'vitest'

import { VirtualClock } from '../../../src/base/index.ts'
import { Backoff } from '../../../src/client/reconnecting/backoff.ts'
import {
  type ReconnectOptions,
  readReconnecting,
} from '../../../src/client/reconnecting/reconnect-options.ts'
import { createSeededRandom } from '../../../src/testing/seeded-random.ts'

function backoff(reconnect: ReconnectOptions = {}, random = createSeededRandom(1)) {
  const clock = new VirtualClock()
  const settings = readReconnecting({ reconnect }).reconnect
  return { clock, backoff: new Backoff({ clock, random }, settings) }
}

/** The waits before the first so many attempts that all fail. */
function waits(reconnect: ReconnectOptions, count: number): Array<number | undefined> {
  const { backoff: each } = backoff(reconnect)
  return Array.from({ length: count }, () => {
    each.begin()
    return each.next(null)?.delay
  })
}

describe('Backoff', () => {
  it('grows from baseDelay by factor up to maxDelay', () => {
    expect(waits({ jitter: 0 }, 7)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
    expect(waits({ jitter: 0, baseDelay: 100, factor: 3, maxDelay: 1_000 }, 4)).toEqual([
      100, 300, 900, 1_000,
    ])
  })

  it('is finite after any number of attempts', () => {
    expect(waits({ jitter: 0 }, 2_000).at(-1)).toBe(30_000)
  })

  it('leaves all of a wait to chance by default: uniform from nothing to the longest', () => {
    const { backoff: each } = backoff({ baseDelay: 1_000 })
    each.begin()
    const delays = Array.from({ length: 10_000 }, () => each.next(null)?.delay ?? NaN)

    const tenths = Array.from(
      { length: 10 },
      (_, tenth) => delays.filter((delay) => Math.floor(delay / 100) === tenth).length,
    )
    expect(Math.min(...delays)).toBeGreaterThan(0)
    expect(Math.max(...delays)).toBeLessThanOrEqual(1_000)
    // A thousand each, give or take five standard deviations.
    for (const count of tenths) expect(Math.abs(count - 1_000)).toBeLessThan(150)
  })

  it('leaves a part of a wait to chance when told so', () => {
    const { backoff: each } = backoff({ jitter: 0.25 })
    each.begin()
    const delays = Array.from({ length: 1_000 }, () => each.next(null)?.delay ?? NaN)

    expect(Math.min(...delays)).toBeGreaterThan(750)
    expect(Math.max(...delays)).toBeLessThanOrEqual(1_000)
  })

  it('begins again after a session that lasted, and only then', () => {
    const { backoff: each } = backoff({ jitter: 0, resetAfter: 10_000 })
    for (let attempt = 1; attempt <= 5; attempt++) expect(each.begin()).toBe(attempt)

    each.lasted(9_999)
    expect(each.attempts).toBe(5)
    expect(each.next(null)?.delay).toBe(16_000)
    each.lasted(10_000)
    expect(each.attempts).toBe(0)
    expect(each.next(null)?.delay).toBe(1_000)
  })

  it('has no wait left after maxAttempts', () => {
    const { backoff: each } = backoff({ maxAttempts: 2 })

    each.begin()
    expect(each.next(null)).not.toBeNull()
    each.begin()
    expect(each.next(null)).toBeNull()
  })

  it('has no wait left that would end after maxElapsed, counted from the first setback', async () => {
    const { backoff: each, clock } = backoff({ jitter: 0, maxElapsed: 4_000, maxDelay: 1_000 })
    await clock.advance(100_000)

    each.begin()
    expect(each.next(null)?.delay).toBe(1_000)
    await clock.advance(3_000)
    expect(each.next(null)?.delay).toBe(1_000)
    await clock.advance(1)
    expect(each.next(null)).toBeNull()
  })

  it('does not count the time that this machine slept', async () => {
    const { backoff: each, clock } = backoff({ jitter: 0, maxElapsed: 4_000 })
    each.begin()
    each.next(null)
    await clock.advance({ hours: 8 })

    each.waited(1_000)

    expect(each.next(null)?.delay).toBe(1_000)
  })

  it('counts a timer that is a little late', async () => {
    const { backoff: each, clock } = backoff({ jitter: 0, maxElapsed: 3_000 })
    each.begin()
    each.next(null)
    await clock.advance(3_000)

    each.waited(1_000)

    expect(each.next(null)).toBeNull()
  })

  it('waits a little longer than the server asks all clients to wait, and never so long that it is cut', () => {
    const { backoff: each } = backoff({ jitter: 0, maxServerDelay: { minutes: 1 } })
    each.begin()
    const delayOf = (ms: number): number | undefined => each.next({ ms, isSpread: false })?.delay

    expect(each.next({ ms: 12_300, isSpread: false })).toEqual({ delay: 13_300, isAsked: true })
    expect([0, 1e15, Infinity].map(delayOf)).toEqual([1_000, 61_000, 61_000])
    expect(each.next(null)).toEqual({ delay: 1_000, isAsked: false })
  })

  it('waits as long as the server asks this client alone to wait', () => {
    const { backoff: each } = backoff({ jitter: 0, maxServerDelay: { minutes: 1 } })
    each.begin()

    expect(each.next({ ms: 12_300, isSpread: true })).toEqual({ delay: 12_300, isAsked: true })
    expect(each.next({ ms: 60_000, isSpread: true })?.delay).toBe(60_000)
    // Cut, and so the same for many.
    expect(each.next({ ms: 60_001, isSpread: true })?.delay).toBe(61_000)
  })

  it('a server that asks again and again for no wait gets the waits of other failures', () => {
    const { backoff: each } = backoff({ jitter: 0 })
    const delays = Array.from({ length: 4 }, () => {
      each.begin()
      return each.next({ ms: 0, isSpread: true })?.delay
    })

    expect(delays).toEqual([1_000, 2_000, 4_000, 8_000])
  })

  it('draws chance from 0 to 1, 1 excluded', () => {
    const all = (byte: number) => (target: Uint8Array) => target.fill(byte)

    expect(backoff({}, all(0)).backoff.chance()).toBe(0)
    expect(backoff({}, all(255)).backoff.chance()).toBeLessThan(1)
    expect(backoff({}, all(255)).backoff.chance()).toBeGreaterThan(0.999)
    expect(backoff({}, all(128)).backoff.chance()).toBeCloseTo(0.502, 3)
  })

  it('knows the shortest and the longest of its own waits', () => {
    const { backoff: each } = backoff({ jitter: 0, baseDelay: 200, maxDelay: 3_000 })
    for (let attempt = 0; attempt < 9; attempt++) each.begin()

    expect(each.shortest()).toBe(200)
    expect(each.longest).toBe(3_000)
  })
})
