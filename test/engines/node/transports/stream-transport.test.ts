import { once } from 'node:events'
import { createServer as createTlsServer, connect as connectTls, type TLSSocket } from 'node:tls'
import { duplexPair, Duplex, type DuplexOptions } from 'node:stream'
import { describe, expect, it } from 'vitest'

import { connectionFacts } from '../../../../src/engines/node/transports/connection-facts.ts'
import { StreamTransport } from '../../../../src/engines/node/transports/stream-transport.ts'
import { certificate } from '../../../support/certificate.ts'
import { listen, socketPair, tlsPair } from '../../../support/loopback.ts'
import {
  hasEnded,
  isClosed,
  progressSuite,
  Recorder,
  transportSuite,
} from '../../../suites/transports.ts'

const NOTHING = new Uint8Array(0)

function transportOver(stream: Duplex, head: Uint8Array = NOTHING): StreamTransport {
  return new StreamTransport(stream, head, connectionFacts(stream))
}

transportSuite('over a stream', transportOver)
progressSuite('over a Duplex that is no socket', transportOver, () => {
  const [accepted, connecting] = duplexPair()
  return Promise.resolve({
    accepted,
    connecting,
    [Symbol.asyncDispose]: () => Promise.resolve(void accepted.destroy()),
  })
})
progressSuite('over the stream of TLS', transportOver, tlsPair)

/** A stream from which nothing comes, and which takes everything. */
function silentDuplex(options: DuplexOptions): Duplex {
  return new Duplex({ read: () => {}, write: (_bytes, _encoding, done) => done(), ...options })
}

