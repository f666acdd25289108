import { describe, expect, it } from 'vitest'
import { TowpathError } from '../../src/base/index.ts'
import {
  ChannelOverflowError,
  ClosedReceiveChannelError,
  ClosedSendChannelError,
  toCause,
} from '../../src/channels/errors.ts'

const cause = new Error('why')

describe('errors of channels', () => {
  it('S-52 ClosedReceiveChannelError has a code, a name, and the cause it was given', () => {
    const error = new ClosedReceiveChannelError({ cause })

    expect(error).toBeInstanceOf(TowpathError)
    expect(error.code).toBe('TOWPATH_CLOSED_RECEIVE_CHANNEL')
    expect(error.cause).toBe(cause)
    expect(String(error)).toBe(
      'ClosedReceiveChannelError: Cannot receive: the channel is closed and empty',
    )
    expect('cause' in new ClosedReceiveChannelError()).toBe(false)
  })

  it('ClosedSendChannelError carries the unsent value, which is not in the message', () => {
    const error = new ClosedSendChannelError('secret', { cause })

    expect(error).toBeInstanceOf(TowpathError)
    expect(error.code).toBe('TOWPATH_CLOSED_SEND_CHANNEL')
    expect(error.value).toBe('secret')
    expect(error.cause).toBe(cause)
    expect(String(error)).toBe('ClosedSendChannelError: Cannot send: the channel is closed')
  })

  it('ChannelOverflowError carries the capacity and the value', () => {
    const error = new ChannelOverflowError(64, 'secret')

    expect(error).toBeInstanceOf(TowpathError)
    expect(error.code).toBe('TOWPATH_CHANNEL_OVERFLOW')
    expect(error.capacity).toBe(64)
    expect(error.value).toBe('secret')
    expect(String(error)).toBe(
      'ChannelOverflowError: Cannot send: the channel of capacity 64 is full',
    )
  })

  it('toCause() keeps an Error, turns nothing into null, and wraps the rest', () => {
    expect(toCause(cause)).toBe(cause)
    expect(toCause(undefined)).toBeNull()
    expect(toCause(null)).toBeNull()
    expect(toCause('text')).toBeInstanceOf(Error)
    expect(toCause('text')?.cause).toBe('text')
  })

  it('errors of the channels of a session name it', () => {
    const sent = new ClosedSendChannelError('x', { sessionId: 'abc', cause })
    const received = new ClosedReceiveChannelError({ sessionId: 'abc' })

    expect(sent).toMatchObject({
      sessionId: 'abc',
      cause,
      message: 'Cannot send: session abc is closed',
    })
    expect(received).toMatchObject({
      sessionId: 'abc',
      message: 'Cannot receive: incoming of session abc is closed and empty',
    })
    expect(new ClosedSendChannelError('x').sessionId).toBeNull()
    expect(new ClosedReceiveChannelError().sessionId).toBeNull()
  })
})
