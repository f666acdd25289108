/**
 * The reader of request heads against the parser of Node: what the reader accepts, Node accepts too
 * and reads alike, and the result does not depend on how the bytes are cut. So a request that comes
 * through the front door means what it means to the HTTP server behind it.
 */

import { createServer, type IncomingMessage } from 'node:http'
import { duplexPair } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  RequestHeadReader,
  type RequestHeadResult,
} from '../../src/protocol/handshake/request-head.ts'
import { effort, TIME } from './effort.ts'
import { cutAs, cuttings, damaged } from './streams.ts'

const LIMIT = 16 * 1024

const HEADS = [
  'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /a/%20?b=c HTTP/1.1\r\nHost: a:80\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n' +
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  'GET /"<>^`{|}[]\\~ HTTP/1.1\r\nX:\r\nY: \t a \t b \t\r\nX: \xe9\r\n\r\n',
  'GET /x HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc',
  'GET /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: a\r\n\r\n0\r\n\r\n',
  'GET /x#y?z HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
].map((text) => Uint8Array.from(Buffer.from(text, 'latin1')))

/** Bytes that parsers have disagreed about. */
const ODD = fc.constantFrom('\r', '\n', '\0', ' ', '\t', ':', '\x0b', '\x7f', '\xa0', '#', '@')

const oddHeads = fc
  .tuple(fc.constantFrom(...HEADS), fc.array(fc.tuple(fc.nat(), ODD), { maxLength: 3 }))
  .map(([head, insertions]) => {
    let text = Buffer.from(head).toString('latin1')
    for (const [at, odd] of insertions) {
      const place = at % text.length
      text = text.slice(0, place) + odd + text.slice(place)
    }
    return Uint8Array.from(Buffer.from(text, 'latin1'))
  })

const heads = fc.oneof(oddHeads, damaged(fc.constantFrom(...HEADS), 3))

function readCut(bytes: Uint8Array, sizes: readonly number[]): RequestHeadResult {
  const reader = new RequestHeadReader(LIMIT)
  let length = 0
  let result: RequestHeadResult = 'incomplete'
  for (const piece of cutAs(bytes, sizes)) {
    length += piece.length
    result = reader.read(bytes.subarray(0, length))
    if (result !== 'incomplete') break
  }
  return result
}

/** What Node makes of the first request in `bytes`; `null` for what it refuses. */
function readByNode(bytes: Uint8Array): Promise<IncomingMessage | null> {
  const [near, far] = duplexPair()
  const server = createServer({ requireHostHeader: false })
  server.maxHeadersCount = 0
  return new Promise((resolve) => {
    const done = (request: IncomingMessage | null): void => {
      near.destroy()
      far.destroy()
      resolve(request)
    }
    for (const event of ['request', 'upgrade', 'checkContinue', 'checkExpectation']) {
      server.on(event, done)
    }
    server.on('clientError', () => done(null))
    near.on('error', () => {})
    far.on('error', () => {})
    far.on('data', () => done(null)) // an answer of Node's own
    server.emit('connection', near)
    far.write(bytes)
  })
}

describe('RequestHeadReader, fuzzed', () => {
  it('RequestHeadReader returns the same for any cutting', TIME, () => {
    fc.assert(
      fc.property(heads, cuttings, (bytes, sizes) => {
        expect(readCut(bytes, sizes)).toEqual(new RequestHeadReader(LIMIT).read(bytes))
      }),
      effort(2000),
    )
  })

  it('RequestHeadReader accepts only what Node accepts, and reads it alike', TIME, async () => {
    let accepted = 0

    await fc.assert(
      fc.asyncProperty(heads, async (bytes) => {
        const head = new RequestHeadReader(LIMIT).read(bytes)
        if (typeof head === 'string') return
        accepted++
        const request = await readByNode(bytes)

        expect(request?.method).toBe('GET')
        expect(request?.httpVersion).toBe('1.1')
        expect(request?.url).toBe(head.target)
        expect(request?.rawHeaders).toEqual(head.rawHeaders)
      }),
      effort(1500),
    )

    expect(accepted).toBeGreaterThan(100)
  })
})
