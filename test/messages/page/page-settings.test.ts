import { describe, expect, it } from 'vitest'
import { readPageSettings } from '../../../src/messages/page/page-settings.ts'

describe('readPageSettings()', () => {
  it('validates nothing, knows no entry, and has the defaults of every side', () => {
    expect(readPageSettings({})).toMatchObject({
      side: 'client',
      contract: null,
      validatesIncoming: false,
      validatesOutgoing: false,
      closesAtInvalidEvents: false,
      requestTimeout: 30_000,
      maxRequests: 64,
    })
  })

  it.each([
    ['an option that only typed() has', { validate: 'both' }, 'unknown option "validate"'],
    ['a word as a duration', { requestTimeout: 'long' }, '"requestTimeout" is invalid'],
    ['an empty duration', { requestTimeout: {} }, '"requestTimeout" is invalid'],
    ['a negative duration', { requestTimeout: { seconds: -1 } }, '"requestTimeout" is invalid'],
    ['no request', { maxRequests: 0 }, 'option "maxRequests" is 0'],
  ])('refuses %s', (_, options, message) => {
    expect(() => readPageSettings(options as object)).toThrow(message)
  })
})
