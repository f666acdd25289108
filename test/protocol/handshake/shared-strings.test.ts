import { describe, expect, it } from 'vitest'

import { knownHeaderIn, shareStrings } from '../../../src/protocol/handshake/shared-strings.ts'

const HEADERS =
  'Host|example.test|host|other|Upgrade|websocket|Sec-WebSocket-Version|13|User-Agent|a browser|' +
  `X-Own|websocket|Cookie|id=1|Origin|${'x'.repeat(300)}`

describe('shareStrings()', () => {
  it('changes nothing that can be seen', () => {
    const headers = HEADERS.split('|')

    shareStrings(headers)
    shareStrings(headers)

    expect(headers).toEqual(HEADERS.split('|'))
  })

  it('is right about any number of different values', () => {
    for (let index = 0; index < 2000; index++) {
      const headers = ['Host', `host-${index}`, 'Origin', `http://host-${index % 7}`]
      const copy = [...headers]

      shareStrings(headers)

      expect(headers).toEqual(copy)
    }
  })

  it('leaves half a header and an empty list as they are', () => {
    const odd = ['Host', 'a', 'Upgrade']
    const none: string[] = []

    shareStrings(odd)
    shareStrings(none)

    expect([odd, none]).toEqual([['Host', 'a', 'Upgrade'], []])
  })
})

describe('knownHeaderIn()', () => {
  const text = 'Host: a\r\nsec-websocket-key: x\r\nHOST: b\r\n'

  it('finds a name of the usual spellings where it stands', () => {
    expect(knownHeaderIn(text, 0, 4)?.name).toBe('Host')
    expect(knownHeaderIn(text, 9, 26)?.name).toBe('sec-websocket-key')
  })

  it('returns null for another spelling, another name, and a part of a name', () => {
    expect(knownHeaderIn(text, 31, 35)).toBeNull()
    expect(knownHeaderIn('Hoss: a', 0, 4)).toBeNull()
    expect(knownHeaderIn(text, 0, 3)).toBeNull()
  })

  it('remembers the last shared value of a header, and no value that identifies a client', () => {
    const host = knownHeaderIn('Host', 0, 4)
    const key = knownHeaderIn('Sec-WebSocket-Key', 0, 17)

    expect(host?.share('one.test')).toBe('one.test')
    expect(host?.lastIn('Host: one.test', 6, 14)).toBe('one.test')
    expect(host?.lastIn('Host: two.test', 6, 14)).toBeNull()
    expect(host?.lastIn('Host: one.test', 6, 13)).toBeNull()
    expect(key?.share('secret')).toBe('secret')
    expect(key?.lastIn('secret', 0, 6)).toBeNull()
  })
})
