import { describe, expect, it } from 'vitest'
import {
  CLIENT_LAYOUTS,
  EVENT_TYPE,
  SERVER_LAYOUTS,
} from '../../../src/topics/wire/binary-layouts.ts'

const typesOf = (layouts: typeof CLIENT_LAYOUTS): string =>
  layouts.map(([type], index) => `${index + 1} ${type}`).join(', ')

describe('CLIENT_LAYOUTS and SERVER_LAYOUTS', () => {
  it('keep the type byte of each message', () => {
    expect(typesOf(CLIENT_LAYOUTS)).toBe(
      '1 hello, 2 subscribe, 3 unsubscribe, 4 publish, 5 token, 6 presence, 7 join, 8 leave, 9 history',
    )
    expect(typesOf(SERVER_LAYOUTS)).toBe(
      '1 welcome, 2 subscribed, 3 event, 4 unsubscribed, 5 live, 6 gap, 7 skipped, 8 published, ' +
        '9 history, 10 error, 11 denied, 12 done, 13 members, 14 joined, 15 updated, 16 left, ' +
        '17 count, 18 broker',
    )
    expect(EVENT_TYPE).toBe(3)
  })

  it('begin every request of a client with its id', () => {
    const withoutId = CLIENT_LAYOUTS.filter(([, fields]) => Object.keys(fields)[0] !== 'id')

    expect(withoutId.map(([type]) => type)).toEqual(['hello', 'token'])
  })
})