describe('StreamTransport', () => {
  it('receiveEnd() is called when the end was read before start()', async () => {
    await using pair = await socketPair()
    const transport = transportOver(pair.accepted, Buffer.from('h'))
    pair.connecting.end()
    pair.accepted.resume()
    await once(pair.accepted, 'end')
    const recorder = new Recorder()

    transport.start(recorder)
    await recorder.until(hasEnded)
    transport.end()
    await recorder.until(isClosed)

    expect(recorder.log).toEqual(['receive', 'receiveEnd', 'closed'])
  })

  it.each([
    ['emits no close', { emitClose: false }],
    ['never finishes its destroy', { destroy: () => {} }],
  ])('abort() is reported as closed by a Duplex that %s', async (_, options) => {
    const transport = transportOver(silentDuplex(options))
    const recorder = new Recorder()
    transport.start(recorder)

    transport.abort()
    expect(recorder.log).toEqual([])
    await recorder.until(isClosed)

    expect(recorder.cause).toBeNull()
  })

  it('a failure is reported as closed by a Duplex that emits no close', async () => {
    const duplex = silentDuplex({ emitClose: false })
    const transport = transportOver(duplex)
    const recorder = new Recorder()
    transport.start(recorder)
    const lost = new Error('lost')

    duplex.destroy(lost)
    await recorder.until(isClosed)

    expect(recorder.log).toEqual(['closed'])
    expect(recorder.cause).toBe(lost)
  })

  it('a Duplex that fails after abort() ends no process', async () => {
    let fail: (error: Error) => void = () => {}
    const duplex = silentDuplex({ destroy: (_, done) => (fail = done) })
    const transport = transportOver(duplex)
    const recorder = new Recorder()
    transport.start(recorder)
    transport.abort()
    await recorder.until(isClosed)
    const failed = new Promise((resolve) => duplex.once('close', resolve))

    // An uncaught error fails the run of the tests.
    fail(new Error('late'))
    await failed

    expect(recorder.log).toEqual(['closed'])
  })

  it('write() copies for a stream that may pass memory on by reference', async () => {
    const [ours, theirs] = duplexPair()
    const transport = transportOver(ours)
    const recorder = new Recorder()
    transport.start(recorder)
    const memory = Buffer.from('first')

    transport.write(memory)
    memory.fill('x')

    const [bytes] = await once(theirs, 'data')
    expect(String(bytes)).toBe('first')
    ours.destroy()
    await recorder.until(isClosed)
  })

  it('closed() follows the head when the socket died before start()', async () => {
    await using pair = await socketPair()
    const transport = transportOver(pair.accepted, Buffer.from('head'))
    pair.accepted.resume()
    pair.connecting.resetAndDestroy()
    await new Promise((resolve) => pair.accepted.once('close', resolve))
    const recorder = new Recorder()

    transport.start(recorder)
    const atOnce = [...recorder.log]
    await recorder.until(isClosed)

    expect(atOnce).toEqual([])
    expect(recorder.log).toEqual(['receive', 'closed'])
    expect(recorder.cause).toMatchObject({ code: 'ECONNRESET' })
  })

  it('closed() is told when the socket was gone before the transport was made', async () => {
    await using pair = await socketPair()
    pair.accepted.destroy()
    await once(pair.accepted, 'close')
    const recorder = new Recorder()

    transportOver(pair.accepted).start(recorder)
    await recorder.until(isClosed)

    expect(recorder.log).toEqual(['closed'])
  })

  it('leaves no listener behind', async () => {
    await using pair = await socketPair()
    const before = countListeners(pair.accepted)
    const transport = transportOver(pair.accepted)
    const recorder = new Recorder()
    transport.start(recorder)
    transport.write(Buffer.from('x'))
    transport.end()
    pair.connecting.end()
    await recorder.until(isClosed)

    expect(countListeners(pair.accepted)).toEqual(before)
  })

  it('says where the connection comes from, IPv4 as IPv4', async () => {
    await using pair = await socketPair()
    const transport = transportOver(pair.accepted)

    expect(transport.remote).toEqual({ host: '127.0.0.1', port: pair.connecting.localPort })
    expect(transport.local).toEqual({ host: '127.0.0.1', port: pair.connecting.remotePort })
    expect(transport.encrypted).toBe(false)
    transport.abort()
  })

  describe('over TLS', () => {
    it('carries bytes both ways, drains and half-closes', async () => {
      const server = createTlsServer(certificate)
      const port = await listen(server)
      const secured = once(server, 'secureConnection')
      const peer = connectTls({
        port,
        host: '127.0.0.1',
        ca: certificate.cert,
        servername: 'localhost',
      })
      peer.allowHalfOpen = true
      // tls.Server's 'secureConnection' has one socket.
      const [accepted] = (await secured) as [TLSSocket]
      const transport = transportOver(accepted)
      const recorder = new Recorder()
      transport.start(recorder)

      peer.end('question')
      await recorder.until(hasEnded)
      const outcome = transport.write(Buffer.from('answer'))
      await recorder.until((r) => outcome === 'taken' || r.log.includes('drained'))
      transport.end()
      let answer = ''
      peer.on('data', (bytes) => (answer += String(bytes)))
      await once(peer, 'end')
      await recorder.until(isClosed)
      server.close()

      expect(recorder.text).toBe('question')
      expect(answer).toBe('answer')
      expect(transport.encrypted).toBe(true)
      expect(recorder.cause).toBeNull()
    })

    it('abort() destroys a connection with bytes queued', async () => {
      const server = createTlsServer(certificate)
      const port = await listen(server)
      const secured = once(server, 'secureConnection')
      const peer = connectTls({
        port,
        host: '127.0.0.1',
        ca: certificate.cert,
        servername: 'localhost',
      })
      peer.on('error', () => {})
      const [accepted] = (await secured) as [TLSSocket]
      const transport = transportOver(accepted)
      const recorder = new Recorder()
      transport.start(recorder)

      transport.write(Buffer.alloc(8 << 20))
      transport.abort()
      await recorder.until(isClosed)
      peer.destroy()
      server.close()

      expect(recorder.log).toEqual(['closed'])
    })
  })
})

function countListeners(stream: Duplex): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const event of ['data', 'end', 'error', 'close', 'drain', 'finish', 'readable', 'timeout']) {
    counts[event] = stream.listenerCount(event)
  }
  return counts
}
