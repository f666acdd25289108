import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { Duplex } from 'node:stream'
import { describe, expect, it } from 'vitest'

import { connectionFacts } from '../../../../src/engines/node/transports/connection-facts.ts'
import { TcpReactor } from '../../../../src/engines/node/transports/tcp-transport.ts'
import { TransportChoice } from '../../../../src/engines/node/transports/transport-choice.ts'
import type { Transport } from '../../../../src/session/index.ts'
import { listen, socketPair } from '../../../support/loopback.ts'
import { hasEnded, isClosed, Recorder, transportSuite } from '../../../suites/transports.ts'

const NOTHING = new Uint8Array(0)
const choice = new TransportChoice('auto')
await choice.ready()

function transportOver(stream: Duplex, head: Uint8Array = NOTHING): Transport {
  return choice.open(stream, head, connectionFacts(stream))
}

transportSuite('over a TCP handle', transportOver)

describe('TcpReactor', () => {
  it('takeWrite() gives a request again from the next report on, and not before', () => {
    const reactor = new TcpReactor({
      createWrite: () => ({}),
      createShutdown: () => ({}),
      bytesRead: () => 0,
      wroteAsync: () => true,
    })
    const first = reactor.takeWrite()
    const second = reactor.takeWrite()

    reactor.giveBackWrite(first)
    const third = reactor.takeWrite()
    reactor.giveBackWrite(second)

    expect(new Set([first, second, third]).size).toBe(3)
    expect(reactor.takeWrite()).toBe(first)
    expect(reactor.takeWrite()).not.toBe(second)
  })

  it('lent() gives what was read last, in one view for reads of one length', () => {
    const reactor = new TcpReactor({
      createWrite: () => ({}),
      createShutdown: () => ({}),
      bytesRead: () => 0,
      wroteAsync: () => true,
    })
    reactor.buffer.set([1, 2, 3])
    const first = reactor.lent(2)
    reactor.buffer.set([7, 8])

    expect([...reactor.lent(3)]).toEqual([7, 8, 3])
    expect([...reactor.lent(2)]).toEqual([7, 8])
    expect(reactor.lent(2)).toBe(reactor.lent(2))
    expect([...first]).toEqual([7, 8])
  })
})

describe('TcpTransport', () => {
  it('keeps the connection on its server’s count until the transport is closed', async () => {
    const server = createServer({ pauseOnConnect: true })
    const port = await listen(server)
    const accepted = once(server, 'connection')
    const client = connect(port, '127.0.0.1')
    const [socket] = await accepted
    const transport = transportOver(socket)
    const recorder = new Recorder()
    transport.start(recorder)
    const count = (): Promise<number> =>
      new Promise((resolve, reject) => {
        server.getConnections((error, connections) => {
          if (error === null) resolve(connections)
          else reject(error)
        })
      })
    expect(await count()).toBe(1)

    let closed = false
    server.close(() => {
      closed = true
    })
    transport.abort()
    await recorder.until(isClosed)
    await new Promise((resolve) => setImmediate(resolve))

    expect(closed).toBe(true)
    client.destroy()
  })

  it('keeps what comes before the start, the end too', async () => {
    await using pair = await socketPair()
    pair.accepted.read(0)
    const transport = transportOver(pair.accepted, Buffer.from('head '))
    pair.connecting.end('tail')
    await turnsOfLoop()
    await turnsOfLoop()

    const recorder = new Recorder()
    transport.start(recorder)
    await recorder.until(hasEnded)

    expect(recorder.text).toBe('head tail')
    expect(recorder.events).toEqual(['receive', 'receiveEnd'])
    transport.abort()
    await recorder.until(isClosed)
  })

  it('tells at the start of a reset that came before it', async () => {
    await using pair = await socketPair()
    pair.accepted.read(0)
    const transport = transportOver(pair.accepted)
    pair.connecting.resetAndDestroy()
    await turnsOfLoop()

    const recorder = new Recorder()
    transport.start(recorder)
    await recorder.until(isClosed)

    expect(recorder.cause).toMatchObject({ code: 'ECONNRESET' })
  })

  it('writes a greeting before everything else', async () => {
    await using pair = await socketPair()
    const facts = connectionFacts(pair.accepted)
    const transport = choice.open(pair.accepted, NOTHING, facts, 'h\u00e9llo ')
    const recorder = new Recorder()
    transport.start(recorder)
    transport.write(Buffer.from('world'))
    transport.end()
    let text = ''
    pair.connecting.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1')
    })
    await once(pair.connecting, 'end')

    expect(text).toBe('h\u00e9llo world')
    expect(recorder.log).toEqual([])
  })
})

/** What a loopback peer has done is read in the next turn, if anything reads. */
async function turnsOfLoop(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
}
