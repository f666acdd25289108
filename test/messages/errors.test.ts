import { CloseReason } from 'towpath'
import { describe, expect, it } from 'vitest'
import {
  InvalidMessageError,
  RequestFailedError,
  SessionClosedError,
} from '../../src/messages/errors.ts'

describe('RequestFailedError', () => {
  it('has the facts in fields, and no data in its message', () => {
    const error = new RequestFailedError('history', 'NO_SUCH_ROOM', { data: { room: 'secret' } })

    expect(error).toMatchObject({
      name: 'RequestFailedError',
      code: 'TOWPATH_REQUEST_FAILED',
      type: 'history',
      failure: 'NO_SUCH_ROOM',
      data: { room: 'secret' },
    })
    expect(error.message).toBe(
      'Cannot get an answer to "history": the peer answered with a failure of the contract (NO_SUCH_ROOM)',
    )
    expect(error.issues).toBeUndefined()
  })

  it('says why of a built-in failure, and not of a name that objects have', () => {
    expect(new RequestFailedError('a', 'BUSY').message).toContain('too many requests')
    expect(new RequestFailedError('a', 'constructor').message).toContain(
      'a failure of the contract',
    )
  })
})

describe('SessionClosedError', () => {
  it('has the reason in a field, and the words of the peer only there', () => {
    const error = new SessionClosedError(new CloseReason(1008, 'secret'))

    expect(error).toMatchObject({ code: 'TOWPATH_SESSION_CLOSED', reason: { message: 'secret' } })
    expect(error.message).toBe('Cannot exchange more messages: the session was closed with 1008')
  })
})

describe('InvalidMessageError', () => {
  it('names the message and its first issue', () => {
    const error = new InvalidMessageError('say', [{ path: ['text', 0], message: 'Too long' }])

    expect(error).toMatchObject({ code: 'TOWPATH_INVALID_MESSAGE', type: 'say' })
    expect(error.message).toBe(
      'Cannot use the value of "say": it does not match its schema at "text.0": Too long',
    )
  })
  it('repeats no long name that the peer has chosen', () => {
    const long = 'x'.repeat(100_000)
    const issues = [{ path: [long], message: `Unrecognized key: "${long}"` }]
    const errors = [
      new InvalidMessageError(long, issues),
      new RequestFailedError(long, long, { issues }),
    ]

    for (const { message, type } of errors) {
      expect(message.length).toBeLessThan(600)
      expect(type).toBe(long)
    }
  })
})
