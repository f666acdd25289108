import { once } from 'node:events'
import { createSecureServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'

import { ConnectError } from '../../../../src/client/index.ts'
import { certificate } from '../../../support/certificate.ts'
import { dialing, failureOf, transportOf } from '../../../support/http2-dialing.ts'
import { code, END_HEADERS, END_STREAM, FrameKind } from '../../../support/raw-http2.ts'
import { type RawHttp2Server, rawHttp2Server } from '../../../support/raw-http2-server.ts'

const urlOf = ({ port }: RawHttp2Server): string => `wss://localhost:${port}/a?b=c`

type Receive = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, raw: string[]) => void

/** A server of Node's module, which reads headers. */
async function nodeServer(receive: Receive) {
  const server = createSecureServer({
    ...certificate,
    settings: { enableConnectProtocol: true },
  })
  const listener = (
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    _flags: number,
    raw: string[],
  ): void => {
    stream.on('error', () => {})
    receive(stream, headers, raw)
  }
  // The types of Node do not know the last argument.
  server.on('stream', listener as Parameters<typeof server.on>[1])
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `wss://localhost:${(server.address() as AddressInfo).port}`, // it listens on TCP
    async [Symbol.asyncDispose]() {
      server.close()
      await once(server, 'close')
    },
  }
}

