import { describe, expect, it } from 'vitest'
import { HandshakeError } from '../../../src/protocol/errors.ts'
import { HttpHeaders } from '../../../src/protocol/handshake/headers.ts'
import {
  type HandshakeRequest,
  readServerHandshake,
  serverHandshakeHeaders,
} from '../../../src/protocol/handshake/server-handshake.ts'
import { HANDSHAKE_EXAMPLE } from '../../vectors/rfc6455.ts'

type Headers = Record<string, string | null | readonly string[]>

const GOOD: Headers = {
  Host: 'server.example.com',
  Upgrade: 'websocket',
  Connection: 'Upgrade',
  'Sec-WebSocket-Key': HANDSHAKE_EXAMPLE.key,
  'Sec-WebSocket-Version': '13',
}

describe('readServerHandshake()', () => {
  it('readServerHandshake() reads the example of RFC 6455 §1.2', () => {
    const handshake = readServerHandshake(
      request({
        Origin: 'http://example.com',
        'Sec-WebSocket-Protocol': 'chat, superchat',
      }),
    )

    expect(handshake).toEqual({
      key: 'dGhlIHNhbXBsZSBub25jZQ==',
      protocols: ['chat', 'superchat'],
      extensions: [],
      origin: 'http://example.com',
    })
  })

  it('readServerHandshake() reads the least that a handshake can have', () => {
    expect(readServerHandshake(request({}))).toEqual({
      key: HANDSHAKE_EXAMPLE.key,
      protocols: [],
      extensions: [],
      origin: null,
    })
  })

  it('readServerHandshake() ignores case and other elements where the RFC says so', () => {
    const accepted = [
      { Upgrade: 'WebSocket' },
      { Upgrade: 'WEBSOCKET' },
      { Connection: 'keep-alive, Upgrade' },
      { Connection: 'UPGRADE' },
      { Connection: ['keep-alive', 'upgrade'] },
      { 'Content-Length': '0' },
    ]
    for (const headers of accepted) {
      expect(readServerHandshake(request(headers)).key).toBe(HANDSHAKE_EXAMPLE.key)
    }
  })

  it('readServerHandshake() skips empty elements of both lists (RFC 9110 §5.6.1.2)', () => {
    const read = (protocols: string, extensions: string): unknown => {
      const handshake = readServerHandshake(
        request({ 'Sec-WebSocket-Protocol': protocols, 'Sec-WebSocket-Extensions': extensions }),
      )
      return [handshake.protocols, handshake.extensions]
    }

    expect(read('', '')).toEqual([[], []])
    expect(read(' ,', ', ,')).toEqual([[], []])
    expect(read('a,', 'x,')).toEqual([['a'], [{ name: 'x', parameters: [] }]])
  })

  it('readServerHandshake() reads lists of protocols and extensions over several lines', () => {
    const handshake = readServerHandshake(
      request({
        'Sec-WebSocket-Protocol': ['a', 'b, c'],
        'Sec-WebSocket-Extensions': ['x; y=1', 'z'],
      }),
    )

    expect(handshake.protocols).toEqual(['a', 'b', 'c'])
    expect(handshake.extensions).toEqual([
      { name: 'x', parameters: [['y', '1']] },
      { name: 'z', parameters: [] },
    ])
  })

  it('readServerHandshake() refuses other methods and old versions of HTTP with 400', () => {
    expect(refusal({}, { method: 'POST' })).toEqual([400, 'Cannot upgrade: the method is not GET'])
    expect(refusal({}, { method: 'get' })).toEqual([400, 'Cannot upgrade: the method is not GET'])
    for (const httpVersion of ['1.0', '0.9', '', '1', 'x', '11.1', '1.11', '1.1 ']) {
      expect(refusal({}, { httpVersion })).toEqual([
        400,
        'Cannot upgrade: the HTTP version is below 1.1',
      ])
    }
    for (const httpVersion of ['1.1', '2.0', '2']) {
      expect(readServerHandshake(request({}, { httpVersion })).key).toBe(HANDSHAKE_EXAMPLE.key)
    }
  })

  it('readServerHandshake() refuses a body with 400', () => {
    const message =
      'Cannot upgrade: Content-Length or Transfer-Encoding announces a body, expected none'

    expect(refusal({}, { hasBody: true })).toEqual([400, message])
    expect(refusal({ 'Transfer-Encoding': 'chunked' })).toEqual([400, message])
  })

  it('readServerHandshake() refuses each missing or wrong header with a sentence that names it', () => {
    const cases: [Headers, number, string][] = [
      [{ Host: null }, 400, 'Host is missing'],
      [{ Upgrade: null }, 426, 'Upgrade is missing, expected "websocket"'],
      [{ Upgrade: 'h2c' }, 426, 'Upgrade is not "websocket"'],
      [{ Upgrade: 'websockets' }, 426, 'Upgrade is not "websocket"'],
      [{ Upgrade: 'websocket, h2c' }, 426, 'Upgrade is not "websocket"'],
      [{ Connection: null }, 400, 'Connection does not contain "Upgrade"'],
      [{ Connection: 'close' }, 400, 'Connection does not contain "Upgrade"'],
      [{ Connection: 'upgraded' }, 400, 'Connection does not contain "Upgrade"'],
      [{ 'Sec-WebSocket-Key': null }, 400, 'Sec-WebSocket-Key is missing'],
      [{ 'Sec-WebSocket-Key': '' }, 400, 'Sec-WebSocket-Key is not the base64 of 16 bytes'],
      [{ 'Sec-WebSocket-Key': 'c2VjcmV0' }, 400, 'Sec-WebSocket-Key is not the base64 of 16 bytes'],
      [{ 'Sec-WebSocket-Protocol': 'a b' }, 400, 'Sec-WebSocket-Protocol is not a list of tokens'],
      [
        { 'Sec-WebSocket-Protocol': 'a, a' },
        400,
        'Sec-WebSocket-Protocol names a subprotocol twice',
      ],
      [
        { 'Sec-WebSocket-Extensions': 'a;' },
        400,
        'Sec-WebSocket-Extensions is not a list of extensions',
      ],
    ]
    for (const [headers, status, message] of cases) {
      expect(refusal(headers)).toEqual([status, `Cannot upgrade: ${message}`])
    }
  })

  it('readServerHandshake() refuses duplicates of headers that there can be one of, with 400', () => {
    for (const name of [
      'Host',
      'Upgrade',
      'Sec-WebSocket-Key',
      'Sec-WebSocket-Version',
      'Origin',
      'Content-Length',
    ]) {
      const value = String(GOOD[name] ?? '0')
      expect(refusal({ [name]: [value, value] })).toEqual([
        400,
        `Cannot upgrade: ${name} is there more than once`,
      ])
    }
  })

  it('readServerHandshake() asks for version 13 with 426', () => {
    for (const version of [null, '', '8', '14', '013', '13, 8']) {
      const error = refused({ 'Sec-WebSocket-Version': version })
      const what = version === null ? 'is missing' : 'is not supported'
      expect(error.status).toBe(426)
      expect(error.message).toBe(`Cannot upgrade: Sec-WebSocket-Version ${what}, expected 13`)
      expect(error.headers).toEqual([
        ['Sec-WebSocket-Version', '13'],
        ['Upgrade', 'websocket'],
        ['Connection', 'Upgrade'],
      ])
    }
  })

  it('readServerHandshake() says what to upgrade to when the request is none for a WebSocket', () => {
    expect(refused({ Upgrade: null }).headers).toEqual([
      ['Upgrade', 'websocket'],
      ['Connection', 'Upgrade'],
    ])
  })

  it('readServerHandshake() never repeats the value of a header', () => {
    for (const name of Object.keys(GOOD).filter((header) => header !== 'Host')) {
      expect(refused({ [name]: 'SECRET' }).message).not.toContain('SECRET')
    }
  })
})

