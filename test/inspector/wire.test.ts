import { describe, expect, it } from 'vitest'

import { FIRST_VIEW, readRequest } from '../../src/inspector/wire.ts'

describe('readRequest()', () => {
  it('reads a view, and nothing that a view does not have', () => {
    const text = JSON.stringify({ type: 'view', ...FIRST_VIEW, route: '/a', more: 1 })

    expect(readRequest(text)).toEqual({ type: 'view', ...FIRST_VIEW, route: '/a' })
  })

  it('reads a close', () => {
    expect(readRequest('{"type":"close","session":"a"}')).toEqual({ type: 'close', session: 'a' })
  })

  it.each([
    '',
    '1',
    '"view"',
    '{"type":"close","session":{}}',
    `{"type":"close","session":"${'x'.repeat(101)}"}`,
    '{"type":"view"}',
    JSON.stringify({ type: 'view', ...FIRST_VIEW, sort: 'constructor' }),
    JSON.stringify({ type: 'view', ...FIRST_VIEW, sort: ['rate'] }),
    JSON.stringify({ type: 'view', ...FIRST_VIEW, route: 'x'.repeat(1001) }),
  ])('D-15 refuses %s', (text) => {
    expect(readRequest(text)).toBe(null)
  })
})
