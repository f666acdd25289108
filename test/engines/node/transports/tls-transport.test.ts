import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { describe, expect, it } from 'vitest'

import { connectionFacts } from '../../../../src/engines/node/transports/connection-facts.ts'
import { TlsTransport } from '../../../../src/engines/node/transports/tls-transport.ts'
import { TransportChoice } from '../../../../src/engines/node/transports/transport-choice.ts'
import type { Transport } from '../../../../src/session/index.ts'
import { tlsPair } from '../../../support/loopback.ts'
import { Recorder, transportSuite } from '../../../suites/transports.ts'

const NOTHING = new Uint8Array(0)
const choice = new TransportChoice('auto')
await choice.readyForTls()

function transportOver(stream: Duplex, head: Uint8Array = NOTHING): Transport {
  return choice.open(stream, head, connectionFacts(stream))
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
