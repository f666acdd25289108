import { expect, it } from 'vitest'

import { responseHeaders } from '../../../../src/engines/node/http2/http2-answer.ts'

it('responseHeaders() drops what HTTP/2 forbids, and keeps cookies apart (RFC 9113 §8.2.2)', () => {
  const headers = responseHeaders(200, [
    ['Set-Cookie', 'a=1'],
    ['set-cookie', 'b=2'],
    ['Connection', 'Upgrade'],
    ['Upgrade', 'websocket'],
    ['X-Note', 'c'],
    ['x-note', 'd'],
  ])

  expect(headers).toEqual({ ':status': 200, 'set-cookie': ['a=1', 'b=2'], 'x-note': 'c, d' })
})

it.each([
  ['a line break in a value', 'x-name', 'a\r\nb: c'],
  ['NUL in a value', 'x-name', 'a\0'],
  ['a line break in a name', 'x\r\ny', 'a'],
  ['a pseudo-header', ':status', '500'],
])('responseHeaders() throws for %s', (_name, name, value) => {
  expect(() => responseHeaders(200, [[name, value]])).toThrow(TypeError)
})
