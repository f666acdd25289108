import { describe, expect, it } from 'vitest'
import {
  checkConnectResponse,
  checkServerResponse,
  type ClientHandshake,
  createClientHandshake,
  type HandshakeAgreement,
} from '../../../src/protocol/handshake/client-handshake.ts'
import { HandshakeError } from '../../../src/protocol/errors.ts'
import { HttpHeaders } from '../../../src/protocol/handshake/headers.ts'
import {
  readServerHandshake,
  serverHandshakeHeaders,
} from '../../../src/protocol/handshake/server-handshake.ts'
import { HANDSHAKE_EXAMPLE } from '../../vectors/rfc6455.ts'

/** The bytes of the key of RFC 6455 §1.3. */
const random = (target: Uint8Array): Uint8Array => {
  target.set(Buffer.from('the sample nonce'))
  return target
}

describe('createClientHandshake()', () => {
  it('createClientHandshake() asks with the key of RFC 6455 §1.3', () => {
    const { key, headers } = createClientHandshake({ random })

    expect(key).toBe(HANDSHAKE_EXAMPLE.key)
    expect(headers).toEqual([
      ['Upgrade', 'websocket'],
      ['Connection', 'Upgrade'],
      ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
      ['Sec-WebSocket-Version', '13'],
    ])
  })

  it('createClientHandshake() offers subprotocols and extensions in order', () => {
    const { headers } = createClientHandshake({
      random,
      protocols: ['chat', 'superchat'],
      extensions: [
        { name: 'permessage-deflate', parameters: [['client_max_window_bits', null]] },
        { name: 'x', parameters: [['y', '1']] },
      ],
    })

    expect(headers.slice(4)).toEqual([
      ['Sec-WebSocket-Protocol', 'chat, superchat'],
      ['Sec-WebSocket-Extensions', 'permessage-deflate; client_max_window_bits, x; y=1'],
    ])
  })

  it('createClientHandshake() refuses what could not be offered', () => {
    for (const protocols of [[''], ['a b'], ['a\r\nX: y'], ['a', 'a']]) {
      expect(() => createClientHandshake({ random, protocols })).toThrow(TypeError)
    }
    for (const extension of [
      { name: 'a;b', parameters: [] },
      { name: 'a', parameters: [['', null] as const] },
      { name: 'a', parameters: [['b', 'c d'] as const] },
    ]) {
      expect(() => createClientHandshake({ random, extensions: [extension] })).toThrow(TypeError)
    }
  })

  it('createClientHandshake() makes what readServerHandshake() reads', () => {
    const handshake = createClientHandshake({
      random,
      protocols: ['a'],
      extensions: [{ name: 'x', parameters: [['y', '1']] }],
    })
    const raw = ['Host', 'h', ...handshake.headers.flat()]
    const read = readServerHandshake({
      method: 'GET',
      httpVersion: '1.1',
      hasBody: false,
      headers: new HttpHeaders(raw),
    })
    const answer = serverHandshakeHeaders(read, { protocol: 'a', extensions: 'x; y=1' })

    expect(read).toEqual({
      key: handshake.key,
      protocols: ['a'],
      extensions: handshake.extensions,
      origin: null,
    })
    expect(
      checkServerResponse(handshake, { status: 101, headers: new HttpHeaders(answer.flat()) }),
    ).toEqual({
      protocol: 'a',
      extensions: handshake.extensions,
    })
  })
})

