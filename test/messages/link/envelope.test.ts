import { describe, expect, it } from 'vitest'
import { readEnvelope } from '../../../src/messages/link/envelope.ts'

describe('readEnvelope()', () => {
  it('reads an event, and a request with all its fields', () => {
    expect(readEnvelope({ type: 'say', data: 1 })).toEqual({
      type: 'say',
      data: 1,
      id: null,
      timeout: null,
      credit: null,
      items: null,
      code: null,
      issues: undefined,
    })
    expect(readEnvelope({ type: 'ask', id: 3, timeout: 5, credit: 0, trace: 'x' })).toMatchObject({
      id: 3,
      timeout: 5,
      credit: 0,
    })
  })

  it.each([
    undefined,
    null,
    'say',
    7,
    [],
    {},
    { type: 1 },
    { type: 'a', id: '1' },
    { type: 'a', id: -1 },
  ])('returns null for %j', (value) => {
    expect(readEnvelope(value)).toBeNull()
  })

  it('cuts a timeout to what timers take', () => {
    expect(readEnvelope({ type: 'ask', id: 1, timeout: 2 ** 40 })?.timeout).toBe(2 ** 31 - 1)
  })

  it('keeps 10 issues, and of those what is one', () => {
    const issue = { path: ['a'], message: 'no' }
    const issues = [null, 1, { message: 1 }, ...Array(20).fill(issue)]

    expect(readEnvelope({ type: '.error', id: 1, code: 'INVALID', issues })?.issues).toEqual(
      Array(7).fill(issue),
    )
  })
})
