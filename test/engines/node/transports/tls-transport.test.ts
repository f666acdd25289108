import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { describe, expect, it } from 'vitest'

import { connectionFacts } from '../../../../src/engines/node/transports/connection-facts.ts'
import { TlsTransport } from '../../../../src/engines/node/transports/tls-transport.ts'
import { TransportChoice } from '../../../../src/engines/node/transports/transport-choice.ts'
import type { Transport } from '../../../../src/session/index.ts'
import { certificate } from '../../../support/certificate.ts'
import { listen, type SocketPair } from '../../../support/loopback.ts'
import { Recorder, transportSuite } from '../../../suites/transports.ts'

const NOTHING = new Uint8Array(0)
const choice = new TransportChoice('auto')
await choice.readyForTls()

function transportOver(stream: Duplex, head: Uint8Array = NOTHING): Transport {
  return choice.open(stream, head, connectionFacts(stream))
}

/** Both ends of a connection over TLS, on a free port. The accepted end is not read. */
async function tlsPair(): Promise<SocketPair & { readonly tcp: Socket }> {
  const server = createServer(certificate)
  const port = await listen(server)
  const acceptedOne = once(server, 'secureConnection')
  const tcp = connectTcp({ port, host: '127.0.0.1', allowHalfOpen: true })
  tcp.on('error', () => {})
  const connecting = connect({ socket: tcp, host: '127.0.0.1', ca: certificate.cert })
  connecting.allowHalfOpen = true
  await once(connecting, 'secureConnect')
  // `once` resolves with the arguments of the event, of which there is one.
  const [accepted] = (await acceptedOne) as [TLSSocket]
  server.close()
  // The event comes from inside of the handshake, after which TLS sends session tickets.
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
  connecting.on('error', () => {})
  return {
    accepted,
    connecting,
    tcp,
    async [Symbol.asyncDispose]() {
      accepted.destroy()
      connecting.destroy()
      if (server.listening) await once(server, 'close')
    },
  }
}

transportSuite('over a TLS handle', transportOver, tlsPair)

describe('TlsTransport', () => {
  it('is what carries a TLS socket', async () => {
    await using pair = await tlsPair()

    expect(transportOver(pair.accepted)).toBeInstanceOf(TlsTransport)
  })

  it('write() keeps the order of writes that come before the first is done', async () => {
    await using pair = await tlsPair()
    const transport = transportOver(pair.accepted)
    const recorder = new Recorder()
    transport.start(recorder)
    let received = ''
    pair.connecting.on('data', (bytes: Buffer) => (received += bytes.toString()))

    const memory = Buffer.from('first ')
    expect(transport.write(memory)).toBe('taken')
    memory.fill('x')
    expect(transport.write(Buffer.from('second '))).toBe('queued')
    expect(transport.write(Buffer.from('third'))).toBe('queued')
    transport.end()
    await once(pair.connecting, 'end')

    expect(received).toBe('first second third')
    expect(recorder.log.filter((event) => event === 'drained')).toHaveLength(1)
  })

  it('probe() finds a reset below TLS while reading is paused', async () => {
    await using pair = await tlsPair()
    const transport = transportOver(pair.accepted)
    const recorder = new Recorder()
    transport.pause()
    transport.start(recorder)
    transport.write(Buffer.from('seen'))
    await once(pair.connecting, 'data')
    transport.probe()
    expect(recorder.log).not.toContain('closed')

    pair.tcp.resetAndDestroy()
    await once(pair.tcp, 'close')
    transport.probe()
    await recorder.until((r) => r.log.includes('closed'))

    expect(recorder.cause).toMatchObject({ code: expect.stringMatching(/ECONNRESET|EPIPE/) })
  })
})
