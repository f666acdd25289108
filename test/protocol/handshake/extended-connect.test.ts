import { describe, expect, it } from 'vitest'

import {
  extendedConnectHeaders,
  HandshakeError,
  HttpHeaders,
  readExtendedConnect,
} from '../../../src/protocol/index.ts'

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='

const read = (headers: Record<string, string> = {}, hasBody = false, more: string[] = []) =>
  readExtendedConnect({
    headers: new HttpHeaders([
      ...Object.entries({
        host: 'example.org',
        'sec-websocket-version': '13',
        ...headers,
      }).flat(),
      ...more,
    ]),
    hasBody,
  })

/** The answer to a request that is refused. */
function refusalOf(ask: () => unknown): { status: number; message: string } {
  try {
    ask()
  } catch (error) {
    if (error instanceof HandshakeError) return { status: error.status, message: error.message }
    throw error
  }
  throw new Error('Cannot read the refusal: the request was accepted')
}

describe('readExtendedConnect()', () => {
  it('reads subprotocols, extensions and origin, without a key (RFC 8441 §5)', () => {
    const handshake = read({
      origin: 'https://example.org',
      'sec-websocket-protocol': 'chat, superchat',
      'sec-websocket-extensions': 'permessage-deflate; client_max_window_bits',
    })

    expect(handshake).toMatchObject({
      key: null,
      protocols: ['chat', 'superchat'],
      origin: 'https://example.org',
    })
    expect(handshake.extensions.map(({ name }) => name)).toEqual(['permessage-deflate'])
  })

  it('reads a key where one came', () => {
    expect(read({ 'sec-websocket-key': KEY }).key).toBe(KEY)
    expect(refusalOf(() => read({ 'sec-websocket-key': 'short' })).status).toBe(400)
  })

  it.each([['connection'], ['upgrade'], ['transfer-encoding'], ['keep-alive']])(
    'refuses %s, which HTTP/2 forbids, with 400',
    (name) => {
      expect(refusalOf(() => read({ [name]: 'x' })).status).toBe(400)
    },
  )

  it.each([['sec-websocket-version'], ['origin'], ['host'], ['sec-websocket-key']])(
    'refuses %s that is there twice with 400',
    (name) => {
      const value = name === 'sec-websocket-version' ? '13' : 'x'
      const { status, message } = refusalOf(() => read({ [name]: value }, false, [name, value]))
      expect(status).toBe(400)
      expect(message.toLowerCase()).toContain(`${name} is there more than once`)
    },
  )

  it('refuses a request with a body or an ended stream with 400', () => {
    expect(refusalOf(() => read({}, true)).status).toBe(400)
  })

  it('refuses another version with 400 and names the version that it speaks', () => {
    for (const version of ['8', '13, 8', '']) {
      const ask = (): unknown => read({ 'sec-websocket-version': version })
      expect(refusalOf(ask).status).toBe(400)
      expect(ask).toThrow(expect.objectContaining({ headers: [['Sec-WebSocket-Version', '13']] }))
    }
    const without = { headers: new HttpHeaders(['host', 'a.test']), hasBody: false }
    expect(refusalOf(() => readExtendedConnect(without)).message).toContain('is missing')
  })

  it('refuses a request without :authority with 400', () => {
    const headers = new HttpHeaders(['sec-websocket-version', '13'])
    expect(refusalOf(() => readExtendedConnect({ headers, hasBody: false })).status).toBe(400)
  })
})

describe('extendedConnectHeaders()', () => {
  it('names the choices, and neither Upgrade nor Connection nor an accept value', () => {
    const headers = extendedConnectHeaders(read(), {
      protocol: 'chat',
      extensions: 'permessage-deflate',
    })
    expect(headers).toEqual([
      ['Sec-WebSocket-Protocol', 'chat'],
      ['Sec-WebSocket-Extensions', 'permessage-deflate'],
    ])
    expect(extendedConnectHeaders(read(), { protocol: null })).toEqual([])
  })

  it('answers a key with its accept value', () => {
    const handshake = read({ 'sec-websocket-key': KEY })
    expect(extendedConnectHeaders(handshake, { protocol: null })).toEqual([
      ['Sec-WebSocket-Accept', 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='],
    ])
  })
})
