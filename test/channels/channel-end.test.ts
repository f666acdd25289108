import { describe, expect, it } from 'vitest'
import {
  checkCause,
  closedError,
  NORMAL_END,
  refusal,
  SessionChannelEnd,
} from '../../src/channels/channel-end.ts'
import { ClosedReceiveChannelError, ClosedSendChannelError } from '../../src/channels/errors.ts'

const cause = new Error('why')

describe('refusal()', () => {
  it('is a ClosedSendChannelError with the value, and the cause or detail of the end', () => {
    const plain = refusal('value', NORMAL_END)
    expect(plain).toBeInstanceOf(ClosedSendChannelError)
    expect(plain.value).toBe('value')
    expect('cause' in plain).toBe(false)

    expect(refusal('value', { cause, detail: null }).cause).toBe(cause)
    expect(refusal('value', { cause: null, detail: cause }).cause).toBe(cause)
  })
})

describe('closedError()', () => {
  it('is a ClosedReceiveChannelError with the detail of the end', () => {
    expect(closedError(NORMAL_END)).toBeInstanceOf(ClosedReceiveChannelError)
    expect('cause' in closedError(NORMAL_END)).toBe(false)
    expect(closedError({ cause: null, detail: cause }).cause).toBe(cause)
  })
})

describe('SessionChannelEnd', () => {
  it('asks for the id of its session only for an error', () => {
    let asked = 0
    const end = new SessionChannelEnd(null, null, 'owner', (owner) => `${owner} ${++asked}`)
    expect(asked).toBe(0)

    expect(closedError(end).sessionId).toBe('owner 1')
    expect(refusal('value', end).sessionId).toBe('owner 2')
  })
})

describe('checkCause()', () => {
  it('lets errors and null pass, and nothing else', () => {
    checkCause(cause)
    checkCause(null)

    // From JavaScript anything may come.
    expect(() => checkCause('why' as unknown as Error)).toThrow(TypeError)
  })
})
