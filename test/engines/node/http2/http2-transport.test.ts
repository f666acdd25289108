import { once } from 'node:events'
import {
  type ClientHttp2Session,
  connect as connectHttp2,
  constants,
  createServer,
  type ServerHttp2Stream,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'

import {
  Http2Transport,
  type StreamConnection,
} from '../../../../src/engines/node/http2/http2-transport.ts'
import { hasEnded, isClosed, Recorder, transportSuite } from '../../../suites/transports.ts'

const NOWHERE = { host: null, port: null }
const FACTS = { local: NOWHERE, remote: NOWHERE, encrypted: false }
const OPEN: StreamConnection = {
  failure: null,
  letGo: (stream) => stream.close(constants.NGHTTP2_NO_ERROR),
}

/** Both ends of one stream, and the connection that carries it. */
interface StreamPair extends AsyncDisposable {
  readonly accepted: ServerHttp2Stream
  readonly connecting: Duplex
  readonly client: ClientHttp2Session
}

async function streamPair(): Promise<StreamPair> {
  const server = createServer({ settings: { enableConnectProtocol: true } })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // A server that listens on TCP has an AddressInfo.
  const client = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  await once(client, 'remoteSettings')
  const arrived = once(server, 'stream') as Promise<[ServerHttp2Stream]>
  const request = { ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/' }
  const connecting = client.request(request, { endStream: false })
  connecting.on('error', () => {})
  const [accepted] = await arrived
  accepted.on('error', () => {})
  accepted.respond({ ':status': 200 })
  await once(connecting, 'response')
  return {
    accepted,
    connecting,
    client,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      client.destroy()
      server.close()
      await closed
    },
  }
}

function transportOver(stream: Duplex, head?: Uint8Array): Http2Transport {
  if (head !== undefined) stream.unshift(Buffer.from(head))
  return new Http2Transport(stream as ServerHttp2Stream, OPEN, FACTS) // one of `streamPair`
}

transportSuite('over a stream of HTTP/2', transportOver, streamPair)

describe('Http2Transport', () => {
  it.each([
    ['CANCEL', constants.NGHTTP2_CANCEL],
    ['NO_ERROR', constants.NGHTTP2_NO_ERROR],
    ['INTERNAL_ERROR', constants.NGHTTP2_INTERNAL_ERROR],
  ])('a reset with %s is no end: closed() carries its code', async (_name, code) => {
    await using pair = await streamPair()
    const transport = transportOver(pair.accepted)
    const recorder = new Recorder()
    transport.start(recorder)

    // Past Node's client, which would send an END_STREAM first.
    pair.accepted.close(code)
    await recorder.until(isClosed)

    expect(recorder.log).toEqual(['closed'])
    expect(recorder.cause).toMatchObject({ code: 'ECONNRESET', rstCode: code })
  })

  it('the end of the connection is no end of the stream: closed() carries the failure', async () => {
    await using pair = await streamPair()
    const failure = new Error('the connection was cut')
    const transport = new Http2Transport(pair.accepted, { ...OPEN, failure }, FACTS)
    const recorder = new Recorder()
    transport.start(recorder)

    pair.client.destroy()
    await recorder.until(isClosed)

    expect(recorder.log).toEqual(['closed'])
    expect(recorder.cause).toBe(failure)
  })

  it('abort() resets the stream with CANCEL, which the peer cannot take for an end', async () => {
    await using pair = await streamPair()
    const transport = transportOver(pair.accepted)
    transport.start(new Recorder())
    pair.connecting.resume()

    transport.abort()
    await once(pair.connecting, 'close')

    expect(Reflect.get(pair.connecting, 'rstCode')).toBe(constants.NGHTTP2_CANCEL)
  })

  it('end(true) lets go of the stream, although the peer never ends', async () => {
    await using pair = await streamPair()
    const transport = transportOver(pair.accepted)
    const recorder = new Recorder()
    transport.start(recorder)
    transport.write(Buffer.from('last'))

    transport.end(true)
    const [bytes] = await once(pair.connecting, 'data')
    await recorder.until(isClosed)

    expect(String(bytes)).toBe('last')
    expect(recorder.cause).toBe(null)
  })

  it('end(true) behind large writes lets go of the stream after all of them', async () => {
    await using pair = await streamPair()
    const transport = transportOver(pair.accepted)
    const recorder = new Recorder()
    transport.start(recorder)
    const large = Buffer.alloc(4 << 20, 7)
    transport.write(large)
    transport.write(Buffer.from('last'))
    transport.end(true)

    let received = 0
    pair.connecting.on('data', (bytes: Buffer) => (received += bytes.length))
    await recorder.until(isClosed)
    await once(pair.connecting, 'close')

    expect(received).toBe(large.length + 4)
    expect(Reflect.get(pair.connecting, 'rstCode')).toBe(constants.NGHTTP2_NO_ERROR)
  })

  it('while it is paused, frames of one byte take no more memory than their bytes', async () => {
    await using pair = await streamPair()
    const transport = transportOver(pair.accepted)
    const recorder = new Recorder()
    const reports: number[] = []
    transport.start(Object.assign(recorder, { unread: (bytes: number) => reports.push(bytes) }))
    transport.pause()
    for (let times = 0; times < 500; times++) {
      pair.connecting.write('x')
      // So that Node's client sends a frame for each.
      await setImmediate()
    }
    const written = once(pair.connecting, 'finish')
    pair.connecting.end()
    await written
    // The answer to a PING says that the other end has read everything.
    await new Promise((resolve) => pair.client.ping(resolve))
    const unread = transport.unreadBytes
    const receives = recorder.log.length
    transport.resume()
    await recorder.until(hasEnded)

    expect(receives).toBe(0)
    expect(unread).toBeLessThanOrEqual(1024)
    expect(reports[0]).toBe(512)
    expect(recorder.text).toBe('x'.repeat(500))
    expect(recorder.log.length).toBeLessThan(5)
    expect(transport.unreadBytes).toBe(0)
  })
})
