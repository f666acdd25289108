import { describe, expect, it } from 'vitest'

import { TowpathError } from '../../src/base/index.ts'
import {
  MemoryBudgetError,
  PingTimeoutError,
  RateLimitError,
  SessionTimeoutError,
} from '../../src/session/errors.ts'

describe('errors of sessions', () => {
  it('PingTimeoutError says how long we waited', () => {
    const error = new PingTimeoutError(500)

    expect(error).toBeInstanceOf(TowpathError)
    expect(error).toMatchObject({
      name: 'PingTimeoutError',
      code: 'TOWPATH_PING_TIMEOUT',
      message: 'Cannot go on with the session: nothing was heard for 500 ms after a ping',
      timeoutMs: 500,
    })
  })

  it('RateLimitError says which rate, and what is allowed', () => {
    const error = new RateLimitError('maxBytesPerSecond', 1000)

    expect(error).toBeInstanceOf(TowpathError)
    expect(error).toMatchObject({
      name: 'RateLimitError',
      code: 'TOWPATH_RATE_LIMIT',
      message: 'Cannot accept more from the peer: maxBytesPerSecond is 1000',
      limitName: 'maxBytesPerSecond',
      perSecond: 1000,
    })
  })

  it('SessionTimeoutError says which time has passed', () => {
    const error = new SessionTimeoutError('closeTimeout', 10_000)

    expect(error).toBeInstanceOf(TowpathError)
    expect(error).toMatchObject({
      name: 'SessionTimeoutError',
      code: 'TOWPATH_SESSION_TIMEOUT',
      message: 'Cannot go on with the session: closeTimeout of 10000 ms has passed',
      limitName: 'closeTimeout',
      limitMs: 10_000,
    })
  })

  it('MemoryBudgetError says what all sessions held, and what they may hold', () => {
    const error = new MemoryBudgetError(300, 200)

    expect(error).toBeInstanceOf(TowpathError)
    expect(error).toMatchObject({
      name: 'MemoryBudgetError',
      code: 'TOWPATH_MEMORY_BUDGET',
      message: 'Cannot hold more in memory: sessions hold 300 bytes, and 200 bytes are allowed',
      used: 300,
      limit: 200,
    })
  })
})
