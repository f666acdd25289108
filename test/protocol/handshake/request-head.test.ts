import { describe, expect, it } from 'vitest'
import {
  RequestHeadReader,
  type RequestHeadResult,
} from '../../../src/protocol/handshake/request-head.ts'

const LIMIT = 1024

const HEAD =
  'GET /chat?room=1 HTTP/1.1\r\n' +
  'Host: example.com\r\n' +
  'Cookie:\t a=1; b=2 \r\n' +
  'X-Empty:\r\n' +
  'x-latin: caf\xe9\r\n' +
  'Cookie: c=3\r\n\r\n'

const RAW_HEADERS = [
  ['Host', 'example.com'],
  ['Cookie', 'a=1; b=2'],
  ['X-Empty', ''],
  ['x-latin', 'caf\xe9'],
  ['Cookie', 'c=3'],
].flat()

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'))
}

function read(text: string, limit = LIMIT): RequestHeadResult {
  return new RequestHeadReader(limit).read(bytesOf(text))
}

describe('RequestHeadReader', () => {
  it('read() returns target, headers in order with their duplicates, and the length', () => {
    expect(read(`${HEAD}\x81\x80`)).toEqual({
      target: '/chat?room=1',
      rawHeaders: RAW_HEADERS,
      byteLength: HEAD.length,
    })
  })

  it('read() returns the same head for bytes that come one at a time', () => {
    const bytes = bytesOf(HEAD)
    const reader = new RequestHeadReader(LIMIT)

    for (let length = 1; length < bytes.length; length++) {
      expect(reader.read(bytes.subarray(0, length))).toBe('incomplete')
    }
    expect(reader.read(bytes)).toEqual({
      target: '/chat?room=1',
      rawHeaders: RAW_HEADERS,
      byteLength: bytes.length,
    })
  })

  it('read() returns a head without headers', () => {
    expect(read('GET / HTTP/1.1\r\n\r\n')).toEqual({ target: '/', rawHeaders: [], byteLength: 18 })
  })

  it('read() refers to none of the bytes', () => {
    const bytes = bytesOf(HEAD)
    const head = new RequestHeadReader(LIMIT).read(bytes)
    bytes.fill(0)

    expect(head).toMatchObject({ target: '/chat?room=1', rawHeaders: RAW_HEADERS })
  })

  describe.each([
    ['another method', 'POST / HTTP/1.1\r\n\r\n'],
    ['a method in lower case', 'get / HTTP/1.1\r\n\r\n'],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01'],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['an empty line in front', '\r\nGET / HTTP/1.1\r\n\r\n'],
    ['HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n'],
    ['HTTP/1.10', 'GET / HTTP/1.10\r\n\r\n'],
    ['no version', 'GET /\r\n\r\n'],
    ['no target', 'GET  HTTP/1.1\r\n\r\n'],
    ['two spaces before the target', 'GET  / HTTP/1.1\r\n\r\n'],
    ['two spaces after the target', 'GET /  HTTP/1.1\r\n\r\n'],
    ['a blank after the version', 'GET / HTTP/1.1 \r\n\r\n'],
    ['a tab in the request line', 'GET\t/ HTTP/1.1\r\n\r\n'],
    ['a target in absolute form', 'GET http://a/ HTTP/1.1\r\n\r\n'],
    ['a target that is an asterisk', 'GET * HTTP/1.1\r\n\r\n'],
    ['a target with a space', 'GET /a b HTTP/1.1\r\n\r\n'],
    ['a target that is not ASCII', 'GET /\xe9 HTTP/1.1\r\n\r\n'],
    ['a line that ends with LF alone', 'GET / HTTP/1.1\nHost: a\r\n\r\n'],
    ['a header that ends with LF alone', 'GET / HTTP/1.1\r\nHost: a\n\r\n'],
    ['a CR without LF', 'GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n'],
    ['CR CR LF', 'GET / HTTP/1.1\r\nHost: a\r\r\n\r\n'],
    ['NUL in a value', 'GET / HTTP/1.1\r\nHost: a\0\r\n\r\n'],
    ['DEL in a value', 'GET / HTTP/1.1\r\nHost: a\x7f\r\n\r\n'],
    ['a control character in a value', 'GET / HTTP/1.1\r\nHost: a\x01\r\n\r\n'],
    ['a folded header', 'GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n'],
    ['a header folded with a tab', 'GET / HTTP/1.1\r\nHost: a\r\n\tb: c\r\n\r\n'],
    ['a blank before the colon', 'GET / HTTP/1.1\r\nHost : a\r\n\r\n'],
    ['a header without a name', 'GET / HTTP/1.1\r\n: a\r\n\r\n'],
    ['a header without a colon', 'GET / HTTP/1.1\r\nHost\r\n\r\n'],
    ['a name that is no token', 'GET / HTTP/1.1\r\nHo(st: a\r\n\r\n'],
    ['a body', 'GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\n'],
    ['a body in chunks', 'GET / HTTP/1.1\r\nTRANSFER-encoding: chunked\r\n\r\n'],
    ['a name that is not ASCII', 'GET / HTTP/1.1\r\nH\xf6st: a\r\n\r\n'],
  ])('of %s', (_, text) => {
    it('read() returns other, in one piece and byte by byte', () => {
      const bytes = bytesOf(text)
      const reader = new RequestHeadReader(LIMIT)
      let last: RequestHeadResult = 'incomplete'
      for (let length = 1; length <= bytes.length; length++) {
        last = reader.read(bytes.subarray(0, length))
      }

      expect(read(text)).toBe('other')
      expect(last).toBe('other')
    })
  })

  it('read() returns other as soon as the bytes cannot be a head', () => {
    expect(read('GEX')).toBe('other')
    expect(read('GET / HTTP/1.1\r\nHost: a\0')).toBe('other')
    expect(read('GET / HTTP/1.1\n')).toBe('other')
  })

  it('read() accepts a head of exactly the limit and returns other for a longer one', () => {
    expect(read(HEAD, HEAD.length)).toMatchObject({ byteLength: HEAD.length })
    expect(read(HEAD, HEAD.length - 1)).toBe('other')
    expect(read('GET /'.padEnd(20, 'a'), 20)).toBe('other')
    expect(read('GET /'.padEnd(19, 'a'), 20)).toBe('incomplete')
  })

  it('read() counts only the head against the limit', () => {
    expect(read(`${HEAD}${'x'.repeat(4096)}`, HEAD.length)).toMatchObject({
      byteLength: HEAD.length,
    })
  })

  it('read() returns other for ever once it has', () => {
    const reader = new RequestHeadReader(LIMIT)

    expect(reader.read(bytesOf('POST'))).toBe('other')
    expect(reader.read(bytesOf(HEAD))).toBe('other')
  })
})
