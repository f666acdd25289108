import { describe, expect, it } from 'vitest'

import { compacted, headBytesOf, isCompact } from '../../../src/application/calls/kept-request.ts'
import { upgradeRequest } from '../upgrade-client.ts'

describe('compacted()', () => {
  it('keeps a large head as one string that says the same', () => {
    const many = Array.from({ length: 100 }, (_, index) => [`x-${index}`, 'v'.repeat(100)])
    const request = upgradeRequest('/a?b', { extraHeaders: [...many.flat(), 'X-Empty', ''] })

    const kept = compacted(request)

    expect(isCompact(kept)).toBe(true)
    expect(kept.rawHeaders).toEqual(request.rawHeaders)
    expect(kept).toMatchObject({
      method: 'GET',
      target: '/a?b',
      httpVersion: '1.1',
      hasBody: false,
      encrypted: false,
      local: request.local,
      remote: request.remote,
    })
    expect(kept.engineRequest).toBe(null)
    expect(headBytesOf(kept)).toBeLessThan(headBytesOf(request) - 200 * 22)
    expect(compacted(kept)).toBe(kept)
  })

  it('returns a request with a small head as it is', () => {
    const request = upgradeRequest('/')

    expect(compacted(request)).toBe(request)
    expect(isCompact(request)).toBe(false)
  })
})
