import { describe, expect, it } from 'vitest'
import { issuesOf, readEnvelope } from '../../../src/messages/link/envelope.ts'

describe('readEnvelope()', () => {
  it.each([
    { type: 'say', data: 1 },
    { type: 'ask', id: 3, timeout: 5, credit: 0, trace: 'x' },
    { type: '.credit', id: 2 ** 32 - 1, items: 1 },
    { type: '.error', id: 1, code: 'A' },
  ])('returns what it is given: %j', (message) => {
    expect(readEnvelope(message)).toBe(message)
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
    { type: 'a', id: null },
    { type: 'a', id: 2 ** 32 },
    { type: 'a', timeout: Infinity },
  ])('returns null for %j', (value) => {
    expect(readEnvelope(value)).toBeNull()
  })

  it('returns null for an id that is a bigint', () => {
    expect(readEnvelope({ type: 'a', id: 1n })).toBeNull()
  })
})

describe('issuesOf()', () => {
  it('keeps 10 issues, and of those what is one', () => {
    const issue = { path: ['a'], message: 'no' }
    const wrong = [null, 1, { message: 1 }, { message: 'no', path: [{}] }]
    const issues = [...wrong, ...Array(20).fill(issue)]

    expect(issuesOf({ type: '.error', id: 1, issues })).toEqual(Array(6).fill(issue))
  })

  it('is undefined where there is no list', () => {
    expect(issuesOf({ type: '.error' })).toBeUndefined()
    expect(issuesOf({ type: '.error', issues: 'all' })).toBeUndefined()
  })
})
