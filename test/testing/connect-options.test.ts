import { describe, expect, it } from 'vitest'
import { HandshakeError, type Transport, type UpgradeAccepted } from '../../src/index.ts'
import {
  checkAnswer,
  type RawConnectOptions,
  readTarget,
  replaceHeaders,
  requestOf,
  splitHeaders,
  upgradeRequest,
} from '../../src/testing/connect-options.ts'

// Of a transport a request takes the addresses alone.
const transport = {
  local: { host: 'localhost', port: 80 },
  remote: { host: '10.0.0.7', port: 50_001 },
  encrypted: true,
} as Transport

const zeros = (target: Uint8Array): Uint8Array => target.fill(0)

function headersOf(options: RawConnectOptions, uri: string = '/'): string[] {
  const { rawHeaders } = upgradeRequest(readTarget(uri), options, transport, zeros)
  return rawHeaders.flatMap((name, index) =>
    index % 2 === 0 ? [`${name}: ${rawHeaders[index + 1]}`] : [],
  )
}

const USUAL = [
  'Host: localhost',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
  'Sec-WebSocket-Version: 13',
]

describe('readTarget()', () => {
  it('takes a path as it is', () => {
    expect(readTarget('/a//b/../c?x=%zz#y')).toEqual({
      path: '/a//b/../c?x=%zz#y',
      host: 'localhost',
      encrypted: false,
    })
  })

  it('takes an address apart', () => {
    expect(readTarget('wss://chat.example.com:8443/rooms/1?x=y')).toEqual({
      path: '/rooms/1?x=y',
      host: 'chat.example.com:8443',
      encrypted: true,
    })
    expect(readTarget('ws://example.com')).toEqual({
      path: '/',
      host: 'example.com',
      encrypted: false,
    })
  })

  it.each(['', 'rooms', 'http://localhost/'])('throws a TypeError for %j', (uri) => {
    expect(() => readTarget(uri)).toThrow(TypeError)
  })
})

describe('upgradeRequest()', () => {
  it('is a proper one without options (RFC 6455 §4.1)', () => {
    const request = upgradeRequest(readTarget('/chat'), {}, transport, zeros)

    expect(request).toMatchObject({
      method: 'GET',
      target: '/chat',
      httpVersion: '1.1',
      hasBody: false,
      local: { host: 'localhost', port: 80 },
      remote: { host: '10.0.0.7', port: 50_001 },
      encrypted: true,
    })
    expect(headersOf({})).toEqual(USUAL)
  })

  it('adds headers, cookies, subprotocols and the origin', () => {
    const headers = headersOf({
      headers: { 'X-Tenant': 'acme' },
      cookies: { user: 'ada', theme: 'dark' },
      protocols: ['v2.chat', 'v1.chat'],
      origin: 'https://app.example.com',
    })

    expect(headers).toEqual([
      ...USUAL,
      'Sec-WebSocket-Protocol: v2.chat, v1.chat',
      'Origin: https://app.example.com',
      'Cookie: user=ada; theme=dark',
      'X-Tenant: acme',
    ])
  })

  it('puts headers in the place of the usual ones, without regard to case', () => {
    const headers = headersOf({ headers: { 'sec-websocket-version': '8', HOST: 'example.com' } })

    expect(headers).toContain('sec-websocket-version: 8')
    expect(headers).not.toContain('Sec-WebSocket-Version: 13')
    expect(headers).not.toContain('Host: localhost')
  })

  it('sends a name twice when a list has it twice', () => {
    const headers = headersOf({
      headers: [
        ['host', 'a'],
        ['host', 'b'],
      ],
    })

    expect(headers.filter((line) => /^host/i.test(line))).toEqual(['host: a', 'host: b'])
  })

  it('takes the headers of a Headers object', () => {
    expect(headersOf({ headers: new Headers({ 'x-a': '1' }) })).toContain('x-a: 1')
  })

  it('asks for the host of an address', () => {
    expect(headersOf({}, 'wss://example.com/')).toContain('Host: example.com')
  })

  it.each([
    [{ 'content-length': '5' }, true],
    [{ 'content-length': '0' }, false],
    [{ 'Transfer-Encoding': 'chunked' }, true],
  ])('says whether %j announces a body', (headers, hasBody) => {
    const request = upgradeRequest(readTarget('/'), { headers }, transport, zeros)

    expect(request.hasBody).toBe(hasBody)
  })
})

describe('requestOf()', () => {
  it('asks for the path with just the headers that it is given', () => {
    expect(requestOf('/a?b', [['Host', 'x']], transport)).toMatchObject({
      method: 'GET',
      target: '/a?b',
      rawHeaders: ['Host', 'x'],
    })
  })
})

describe('splitHeaders()', () => {
  it('tells the headers of the handshake from the others', () => {
    const headers = { 'X-A': '1', 'sec-websocket-version': '8', upgrade: 'h2c' }

    expect(splitHeaders(headers)).toEqual({
      own: [['X-A', '1']],
      replacing: [
        ['sec-websocket-version', '8'],
        ['upgrade', 'h2c'],
      ],
    })
  })
})

describe('replaceHeaders()', () => {
  it('puts those that have a name in the place of all that had it, behind the others', () => {
    const headers = [
      ['Upgrade', 'websocket'],
      ['Host', 'a'],
      ['X-A', '1'],
    ] as const

    expect(replaceHeaders(headers, [['upgrade', 'h2c']])).toEqual([
      ['Host', 'a'],
      ['X-A', '1'],
      ['upgrade', 'h2c'],
    ])
  })
})

describe('checkAnswer()', () => {
  const accepted = (...more: Array<readonly [string, string]>): UpgradeAccepted => ({
    type: 'accepted',
    headers: [
      ['upgrade', 'websocket'],
      ['connection', 'Upgrade'],
      ['sec-websocket-accept', 'ICX+Yqv66kxgM0FcWaLWlFLwTAI='],
      ...more,
    ],
    start: () => {},
    abandon() {},
  })
  const request = upgradeRequest(readTarget('/'), { protocols: ['a', 'b'] }, transport, zeros)

  it('lets the answer to the request pass', () => {
    expect(() => checkAnswer(request, accepted(['sec-websocket-protocol', 'b']))).not.toThrow()
  })

  it.each([
    ['sec-websocket-protocol', 'c'],
    ['sec-websocket-extensions', 'permessage-deflate'],
    ['sec-websocket-accept', 'another'],
  ] as const)('throws a HandshakeError for %s: %s, which was not asked for', (name, value) => {
    expect(() => checkAnswer(request, accepted([name, value]))).toThrow(HandshakeError)
  })
})
