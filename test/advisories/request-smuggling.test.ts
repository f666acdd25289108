/**
 * A proxy and the server that disagree about what a connection is: a request that one of them takes
 * for an upgrade and the other does not, or bytes behind it that are read as requests.
 *
 * CVE-2026-59898 (Netty: handshakes of versions 7 and 8 without `Upgrade`), CVE-2025-58056,
 * CVE-2026-33870, CVE-2026-50020 (Netty: requests that are framed in two ways). RFC 6455 §4.2.1,
 * RFC 9110 §7.8, RFC 9112 §11.2.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { type EmbeddedServer, embeddedServer, WebSockets } from '../../src/index.ts'
import { RawClient } from '../support/loopback.ts'

const HANDSHAKE: Readonly<Record<string, string>> = {
  Host: 'localhost',
  Upgrade: 'websocket',
  Connection: 'Upgrade',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version': '13',
}

/** What must never be answered: it stands behind another request, where a proxy did not see it. */
const SMUGGLED = 'GET /admin HTTP/1.1\r\nHost: localhost\r\n\r\n'

let server: EmbeddedServer
/** The requests that reached the plain listener. */
let plain: string[]

beforeAll(async () => {
  plain = []
  server = embeddedServer(
    {
      host: '127.0.0.1',
      port: 0,
      signals: false,
      http: (request, response) => {
        plain.push(request.url ?? '')
        response.end('secret')
      },
    },
    (app) => {
      app.install(WebSockets)
      app.routing((route) => {
        route.webSocket('/', async ({ incoming }) => {
          await incoming.receiveCatching()
        })
      })
    },
  )
  await server.start()
})

afterAll(async () => {
  await server.stop({ grace: 0, timeout: 1000 })
})

/** The head of a request; `undefined` leaves a header out. */
function head(
  changes: Readonly<Record<string, string | undefined>> = {},
  requestLine = 'GET / HTTP/1.1',
  more: readonly string[] = [],
): string {
  const headers = Object.entries({ ...HANDSHAKE, ...changes })
  const lines = headers.flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${value}`],
  )
  return [requestLine, ...lines, ...more, '', ''].join('\r\n')
}

/**
 * Sends `request` and what is smuggled behind it in one write; answers everything that comes back.
 */
async function exchange(request: string): Promise<string> {
  plain = []
  await using client = await RawClient.connect(server.address.port)
  client.send(request + SMUGGLED)
  client.socket.end()
  await client.ended
  return client.text
}

describe('advisory: request smuggling', () => {
  it('what comes behind an upgrade is read as frames and never as a request', async () => {
    const answer = await exchange(head())

    expect(answer).toMatch(/^HTTP\/1\.1 101 /)
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1)
    // "G" is a frame with reserved bits: Close 1002.
    expect(answer.endsWith('\x88\x02\x03\xea')).toBe(true)
    expect(plain).toEqual([])
  })

  it.each<[string, string, number]>([
    ['another origin', head({ Origin: 'https://evil.example' }), 403],
    ['version 8', head({ 'Sec-WebSocket-Version': '8' }), 426],
    ['version 7', head({ 'Sec-WebSocket-Version': '7' }), 426],
    ['no version', head({ 'Sec-WebSocket-Version': undefined }), 426],
    ['two versions', head({}, undefined, ['Sec-WebSocket-Version: 8']), 400],
    ['no key', head({ 'Sec-WebSocket-Key': undefined }), 400],
    ['two keys', head({}, undefined, ['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==']), 400],
    ['a body', head({ 'Content-Length': String(SMUGGLED.length) }), 400],
    ['a chunked body', head({ 'Transfer-Encoding': 'chunked' }), 400],
    ['POST', head({}, 'POST / HTTP/1.1'), 400],
  ])(
    'an upgrade that is refused (%s) ends the connection, and what comes behind it is not answered',
    async (_what, request, status) => {
      const answer = await exchange(request)

      expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
      expect(answer).toMatch(/\r\nconnection: (?:\S+, )?close\r\n/i)
      expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1)
      expect(plain).toEqual([])
    },
  )

  it.each<[string, string]>([
    ['two bodies', head({ 'Content-Length': '5', 'Transfer-Encoding': 'chunked' })],
    ['two lengths', head({}, undefined, ['Content-Length: 0', 'Content-Length: 44'])],
    ['a length that is no number', head({ 'Content-Length': '+4' })],
    ['a blank before the colon', head({}, undefined, ['Transfer-Encoding : chunked'])],
    ['a line that is folded', head({}, undefined, ['X-A: b', ' Transfer-Encoding: chunked'])],
    ['a bare LF', head({}, undefined, ['X-A: b\nTransfer-Encoding: chunked'])],
    ['a bare CR', head({}, undefined, ['X-A: b\rTransfer-Encoding: chunked'])],
    ['NUL in a header', head({ 'X-A': 'b\0c' })],
    ['HTTP/1.0', head({}, 'GET / HTTP/1.0')],
    ['HTTP/0.9', head({}, 'GET /')],
    ['two Hosts', head({}, undefined, ['Host: admin.example.com'])],
    ['no Host', head({ Host: undefined })],
  ])(
    'a request that could be framed in two ways (%s) becomes no session',
    async (_what, request) => {
      const { opened } = server.application.statistics().sessions
      const answer = await exchange(request)

      expect(answer).not.toMatch(/HTTP\/1\.1 101/)
      expect(answer).not.toContain('secret')
      expect(plain).toEqual([])
      expect(server.application.statistics().sessions.opened).toBe(opened)
    },
  )

  it.each<[string, string]>([
    ['Upgrade', head({ Upgrade: undefined })],
    ['Connection', head({ Connection: undefined })],
    ['both', head({ Upgrade: undefined, Connection: undefined })],
    [
      'both, in version 8',
      head({ Upgrade: undefined, Connection: undefined, 'Sec-WebSocket-Version': '8' }),
    ],
  ])('a handshake without %s is a plain request, and never switches', async (_what, request) => {
    const answer = await exchange(request)

    expect(answer).not.toMatch(/HTTP\/1\.1 101/)
    expect(answer).toMatch(/^HTTP\/1\.1 426 /)
  })
})
