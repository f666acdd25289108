/**
 * The opening handshake with requests that are nearly right: an agreement or a documented refusal,
 * by the same rules as a plain reading of RFC 6455 §4.2.1, and a server that is still there
 * afterwards.
 */

import { connect } from 'node:net'
import fc, { type Arbitrary } from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { embeddedServer, WebSockets } from '../../src/index.ts'
import {
  HandshakeError,
  type HandshakeRequest,
  HttpHeaders,
  readServerHandshake,
} from '../../src/protocol/index.ts'
import { handshakeHeaders } from '../support/hosts.ts'
import { connectSocket } from '../support/node-host.ts'
import { effort, TIME } from './effort.ts'
import { cutAs, cuttings, damaged } from './streams.ts'

type Header = readonly [name: string, value: string]

const GOOD: readonly Header[] = [
  ...handshakeHeaders({}),
  ['Sec-WebSocket-Protocol', 'chat, superchat'],
  ['Origin', 'http://localhost'],
]

const VALUES = [
  '',
  '13',
  '12',
  '13, 8',
  'websocket',
  'WebSocket',
  'h2c, websocket',
  'Upgrade',
  'keep-alive, upgrade',
]
const ODD = [
  'dGhlIHNhbXBsZSBub25jZQ==',
  'dGhlIHNhbXBsZSBub25jZR==',
  'AAAA',
  'a, a',
  'a b',
  ' chat ',
  ',',
  'chunked',
  '0',
  'null',
]

const value: Arbitrary<string> = fc.oneof(
  fc.constantFrom(...VALUES, ...ODD),
  fc.string({ unit: 'binary-ascii', maxLength: 12 }),
)

const change = fc.record({
  at: fc.nat(),
  kind: fc.constantFrom('drop', 'double', 'value', 'case', 'add'),
  name: fc.constantFrom(
    'Transfer-Encoding',
    'Content-Length',
    'Cookie',
    'Upgrade',
    'Connection',
    'Host',
    '__proto__',
  ),
  value,
})

const headers: Arbitrary<Header[]> = fc.array(change, { maxLength: 4 }).map((changes) => {
  const list = [...GOOD]
  for (const { at, kind, name, value: text } of changes) {
    const place = at % list.length
    const [old, oldText] = list[place] ?? ['X', '']
    if (kind === 'drop') list.splice(place, 1)
    else if (kind === 'double') list.push([old, oldText])
    else if (kind === 'value') list[place] = [old, text]
    else if (kind === 'case') list[place] = [old.toUpperCase(), oldText.toUpperCase()]
    else list.push([name, text])
    if (list.length === 0) list.push(['Host', 'localhost'])
  }
  return list
})

describe('readServerHandshake(), fuzzed', () => {
  it(
    'readServerHandshake() agrees with a plain reading of §4.2.1, and throws HandshakeError else',
    TIME,
    () => {
      fc.assert(
        fc.property(
          headers,
          fc.constantFrom('GET', 'GET', 'GET', 'get', 'POST'),
          fc.constantFrom('1.1', '1.1', '2.0', '1.0', '', '1.1.1'),
          (list, method, httpVersion) => {
            const request = {
              method,
              httpVersion,
              headers: new HttpHeaders(list.flat()),
              hasBody: false,
            }
            const status = statusOf(request)
            expect([101, 400, 426]).toContain(status)
            expect(status === 101).toBe(isRight(list, method, httpVersion))
          },
        ),
        effort(5000),
      )
    },
  )
})

describe('embeddedServer(), fuzzed', () => {
  let server: ReturnType<typeof embeddedServer>
  const failures: unknown[] = []

  beforeAll(async () => {
    server = embeddedServer({ port: 0, host: '127.0.0.1', signals: false }, (app) => {
      app.install(WebSockets)
      app.monitor.on('handlerFailed', ({ error }) => failures.push(error))
      app.routing((route) => {
        route.webSocket('/', async ({ incoming, send }) => {
          for await (const frame of incoming) await send(frame)
        })
      })
    })
    await server.start()
  })

  afterAll(async () => {
    await server.stop({ grace: 0, timeout: 0 })
  })

  it(
    'embeddedServer() answers damaged requests with HTTP or not at all, and goes on',
    TIME,
    async () => {
      const request = `GET / HTTP/1.1\r\n${GOOD.map((header) => header.join(': ')).join('\r\n')}\r\n\r\n`

      await fc.assert(
        fc.asyncProperty(
          damaged(fc.constant(Buffer.from(request)), 3),
          cuttings,
          async (bytes, sizes) => {
            const answer = await ask(server.address.port, cutAs(bytes, sizes))
            expect(
              answer === '' || /^HTTP\/1\.1 (?:101|400|403|404|405|426|431|501|503) /.test(answer),
            ).toBe(true)
          },
        ),
        effort(150),
      )

      const peer = await connectSocket(server.address.port, '/')
      peer.close(1000)
      expect(await peer.rest()).toBe('88 02 03 e8')
      peer.end()
      expect(failures).toEqual([])
    },
  )
})

/** What is answered; anything that is thrown beside `HandshakeError` fails the test. */
function statusOf(request: HandshakeRequest): number {
  try {
    readServerHandshake(request)
    return 101
  } catch (error) {
    if (error instanceof HandshakeError) return error.status
    throw error
  }
}

/** §4.2.1, and the contract's rules on headers that there are two of. */
function isRight(list: readonly Header[], method: string, version: string): boolean {
  const all = (name: string): string[] =>
    list
      .filter(([key]) => key.toLowerCase() === name)
      .map(([, text]) => text.replace(/^[ \t]+|[ \t]+$/g, ''))
  const singles = [
    'host',
    'upgrade',
    'sec-websocket-key',
    'sec-websocket-version',
    'origin',
    'content-length',
  ]
  const elements = (name: string): string[] =>
    all(name)
      .join(',')
      .split(',')
      .map((element) => element.replace(/^[ \t]+|[ \t]+$/g, ''))
  const protocols = elements('sec-websocket-protocol').filter((element) => element !== '')
  return (
    method === 'GET' &&
    (version === '1.1' || version === '2.0') &&
    singles.every((name) => all(name).length <= 1) &&
    all('host').length === 1 &&
    all('transfer-encoding').length === 0 &&
    all('upgrade')[0]?.toLowerCase() === 'websocket' &&
    elements('connection').some((element) => element.toLowerCase() === 'upgrade') &&
    all('sec-websocket-version')[0] === '13' &&
    /^[A-Za-z0-9+/]{21}[AQgw]==$/.test(all('sec-websocket-key')[0] ?? '') &&
    protocols.every((element) => /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(element)) &&
    new Set(protocols).size === protocols.length
  )
}

/**
 * Sends `pieces` and the end of the stream. @returns all that comes back before the connection is
 * gone.
 */
function ask(port: number, pieces: readonly Uint8Array[]): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true })
    let answer = ''
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1')
    })
    // A reset is one of the things that a server may do.
    socket.on('error', () => {})
    socket.on('close', () => resolve(answer))
    for (const piece of pieces) socket.write(piece)
    socket.end()
  })
}
