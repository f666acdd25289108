import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { PermissionEnd } from '../../../src/topics/wire/permission-end.ts'
import {
  createTestEnvironment,
  type TestEnvironment,
} from '../../../src/testing/test-environment.ts'

const DAY_MS = 86_400_000

let environment: TestEnvironment
let ends: number

beforeEach(() => {
  environment = createTestEnvironment(1)
  ends = 0
  vi.spyOn(Date, 'now').mockImplementation(() => environment.clock.now())
})

afterEach(() => {
  vi.restoreAllMocks()
})

function endAt(ms: number): PermissionEnd {
  return new PermissionEnd(environment.timers, new Date(ms), () => ends++)
}

describe('PermissionEnd', () => {
  it.each([5000, 24 * DAY_MS, 80 * DAY_MS])(
    'T-55 ends a permission at its moment, once: %i ms',
    async (ms) => {
      endAt(ms)
      await environment.clock.advance(ms - 1)
      expect(ends).toBe(0)
      await environment.clock.advance(1)
      expect(ends).toBe(1)
      await environment.clock.advance(100 * DAY_MS)

      expect([ends, environment.timers.size]).toEqual([1, 0])
    },
  )

  it('sets no timer that is longer than the longest one of Node', async () => {
    const schedule = vi.spyOn(environment.timers, 'schedule')
    endAt(80 * DAY_MS)
    await environment.clock.advance(80 * DAY_MS)

    expect(Math.max(...schedule.mock.calls.map(([ms]) => ms))).toBe(2 ** 31 - 1)
    expect(ends).toBe(1)
  })

  it('T-55 ends a permission of the past soon', async () => {
    await environment.clock.advance(1000)
    endAt(500)
    await environment.clock.advance(1)

    expect(ends).toBe(1)
  })

  it('does not end a permission that was cancelled, however long it lasts', async () => {
    endAt(5000).cancel()
    const long = endAt(80 * DAY_MS)
    await environment.clock.advance(60 * DAY_MS)
    long.cancel()
    long.cancel()
    await environment.clock.advance(60 * DAY_MS)

    expect([ends, environment.timers.size]).toEqual([0, 0])
  })
})
