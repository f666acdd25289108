import { describe, expect, it } from 'vitest'
import {
  headersWithKey,
  sharedHeaders,
} from '../../../../src/engines/node/front-door/header-lists.ts'

/** The headers of a client of one kind. */
function headersOf(key: string, agent = 'a'): readonly string[] {
  return ['Host', 'x', 'User-Agent', agent, 'Sec-WebSocket-Key', key, 'Upgrade', 'websocket']
}

describe('sharedHeaders()', () => {
  it('lists that differ in the key alone are one list, and each session keeps its own headers', () => {
    const one = sharedHeaders(headersOf('k1'))
    const two = sharedHeaders(headersOf('k2'))
    const other = sharedHeaders(headersOf('k1', 'b'))

    expect(one).not.toBeNull()
    expect(two).toBe(one)
    expect(other).not.toBe(one)
    expect(one && headersWithKey(one, 'k1')).toEqual(headersOf('k1'))
    expect(two && headersWithKey(two, 'k2')).toEqual(headersOf('k2'))
  })

  it('names and values are compared as they arrived, in their order', () => {
    const [host, origin] = [
      ['Host', '1'],
      ['Origin', '2'],
    ]
    const one = sharedHeaders(['sec-websocket-key', 'k', ...host, ...origin])

    expect(one).not.toBeNull()
    expect(sharedHeaders(['Sec-WebSocket-Key', 'k', ...host, ...origin])).not.toBe(one)
    expect(sharedHeaders(['sec-websocket-key', 'k', ...origin, ...host])).not.toBe(one)
    expect(sharedHeaders(['sec-websocket-key', 'k', ...host])).not.toBe(one)
    expect(sharedHeaders(['sec-websocket-key', 'k', ...host, ...origin])).toBe(one)
  })

  it.each([
    'Cookie',
    'authorization',
    'Proxy-Authorization',
    'Sec-WebSocket-Protocol',
    'X-Api-Key',
    'x-forwarded-for',
  ])('a list with %s, which may be a secret, is not kept', (name) => {
    expect(sharedHeaders([...headersOf('k'), name, 'secret'])).toBeNull()
  })

  it('a list without a key is not kept, and no more than eight others are', () => {
    const first = sharedHeaders(headersOf('k', 'first'))
    for (let kind = 0; kind < 8; kind++) sharedHeaders(headersOf('k', String(kind)))

    expect(sharedHeaders(['Host', 'x'])).toBeNull()
    expect(sharedHeaders(headersOf('k', 'first'))).not.toBe(first)
  })
})
