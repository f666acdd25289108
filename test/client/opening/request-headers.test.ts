import { describe, expect, it } from 'vitest'
import {
  composeHeaders,
  isReservedHeader,
  type OwnHeaders,
  readOwnHeaders,
  withoutCredentials,
} from '../../../src/client/opening/request-headers.ts'

const read = (options: unknown) => readOwnHeaders('open', options as OwnHeaders)

describe('readOwnHeaders()', () => {
  it('is headers, cookies and origin, in this order', () => {
    const headers = read({
      origin: 'https://app.example',
      cookies: { user: 'ada', theme: 'dark' },
      headers: { 'X-Tenant': 'acme', 'User-Agent': 'bot' },
    })

    expect(headers).toEqual([
      ['X-Tenant', 'acme'],
      ['User-Agent', 'bot'],
      ['Cookie', 'user=ada; theme=dark'],
      ['Origin', 'https://app.example'],
    ])
  })

  it('takes lists of pairs, with a name twice, and Headers objects', () => {
    const pairs = [
      ['Via', 'a'],
      ['Via', 'b'],
    ]

    expect(read({ headers: pairs })).toEqual(pairs)
    expect(read({ headers: new Map([['X-A', '1']]) })).toEqual([['X-A', '1']])
    expect(read({ headers: new Headers({ 'x-a': '1' }) })).toEqual([['x-a', '1']])
  })

  it('is nothing without options, and of no cookies', () => {
    expect(read({})).toEqual([])
    expect(read({ cookies: {} })).toEqual([])
  })

  it.each(['a\rb', 'a\nb', 'a\r\nSet-Cookie: x', 'a\0', '\u007f', '\u0100', '\ud800'])(
    'refuses a value like %j, and does not repeat it',
    (value) => {
      const refusal = new TypeError(
        'Cannot open: X-A of option "headers" has a character that HTTP does not allow',
      )
      expect(() => read({ headers: { 'X-A': value } })).toThrow(refusal)
      expect(() => read({ origin: value })).toThrow(TypeError)
      expect(() => read({ cookies: { a: value } })).toThrow(TypeError)
    },
  )

  it('lets tabs, blanks and Latin 1 pass', () => {
    expect(read({ headers: { 'X-A': 'a\tb ü' } })).toEqual([['X-A', 'a\tb ü']])
  })

  it.each(['', 'a b', 'a:', 'ä', 'a\r\nb'])('refuses the name %j', (name) => {
    expect(() => read({ headers: { [name]: 'x' } })).toThrow('option "headers" has an invalid name')
    expect(() => read({ cookies: { [name]: 'x' } })).toThrow(
      'option "cookies" has an invalid name, expected a token',
    )
  })

  it.each([
    [{ headers: 'x' }, 'option "headers" is a string, expected an object'],
    [{ headers: null }, 'option "headers" is null'],
    [{ headers: { 'X-A': 7 } }, 'X-A of option "headers" is 7, expected a string'],
    [{ headers: { 'X-A': undefined } }, 'X-A of option "headers" is undefined'],
    [{ headers: [7] }, 'option "headers" has an invalid entry'],
    [{ cookies: 'a=b' }, 'option "cookies" is a string'],
    [{ cookies: { a: 'b; c=d' } }, 'a of option "cookies" has a semicolon, expected %3B'],
    [{ origin: 7 }, 'option "origin" is 7, expected a string'],
  ])('refuses %j', (options, what) => {
    expect(() => read(options)).toThrow(what)
  })

  it.each([
    ['sec-websocket-key', ''],
    ['Sec-WebSocket-Protocol', ', expected option "protocols"'],
    ['Sec-WebSocket-Extensions', ', expected option "extensions"'],
    ['Sec-WebSocket-Anything', ''],
    ['Connection', ''],
    ['upgrade', ''],
    ['Content-Length', ''],
    ['Transfer-Encoding', ''],
  ])('refuses %s, which belongs to the handshake', (name, remedy) => {
    expect(isReservedHeader(name)).toBe(true)
    expect(() => read({ headers: { [name]: 'x' } })).toThrow(
      new TypeError(
        `Cannot open: option "headers" has ${name}, which belongs to the handshake${remedy}`,
      ),
    )
  })

  it('refuses what is said twice over', () => {
    expect(() => read({ headers: { cookie: 'a=b' }, cookies: { c: 'd' } })).toThrow(
      'option "headers" has Cookie and option "cookies" is set, expected one of them',
    )
    expect(() => read({ headers: { origin: 'x' }, origin: 'y' })).toThrow(
      'option "headers" has Origin and option "origin" is set, expected one of them',
    )
  })
})

describe('composeHeaders()', () => {
  const handshake = {
    key: '',
    protocols: [],
    extensions: [],
    headers: [['Upgrade', 'websocket']],
  } as const
  const target = (authorization: string | null) => ({
    url: new URL('ws://[::1]:81/'),
    authorization,
  })

  it('begins with the host of the URL', () => {
    expect(composeHeaders('open', target(null), handshake, [['X-A', '1']])).toEqual([
      ['Host', '[::1]:81'],
      ['Upgrade', 'websocket'],
      ['X-A', '1'],
    ])
  })

  it('takes the host that is given instead', () => {
    expect(composeHeaders('open', target(null), handshake, [['HOST', 'example.com']])).toEqual([
      ['Host', 'example.com'],
      ['Upgrade', 'websocket'],
    ])
  })

  it('has the credentials of the URL', () => {
    expect(composeHeaders('open', target('Basic x'), handshake, [])).toEqual([
      ['Host', '[::1]:81'],
      ['Upgrade', 'websocket'],
      ['Authorization', 'Basic x'],
    ])
  })

  it('refuses two answers to who the client is', () => {
    expect(() =>
      composeHeaders('open', target('Basic x'), handshake, [['authorization', 'Bearer y']]),
    ).toThrow(
      'the URL has credentials and option "headers" has Authorization, expected one of them',
    )
  })
})

describe('withoutCredentials()', () => {
  it('keeps what is for anybody', () => {
    const headers = [
      ['authorization', 'x'],
      ['Cookie', 'x'],
      ['Proxy-Authorization', 'x'],
      ['Host', 'x'],
      ['Origin', 'y'],
      ['X-A', 'z'],
    ] as const

    expect(withoutCredentials(headers)).toEqual([
      ['Origin', 'y'],
      ['X-A', 'z'],
    ])
  })
})
