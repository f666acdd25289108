/**
 * What both doors of a server answer alike: the front door, which reads requests itself, and Node's
 * HTTP server. Each case is what a client sends, and the status lines that come back, in order.
 */

import { describe, expect, it } from 'vitest'
import { embeddedServer, WebSockets } from '../../src/index.ts'
import type { TransportMode } from '../../src/engines/node/transports/transport-choice.ts'
import { certificate } from '../support/certificate.ts'
import { RawClient } from '../support/loopback.ts'

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
const REST = `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\n`
const upgradeWith = (headers: string, path = '/'): string =>
  `GET ${path} HTTP/1.1\r\nHost: a\r\n${REST}${headers}\r\n`

/** An upgrade, closed at once by the client: Close 1000, masked with 0. */
const CLOSE = '\x88\x82\0\0\0\0\x03\xe8'
const UPGRADE = upgradeWith('')
const PLAIN = 'GET /plain HTTP/1.1\r\nHost: a\r\n\r\n'
const LAST = 'GET /plain HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'

const HALF_A_HEAD = 'GET / HTTP/1.1\r\nHost: a\r\n'
/** After these the client ends its side; after all others it waits for the server to do so. */
const CUT_OFF: readonly string[] = [HALF_A_HEAD, '']

/** Name, bytes, and the statuses of all answers; a client that was cut off without one has none. */
const CASES: ReadonlyArray<readonly [name: string, bytes: string, statuses: readonly number[]]> = [
  ['an upgrade', UPGRADE + CLOSE, [101]],
  ['an upgrade with a query', upgradeWith('', '/?a=b') + CLOSE, [101]],
  ['an upgrade after a plain request', PLAIN + UPGRADE + CLOSE, [200, 101]],
  [
    'an upgrade after a plain request with a body',
    `POST /plain HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc${UPGRADE}${CLOSE}`,
    [200, 101],
  ],
  ['a plain request', LAST, [200]],
  ['two plain requests', PLAIN + LAST, [200, 200]],
  [
    'a plain request for the path of a WebSocket',
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    [426],
  ],
  ['an upgrade on a path that does not exist', upgradeWith('', '/nope'), [404]],
  [
    'an upgrade to another protocol',
    'GET /plain HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade, close\r\n\r\n',
    [200],
  ],
  [
    'an upgrade without Connection',
    `GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n${LAST}`,
    [426, 200],
  ],
  ['an upgrade without Host', `GET / HTTP/1.1\r\n${REST}\r\n`, [400]],
  ['an upgrade with two Hosts', upgradeWith('Host: b\r\n'), [400]],
  ['an upgrade with an invalid Host', `GET / HTTP/1.1\r\nHost: a b\r\n${REST}\r\n`, [400]],
  [
    'an upgrade without a key',
    'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\r\n',
    [400],
  ],
  ['an upgrade with two keys', upgradeWith(`Sec-WebSocket-Key: ${KEY}\r\n`), [400]],
  [
    'an upgrade of another version',
    `GET / HTTP/1.1\r\nHost: a\r\n${REST.replace('13', '8')}\r\n`,
    [426],
  ],
  ['an upgrade by POST', UPGRADE.replace('GET', 'POST'), [400]],
  ['an upgrade of HTTP/1.0', UPGRADE.replace('HTTP/1.1', 'HTTP/1.0'), [400]],
  ['an upgrade with Content-Length 0', upgradeWith('Content-Length: 0\r\n') + CLOSE, [101]],
  ['an upgrade with a body', `${upgradeWith('Content-Length: 5\r\n')}hello`, [400]],
  [
    'an upgrade with a chunked body',
    `${upgradeWith('Transfer-Encoding: chunked\r\n')}0\r\n\r\n`,
    [400],
  ],
  [
    'two values of Content-Length',
    `${upgradeWith('Content-Length: 5\r\nContent-Length: 6\r\n')}hello`,
    [400],
  ],
  [
    'Content-Length beside Transfer-Encoding',
    `${upgradeWith('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n')}0\r\n\r\n`,
    [400],
  ],
  ['a header that is folded', upgradeWith('X: a\r\n b\r\n'), [400]],
  ['a blank before a colon', upgradeWith('X : a\r\n'), [400]],
  ['a header without a name', upgradeWith(': a\r\n'), [400]],
  ['a header that ends with LF alone', upgradeWith('X: a\n'), [400]],
  ['a CR inside of a header', upgradeWith('X: a\rb\r\n'), [400]],
  ['NUL in a header', upgradeWith('X: a\0\r\n'), [400]],
  ['NUL in the target', upgradeWith('', '/\0'), [400]],
  ['a space in the target', upgradeWith('', '/a b'), [400]],
  ['a target in absolute form', `GET http://a/ HTTP/1.1\r\nHost: a\r\n${REST}\r\n${CLOSE}`, [101]],
  [
    'a target in absolute form, of another path',
    `GET http://a/nope HTTP/1.1\r\nHost: a\r\n${REST}\r\n`,
    [404],
  ],
  ['a target that is an asterisk', upgradeWith('', '*'), [400]],
  ['an empty line in front', `\r\n${UPGRADE}${CLOSE}`, [101]],
  ['a header of 40 KiB', upgradeWith(`X: ${'a'.repeat(40 * 1024)}\r\n`), [431]],
  ['a hundred and one headers', upgradeWith('X: a\r\n'.repeat(101)), [431]],
  ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', [400]],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', [400]],
  ['half a head, then the end', HALF_A_HEAD, [400]],
  ['nothing, then the end', '', []],
]

/** How a server is started, and how its clients connect. */
export interface Door {
  readonly transport: TransportMode
  readonly tls?: boolean
  /** Whether the cases are sent byte by byte, too. @defaultValue true */
  readonly byteByByte?: boolean
}

/** Runs the cases on one door. */
export function doorSuite(name: string, door: Door): void {
  const cases = door.tls === true ? CASES.filter(([each]) => each !== 'TLS') : CASES
  describe(`${name}: a door of a server`, () => {
    it.each(cases)('answers %s', async (_, bytes, statuses) => {
      expect(await statusesOf(door, [bytes])).toEqual(statuses)
    })

    if (door.byteByByte === false) return
    it.each(cases.filter(([, bytes]) => bytes.length < 1000))(
      'answers %s that comes byte by byte',
      async (_, bytes, statuses) => {
        expect(await statusesOf(door, bytes)).toEqual(statuses)
      },
    )
  })
}

/** Sends pieces, each a segment of its own, and reads to the end. */
async function statusesOf(door: Door, pieces: Iterable<string>): Promise<number[]> {
  const { transport, tls = false } = door
  const server = await embeddedServer(
    {
      host: '127.0.0.1',
      port: 0,
      signals: false,
      transport,
      ...(tls ? { tls: certificate } : {}),
      http: (request, response) => void request.resume().on('end', () => response.end('plain\r\n')),
    },
    (app) => {
      app.install(WebSockets)
      app.routing((route) => route.webSocket('/', async ({ closed }) => void (await closed)))
    },
  ).start()
  const { port } = server.address
  const client = await (tls ? RawClient.connectTls(port) : RawClient.connect(port))
  client.socket.setNoDelay(true)
  let sent = ''
  for (const piece of pieces) {
    client.send(piece)
    sent += piece
  }
  if (CUT_OFF.includes(sent)) client.socket.end()
  await client.ended
  await client[Symbol.asyncDispose]()
  await server.stop({ grace: 0 })
  return [...client.text.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => Number(status))
}
