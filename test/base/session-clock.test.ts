import { describe, expect, it } from 'vitest'
import { VirtualClock } from '../../src/base/index.ts'
import { sessionClockOf } from '../../src/base/session-clock.ts'

describe('sessionClockOf()', () => {
  it('returns the clock that a session lives by', () => {
    const clock = new VirtualClock()

    expect(sessionClockOf('test', { clock })).toBe(clock)
  })

  it('throws TypeError for an object that is no session of ours', () => {
    expect(() => sessionClockOf('use typed messages', {})).toThrow(
      new TypeError(
        "Cannot use typed messages: the session is not one of Towpath's, expected a session of a route or of a client",
      ),
    )
  })
})