describe('checkServerResponse()', () => {
  const offered = createClientHandshake({
    random,
    protocols: ['chat', 'superchat'],
    extensions: [
      { name: 'x', parameters: [] },
      { name: 'y', parameters: [] },
    ],
  })

  it('checkServerResponse() takes an answer without subprotocol and extensions', () => {
    expect(check(offered, {})).toEqual({ protocol: null, extensions: [] })
    expect(check(offered, { Upgrade: 'WebSocket', Connection: 'keep-alive, upgrade' })).toEqual({
      protocol: null,
      extensions: [],
    })
  })

  it('checkServerResponse() gives what the server chose', () => {
    expect(
      check(offered, {
        'Sec-WebSocket-Protocol': 'superchat',
        'Sec-WebSocket-Extensions': 'y; z=1, x',
      }),
    ).toEqual({
      protocol: 'superchat',
      extensions: [
        { name: 'y', parameters: [['z', '1']] },
        { name: 'x', parameters: [] },
      ],
    })
  })

  it('checkServerResponse() takes an empty header for none, and skips empty elements', () => {
    const empty = { 'Sec-WebSocket-Protocol': '', 'Sec-WebSocket-Extensions': '' }

    expect(check(offered, empty)).toEqual({ protocol: null, extensions: [] })
    expect(check(offered, { 'Sec-WebSocket-Extensions': ', x,' }).extensions).toEqual([
      { name: 'x', parameters: [] },
    ])
  })

  it('checkServerResponse() refuses every status but 101', () => {
    for (const status of [100, 200, 204, 302, 400, 403, 426, 500]) {
      const error = refused(offered, {}, status)
      expect(error.status).toBe(status)
      expect(error.message).toBe(
        `Cannot open WebSocket: the server answered with status ${status}, expected 101`,
      )
    }
  })

  it('checkServerResponse() refuses what breaks a rule, naming the header', () => {
    const accept = HANDSHAKE_EXAMPLE.accept
    const cases: [Record<string, string | readonly string[] | null>, string][] = [
      [{ Upgrade: null }, 'Upgrade of the answer is not "websocket"'],
      [{ Upgrade: 'h2c' }, 'Upgrade of the answer is not "websocket"'],
      [{ Upgrade: ['websocket', 'websocket'] }, 'Upgrade of the answer is there more than once'],
      [{ Connection: null }, 'Connection of the answer does not contain "Upgrade"'],
      [{ Connection: 'close' }, 'Connection of the answer does not contain "Upgrade"'],
      [{ 'Sec-WebSocket-Accept': null }, 'Sec-WebSocket-Accept of the answer does not fit the key'],
      [
        { 'Sec-WebSocket-Accept': accept.toLowerCase() },
        'Sec-WebSocket-Accept of the answer does not fit the key',
      ],
      [
        { 'Sec-WebSocket-Accept': [accept, accept] },
        'Sec-WebSocket-Accept of the answer is there more than once',
      ],
      [
        { 'Sec-WebSocket-Protocol': 'other' },
        'Sec-WebSocket-Protocol of the answer was not offered',
      ],
      [
        { 'Sec-WebSocket-Protocol': 'Chat' },
        'Sec-WebSocket-Protocol of the answer was not offered',
      ],
      [
        { 'Sec-WebSocket-Protocol': ['chat', 'superchat'] },
        'Sec-WebSocket-Protocol of the answer is there more than once',
      ],
      [
        { 'Sec-WebSocket-Protocol': 'chat, superchat' },
        'Sec-WebSocket-Protocol of the answer was not offered',
      ],
      [
        { 'Sec-WebSocket-Extensions': 'z' },
        'Sec-WebSocket-Extensions of the answer has one that was not offered',
      ],
      [
        { 'Sec-WebSocket-Extensions': 'x, x' },
        'Sec-WebSocket-Extensions of the answer has one twice',
      ],
      [
        { 'Sec-WebSocket-Extensions': ';' },
        'Sec-WebSocket-Extensions of the answer is not a list of extensions',
      ],
    ]
    for (const [headers, message] of cases) {
      expect(refused(offered, headers).message).toBe(`Cannot open WebSocket: ${message}`)
    }
  })

  it('checkServerResponse() refuses a subprotocol when none was offered', () => {
    const nothing = createClientHandshake({ random })

    expect(() => check(nothing, { 'Sec-WebSocket-Protocol': 'chat' })).toThrow(HandshakeError)
    expect(() => check(nothing, { 'Sec-WebSocket-Extensions': 'x' })).toThrow(HandshakeError)
  })

  it('checkServerResponse() shows the headers of the answer that it refuses', () => {
    expect(refused(offered, { 'Retry-After': '5' }, 503).headers).toContainEqual([
      'Retry-After',
      '5',
    ])
  })
})

describe('checkConnectResponse()', () => {
  const offered = createClientHandshake({ random, protocols: ['chat'] })
  const checkConnect = (status: number, headers: readonly string[]): HandshakeAgreement =>
    checkConnectResponse(offered, { status, headers: new HttpHeaders(headers) })

  it('takes a 200 without Upgrade and accept value (RFC 8441 §5)', () => {
    expect(checkConnect(200, [])).toEqual({ protocol: null, extensions: [] })
    expect(checkConnect(200, ['sec-websocket-protocol', 'chat']).protocol).toBe('chat')
  })

  it('ignores an accept value, which RFC 8441 has no use for', () => {
    expect(checkConnect(200, ['sec-websocket-accept', 'x']).protocol).toBe(null)
  })

  it.each([
    ['another status', 204, []],
    ['101', 101, []],
    ['a subprotocol that was not offered', 200, ['sec-websocket-protocol', 'other']],
    [
      'a subprotocol twice',
      200,
      ['sec-websocket-protocol', 'chat', 'sec-websocket-protocol', 'chat'],
    ],
    ['an extension that was not offered', 200, ['sec-websocket-extensions', 'x']],
  ])('refuses %s', (_name, status, headers) => {
    expect(() => checkConnect(status, headers)).toThrow(HandshakeError)
  })
})

type Changes = Record<string, string | readonly string[] | null>

function check(handshake: ClientHandshake, changes: Changes, status = 101): HandshakeAgreement {
  const good: Changes = {
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Accept': HANDSHAKE_EXAMPLE.accept,
  }
  const raw = Object.entries({ ...good, ...changes }).flatMap(([name, value]) => {
    const values = value === null ? [] : typeof value === 'string' ? [value] : value
    return values.flatMap((one) => [name, one])
  })
  return checkServerResponse(handshake, { status, headers: new HttpHeaders(raw) })
}

function refused(handshake: ClientHandshake, changes: Changes, status?: number): HandshakeError {
  try {
    check(handshake, changes, status)
  } catch (error) {
    if (error instanceof HandshakeError) return error
    throw error
  }
  throw new Error('Expected the answer to be refused')
}