describe('StreamDialing', () => {
  it('sends an extended CONNECT without the headers of an upgrade (RFC 8441 §5)', async () => {
    let sent: string[] = []
    let session: ServerHttp2Stream['session']
    await using server = await nodeServer((stream, _headers, raw) => {
      sent = raw
      session = stream.session
      stream.respond({ ':status': 200, 'x-a': ['1', '2'] })
    })
    const { dial, steps } = dialing()

    const outcome = await dial(`${server.url}/a%20b?c=d`)

    const text = sent.map((word, at) => (at % 2 === 0 ? `${word}=` : `${word}\n`)).join('')
    expect(text).toBe(
      ':method=CONNECT\n:protocol=websocket\n:scheme=https\n:authority=example.com\n' +
        ':path=/a%20b?c=d\nsec-websocket-version=13\nx-twice=a\nx-twice=b\n',
    )
    expect(steps.at(-1)).toBe('handshake')
    expect(outcome).toMatchObject({ type: 'switched', bootstrap: 'connect' })
    expect(outcome.response.status).toBe(200)
    expect(outcome.response.headers.getAll('x-a')).toEqual(['1', '2'])
    expect(outcome.response.headers.has(':status')).toBe(false)
    const { remote, encrypted } = transportOf(outcome)
    expect([remote.host, encrypted]).toEqual(['127.0.0.1', true])
    session?.destroy()
  })

  it('answers with status, headers and body of a refusal, and frees the stream', async () => {
    await using server = await rawHttp2Server()
    const { dial } = dialing()
    const refused = dial(urlOf(server))
    const connection = await server.next()
    const stream = await connection.nextRequest()
    connection.answer(stream, [
      [':status', '401'],
      ['www-authenticate', 'Bearer'],
    ])
    connection.send(FrameKind.DATA, END_STREAM, stream, Buffer.from('who are you?'))

    const outcome = await refused

    expect(outcome).toMatchObject({ type: 'answered', bootstrap: 'connect' })
    expect(outcome.response.status).toBe(401)
    expect(outcome.response.headers.get('www-authenticate')).toBe('Bearer')
    expect('body' in outcome && String(outcome.body)).toBe('who are you?')
    await connection.until(() => connection.over.has(stream))
  })

  it('answers with 64 KiB of a body that never ends, and frees the stream', async () => {
    await using server = await rawHttp2Server()
    const { dial } = dialing()
    const refused = dial(urlOf(server))
    const connection = await server.next()
    const stream = await connection.nextRequest()
    connection.answer(stream, [[':status', '503']])
    for (let sent = 0; sent < 128; sent += 16) {
      connection.send(FrameKind.DATA, 0, stream, Buffer.alloc(16_384, 'x'))
    }

    const outcome = await refused

    expect('body' in outcome && outcome.body.length).toBe(65_536)
    await connection.until(() => connection.over.has(stream))
  })

  it('an abort resets the stream with CANCEL, and others on the connection go on', async () => {
    await using server = await rawHttp2Server()
    const { dial } = dialing()
    const abort = new AbortController()
    const aborted = failureOf(dial(urlOf(server), { signal: abort.signal }))
    const connection = await server.next()
    const stream = await connection.nextRequest()
    const reason = new Error('on purpose')
    abort.abort(reason)

    expect(await aborted).toBe(reason)
    await connection.until(() => resetsOf(connection.frames, stream).length > 0)
    expect(resetsOf(connection.frames, stream)).toEqual([8])
    const other = dial(urlOf(server))
    connection.accept(await connection.nextRequest())
    expect((await other).response.status).toBe(200)
    expect(server.connections).toHaveLength(1)
  })

  it('a deadline that passes without an answer leaves the connection to its other streams', async () => {
    await using server = await rawHttp2Server()
    const { dial } = dialing()
    const abort = new AbortController()
    const late = failureOf(dial(urlOf(server), { signal: abort.signal }))
    const connection = await server.next()
    await connection.nextRequest()
    abort.abort(new ConnectError('handshake', 'no answer within 1 ms'))
    expect(await late).toBeInstanceOf(ConnectError)

    const second = dial(urlOf(server))
    const another = await server.next()
    another.accept(await another.nextRequest())

    expect((await second).response.status).toBe(200)
  })

  it.each([
    ['PROTOCOL_ERROR', 1, 'protocol'],
    ['INTERNAL_ERROR', 2, 'handshake'],
    ['CANCEL', 8, 'handshake'],
    ['NO_ERROR', 0, 'handshake'],
    ['ENHANCE_YOUR_CALM', 11, 'handshake'],
    ['255', 255, 'handshake'],
  ])('a reset with %s before an answer rejects with ConnectError', async (name, reset, step) => {
    await using server = await rawHttp2Server()
    const { dial } = dialing()
    const failed = failureOf(dial(urlOf(server)))
    const connection = await server.next()
    connection.send(FrameKind.RST_STREAM, 0, await connection.nextRequest(), code(reset))

    const error = await failed

    expect(error).toBeInstanceOf(ConnectError)
    expect(error).toMatchObject({ step, cause: { code: 'ECONNRESET', rstCode: reset } })
    expect(String(error)).toContain(name)
  })

  it('a connection that ends before the answer rejects with ConnectError and its cause', async () => {
    await using server = await rawHttp2Server()
    const { dial } = dialing()
    const failed = failureOf(dial(urlOf(server)))
    const connection = await server.next()
    await connection.nextRequest()
    connection.socket.destroy()

    expect(await failed).toMatchObject({ step: 'handshake', cause: { code: 'ECONNRESET' } })
  })

  it('waits for the answer behind informational ones', async () => {
    await using server = await rawHttp2Server()
    const { dial } = dialing()
    const opening = dial(urlOf(server))
    const connection = await server.next()
    const stream = await connection.nextRequest()
    for (let times = 0; times < 100; times++) connection.answer(stream, [[':status', '103']])
    connection.accept(stream)

    expect((await opening).response.status).toBe(200)
  })

  it('an answer that ends the stream is a session that the peer has ended', async () => {
    await using server = await rawHttp2Server()
    const { dial } = dialing()
    const opening = dial(urlOf(server))
    const connection = await server.next()
    const stream = await connection.nextRequest()
    connection.answer(stream, [[':status', '200']], END_HEADERS | END_STREAM)

    const transport = transportOf(await opening)
    const ended = new Promise<string>((resolve) => {
      transport.start({
        receive: () => {},
        drained: () => {},
        unread: () => {},
        receiveEnd: () => resolve('end'),
        closed: () => resolve('closed'),
      })
    })

    expect(await ended).toBe('end')
    transport.abort()
  })
})

/** The codes that the client reset a stream with. */
function resetsOf(
  frames: RawHttp2Server['connections'][number]['frames'],
  stream: number,
): number[] {
  return frames
    .filter((frame) => frame.kind === FrameKind.RST_STREAM && frame.stream === stream)
    .map(({ payload }) => payload.readUInt32BE(0))
}
