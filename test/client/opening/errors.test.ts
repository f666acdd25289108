import { describe, expect, it } from 'vitest'
import { TowpathError } from '../../../src/base/index.ts'
import { ConnectError, toHeaders, UpgradeRefusedError } from '../../../src/client/opening/errors.ts'

describe('ConnectError', () => {
  it('says where it ended, what is so and why', () => {
    const cause = new Error('ECONNREFUSED')
    const error = new ConnectError('connect', 'connection refused by 127.0.0.1:9', { cause })

    expect(error).toBeInstanceOf(TowpathError)
    expect(error.code).toBe('TOWPATH_CONNECT')
    expect(error.step).toBe('connect')
    expect(error.cause).toBe(cause)
    expect(error.message).toBe(
      'Cannot open WebSocket: connection refused by 127.0.0.1:9 (step: connect)',
    )
  })
})

describe('UpgradeRefusedError', () => {
  it('has status, headers and body, and keeps headers and body out of its message', () => {
    const error = new UpgradeRefusedError(401, [['WWW-Authenticate', 'Bearer']], 'who are you?')

    expect(error).toBeInstanceOf(TowpathError)
    expect(error.code).toBe('TOWPATH_UPGRADE_REFUSED')
    expect([error.status, error.body]).toEqual([401, 'who are you?'])
    expect(error.headers.get('www-authenticate')).toBe('Bearer')
    expect(error.message).toBe(
      'Cannot open WebSocket: the server refused the upgrade with status 401, expected 101',
    )
  })

  it('says what else there is to say', () => {
    expect(new UpgradeRefusedError(302, [], '', 'without a Location header').message).toBe(
      'Cannot open WebSocket: the server refused the upgrade with status 302, without a Location header',
    )
  })
})

describe('toHeaders()', () => {
  it('keeps several values of a name, and cookies apart', () => {
    const headers = toHeaders([
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', 'b=2'],
      ['Via', 'x'],
      ['Via', 'y'],
    ])

    expect(headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    expect(headers.get('via')).toBe('x, y')
  })

  it('leaves out what no header can be, and never throws', () => {
    const headers = toHeaders([
      ['a b', '1'],
      ['X-Nul', 'a\0b'],
      ['X-Good', 'yes'],
    ])

    expect([...headers]).toEqual([['x-good', 'yes']])
  })
})
