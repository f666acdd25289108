import { expect, it } from 'vitest'

import { ScopeEndedError } from '../../src/base/index.ts'
import { ClosedReceiveChannelError, ClosedSendChannelError } from '../../src/channels/index.ts'
import { isEndError } from '../../src/session/end-error.ts'

it('isEndError() is true for the errors of ended channels, scopes and signals', () => {
  expect(isEndError(new ClosedReceiveChannelError(), null)).toBe(true)
  expect(isEndError(new ClosedSendChannelError('a'), null)).toBe(true)
  expect(isEndError(new ScopeEndedError(), null)).toBe(true)
  expect(isEndError(new DOMException('over', 'AbortError'), null)).toBe(true)
})

it('isEndError() is true for the error that the session ended with, and false for others', () => {
  const cause = new Error('reset')

  expect(isEndError(cause, cause)).toBe(true)
  expect(isEndError(new Error('a bug'), cause)).toBe(false)
  expect(isEndError(null, null)).toBe(false)
  expect(isEndError(undefined, null)).toBe(false)
})

it('isEndError() is false for a value whose getters throw', () => {
  const hostile = new Proxy(new Error('a bug'), {
    get: () => {
      throw new Error('trap')
    },
  })

  expect(isEndError(hostile, null)).toBe(false)
})
