import type { Http2Stream, ServerHttp2Stream } from 'node:http2'
import { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'

import { ConnectRequest } from '../../../../src/engines/node/http2/connect-request.ts'
import { StreamInbox } from '../../../../src/engines/node/http2/stream-inbox.ts'

const NOWHERE = { host: null, port: null }
const FACTS = { local: NOWHERE, remote: NOWHERE, encrypted: true }
const HEADERS = {
  ':method': 'CONNECT',
  ':protocol': 'websocket',
  ':path': '/a?b=c',
  ':authority': 'example.com',
}

/** A request with `more` headers, and the stream that it came on. */
function arrived(more: Readonly<Record<string, string>> = {}, endAfterHeaders = false) {
  const stream = new Readable({ read() {} })
  const inbox = new StreamInbox(stream as Http2Stream) // the part that is used
  const headers = { ...HEADERS, ...more }
  const rawHeaders = Object.entries(headers).flat()
  // The part of a stream that is used.
  const carrier = { endAfterHeaders } as ServerHttp2Stream
  const connect = { stream: carrier, headers, rawHeaders, socket: () => new Socket() }
  return { stream, request: new ConnectRequest(connect, FACTS, inbox, null) }
}

describe('ConnectRequest', () => {
  it('has the headers without pseudo-headers, with the authority as host', () => {
    const { request } = arrived({ cookie: 'd=e' })

    expect(request).toMatchObject({ method: 'CONNECT', httpVersion: '2', bootstrap: 'connect' })
    expect(request.target).toBe('/a?b=c')
    expect(request.rawHeaders).toEqual(['host', 'example.com', 'cookie', 'd=e'])
    expect(request.connectionLimit).toBe(undefined)
  })

  it('keeps a host that differs from the authority, so that there are two', () => {
    expect(arrived({ host: 'example.com' }).request.rawHeaders).toEqual(['host', 'example.com'])
    expect(arrived({ host: 'other.com' }).request.rawHeaders).toEqual([
      'host',
      'example.com',
      'host',
      'other.com',
    ])
  })

  it.each([
    ['an end behind the headers', {}, true, true],
    ['content-length above 0', { 'content-length': '1' }, false, true],
    ['content-length 0', { 'content-length': '0' }, false, false],
    ['neither', {}, false, false],
  ])('%s: hasBody is as expected', (_name, more, endAfterHeaders, hasBody) => {
    expect(arrived(more, endAfterHeaders).request.hasBody).toBe(hasBody)
  })

  it('makes one message for middleware, and none after the decision', () => {
    const { request } = arrived()
    const message = request.engineRequest

    expect(message?.url).toBe('/a?b=c')
    expect(request.engineRequest).toBe(message)
    request.decided()
    expect(request.engineRequest).toBe(null)
  })

  it('reports the bytes that arrive until the decision, and none after it', () => {
    const { stream, request } = arrived()
    const reports: number[] = []
    stream.push(Buffer.alloc(100))
    expect(request.earlyBytes).toBe(512)
    request.watchEarlyBytes((bytes) => reports.push(bytes))
    stream.push(Buffer.alloc(500))
    request.decided()
    stream.push(Buffer.alloc(5000))

    expect(reports).toEqual([512])
    expect(request.earlyBytes).toBe(0)
  })
})
