import { describe, expect, it } from 'vitest'

import {
  ConnectionLostError,
  NotConnectedError,
} from '../../../src/client/reconnecting/reconnect-errors.ts'
import { CloseReason } from '../../../src/protocol/index.ts'

describe('NotConnectedError', () => {
  it('has what was not sent', () => {
    const error = new NotConnectedError('hello')

    expect(error).toMatchObject({
      name: 'NotConnectedError',
      code: 'TOWPATH_NOT_CONNECTED',
      value: 'hello',
      message: 'Cannot send: the connection has no session, expected the state "open"',
    })
  })
})

describe('ConnectionLostError', () => {
  it('has what happened last, whose failure is the cause', () => {
    const failure = new Error('nobody there')
    const setback = { info: null, error: failure }

    expect(new ConnectionLostError('exhausted', setback)).toMatchObject({
      name: 'ConnectionLostError',
      code: 'TOWPATH_CONNECTION_LOST',
      why: 'exhausted',
      setback,
      cause: failure,
      message: 'Cannot reconnect after a failed attempt: maxAttempts or maxElapsed is reached',
    })
  })

  it('has the cause of the session, if that had one, and else none', () => {
    const reason = new CloseReason(1008)
    const cause = new Error('too big')
    const info = { reason, initiator: 'local', local: reason, remote: null, clean: false } as const

    const failed = new ConnectionLostError('final', { info: { ...info, cause }, error: null })
    const ended = new ConnectionLostError('final', { info: { ...info, cause: null }, error: null })

    expect(failed.cause).toBe(cause)
    expect(ended.cause).toBeUndefined()
  })

  it('names the close code of the session, which has no error of its own', () => {
    const reason = new CloseReason(1008, 'a text of the peer')
    const info = { reason, initiator: 'remote', local: null, remote: reason, clean: true } as const

    const ended = new ConnectionLostError('final', { info: { ...info, cause: null }, error: null })

    expect(ended.message).toBe(
      'Cannot reconnect after close code 1008: this is final unless shouldReconnect returns true',
    )
  })
})
