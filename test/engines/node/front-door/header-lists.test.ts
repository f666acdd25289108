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
    const one = sharedHeaders(['sec-websocket-key', 'k', 'A', '1', 'B', '2'])

    expect(sharedHeaders(['Sec-WebSocket-Key', 'k', 'A', '1', 'B', '2'])).not.toBe(one)
    expect(sharedHeaders(['sec-websocket-key', 'k', 'B', '2', 'A', '1'])).not.toBe(one)
    expect(sharedHeaders(['sec-websocket-key', 'k', 'A', '1'])).not.toBe(one)
    expect(sharedHeaders(['sec-websocket-key', 'k', 'A', '1', 'B', '2'])).toBe(one)
  })

  it.each(['Cookie', 'authorization'])('a list with %s is not kept', (name) => {
    expect(sharedHeaders([...headersOf('k'), name, 'secret'])).toBeNull()
  })

  it('a list without a key is not kept, and no more than eight others are', () => {
    const first = sharedHeaders(headersOf('k', 'first'))
    for (let kind = 0; kind < 8; kind++) sharedHeaders(headersOf('k', String(kind)))

    expect(sharedHeaders(['Host', 'x'])).toBeNull()
    expect(sharedHeaders(headersOf('k', 'first'))).not.toBe(first)
  })
})
