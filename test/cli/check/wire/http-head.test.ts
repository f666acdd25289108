import { describe, expect, it } from 'vitest'
import {
  parseResponse,
  requestBytes,
  switchingProblem,
} from '../../../../src/cli/check/wire/http-head.ts'

const REQUEST = { path: '/a?b', host: 'example.com', isSecure: true, lines: ['X-Own: 1'] }
const HEAD = [
  'HTTP/1.1 101 Switching Protocols',
  'upgrade: WebSocket',
  'Connection: keep-alive, Upgrade',
  'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
]

function problem(lines: readonly string[]): string | null {
  const response = parseResponse(lines.join('\r\n'))
  return response === null ? 'no response' : switchingProblem(response, ['x'], ['p'])
}

describe('requestBytes()', () => {
  it('writes a correct request', () => {
    expect(requestBytes(REQUEST).toString('latin1')).toBe(
      'GET /a?b HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nX-Own: 1\r\n\r\n',
    )
  })

  it('changes what a case changes', () => {
    const change = {
      method: 'get',
      target: (path: string, origin: string) => `${origin}${path}`,
      drop: ['host', 'upgrade', 'sec-websocket-key', 'sec-websocket-version'],
      replace: { connection: 'Connection: x' },
      add: ['Y: 2'],
      lineEnd: '\n',
      body: '\u00ff',
    }

    expect(requestBytes(REQUEST, change).toString('latin1')).toBe(
      'get https://example.com/a?b HTTP/1.1\nConnection: x\nX-Own: 1\nY: 2\n\n\u00ff',
    )
  })
})

describe('switchingProblem()', () => {
  it('accepts a response as §4.2.2 wants it', () => {
    expect(problem(HEAD)).toBeNull()
    expect(
      problem([...HEAD, 'Sec-WebSocket-Protocol: p', 'Sec-WebSocket-Extensions: x; a']),
    ).toBeNull()
  })

  it.each([
    [1, 'Upgrade: other', 'Upgrade'],
    [2, 'Connection: upgraded', 'Connection'],
    [3, 'Sec-WebSocket-Accept: x', 'Sec-WebSocket-Accept'],
    [4, 'Sec-WebSocket-Protocol: \u001b', 'the subprotocol \\x1b'],
    [4, 'Sec-WebSocket-Extensions: x, y\u0007', 'the extension y\\x07'],
    [4, 'no colon', 'no response'],
    [0, 'HTTP/2 101', 'no response'],
  ])('finds line %i when it is %j', (index, line, text) => {
    const lines = [...HEAD]
    lines[index] = line

    expect(problem(lines)).toContain(text)
  })
})
