import { describe, expect, it } from 'vitest'
import { toTestResponse } from '../../src/testing/test-response.ts'

describe('toTestResponse()', () => {
  it('answers 101 with the headers of the upgrade, and no body', () => {
    const response = toTestResponse({
      type: 'accepted',
      headers: [
        ['upgrade', 'websocket'],
        ['set-cookie', 'a=1'],
        ['set-cookie', 'b=2'],
      ],
      start: () => {},
      abandon: () => {},
    })

    expect([response.status, response.body]).toEqual([101, ''])
    expect(response.headers.get('Upgrade')).toBe('websocket')
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
  })

  it('answers what a refusal says, its body as text', () => {
    const response = toTestResponse({
      type: 'refused',
      status: 403,
      headers: [['content-type', 'text/plain']],
      body: new TextEncoder().encode('nein, über'),
    })

    expect([response.status, response.body]).toEqual([403, 'nein, über'])
    expect(response.headers.get('content-type')).toBe('text/plain')
  })

  it('answers 404 with a sentence when nobody claims the path', () => {
    const response = toTestResponse({ type: 'unclaimed' })

    expect(response.status).toBe(404)
    expect(response.body).toBe('Cannot upgrade: no route has this path\n')
  })
})
