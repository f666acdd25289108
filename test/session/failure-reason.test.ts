import { describe, expect, it } from 'vitest'

import { CloseReason, FrameTooBigError, ProtocolViolationError } from '../../src/protocol/index.ts'
import { TooManyFragmentsError } from '../../src/protocol/internal.ts'
import { failureReason } from '../../src/session/failure-reason.ts'

describe('failureReason()', () => {
  it('is the code of the violation, without words', () => {
    const secret = 'Cannot accept frame: opcode 3 is reserved'

    expect(failureReason(new ProtocolViolationError(1002, secret))).toEqual(new CloseReason(1002))
    expect(failureReason(new ProtocolViolationError(1007, secret))).toEqual(new CloseReason(1007))
    expect(failureReason(new FrameTooBigError('frame', 5, 4))).toEqual(new CloseReason(1009))
    expect(failureReason(new TooManyFragmentsError(9, 8))).toEqual(new CloseReason(1008))
  })
})