describe('serverHandshakeHeaders()', () => {
  it('serverHandshakeHeaders() answers the example of RFC 6455 §1.2', () => {
    const handshake = readServerHandshake(request({ 'Sec-WebSocket-Protocol': 'chat, superchat' }))

    expect(serverHandshakeHeaders(handshake, { protocol: 'chat' })).toEqual([
      ['Upgrade', 'websocket'],
      ['Connection', 'Upgrade'],
      ['Sec-WebSocket-Accept', 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='],
      ['Sec-WebSocket-Protocol', 'chat'],
    ])
  })

  it('serverHandshakeHeaders() says nothing of what was not agreed', () => {
    const handshake = readServerHandshake(request({}))

    expect(serverHandshakeHeaders(handshake, { protocol: null, extensions: null })).toHaveLength(3)
    expect(serverHandshakeHeaders(handshake, { protocol: null, extensions: 'x; y' })[3]).toEqual([
      'Sec-WebSocket-Extensions',
      'x; y',
    ])
  })
})

/**
 * The good request with some headers changed; `null` takes one away, a list makes it several lines.
 */
function request(changes: Headers, rest?: Partial<HandshakeRequest>): HandshakeRequest {
  const raw = Object.entries({ ...GOOD, ...changes }).flatMap(([name, value]) => {
    const values = value === null ? [] : typeof value === 'string' ? [value] : value
    return values.flatMap((one) => [name, one])
  })
  return {
    method: 'GET',
    httpVersion: '1.1',
    hasBody: false,
    headers: new HttpHeaders(raw),
    ...rest,
  }
}

function refused(changes: Headers, rest?: Partial<HandshakeRequest>): HandshakeError {
  try {
    readServerHandshake(request(changes, rest))
  } catch (error) {
    if (error instanceof HandshakeError) return error
    throw error
  }
  throw new Error('Expected the handshake to be refused')
}

function refusal(changes: Headers, rest?: Partial<HandshakeRequest>): [number, string] {
  const { status, message } = refused(changes, rest)
  return [status, message]
}
