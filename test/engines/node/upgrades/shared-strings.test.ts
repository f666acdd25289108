import { describe, expect, it } from 'vitest'

import { shareStrings } from '../../../../src/engines/node/upgrades/shared-strings.ts'

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
