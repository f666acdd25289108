import { describe, expect, it } from 'vitest'

import {
  FrameTooBigError,
  ProtocolViolationError,
  TooManyFragmentsError,
} from '../../src/protocol/index.ts'
import { MemoryBudgetError, RateLimitError, SessionTimeoutError } from '../../src/session/errors.ts'
import { limitOf } from '../../src/session/limit-name.ts'

describe('limitOf()', () => {
  it.each([
    [new FrameTooBigError('frame', 2, 1), 'maxFrameSize'],
    [new FrameTooBigError('message', 2, 1), 'maxMessageSize'],
    [new TooManyFragmentsError(2, 1), 'maxFragments'],
    [new RateLimitError('maxBytesPerSecond', 1), 'maxBytesPerSecond'],
    [new SessionTimeoutError('idleTimeout', 1), 'idleTimeout'],
    [new MemoryBudgetError(2, 1), 'memoryBudget'],
    [new ProtocolViolationError(1002, 'Cannot accept it'), null],
  ])('names the limit of %o', (error, name) => {
    expect(limitOf(error)).toBe(name)
  })
})
