import { duplexPair } from 'node:stream'
import { describe, expect, it } from 'vitest'

import { connectionFacts } from '../../../../src/engines/node/transports/connection-facts.ts'
import { StreamTransport } from '../../../../src/engines/node/transports/stream-transport.ts'
import { TransportChoice } from '../../../../src/engines/node/transports/transport-choice.ts'
import { socketPair } from '../../../support/loopback.ts'

const NO_BYTES = new Uint8Array(0)

describe('TransportChoice', () => {
  it('carries any stream by the public API of Node', async () => {
    const [stream] = duplexPair()
    const choice = new TransportChoice('auto')
    await choice.ready()

    const transport = choice.open(stream, NO_BYTES, connectionFacts(stream))

    expect(transport).toBeInstanceOf(StreamTransport)
    transport.abort()
  })

  it('takes the handle out of a TCP socket', async () => {
    await using pair = await socketPair()
    const choice = new TransportChoice('auto')
    await choice.ready()

    const transport = choice.open(pair.accepted, NO_BYTES, connectionFacts(pair.accepted))

    expect(transport).not.toBeInstanceOf(StreamTransport)
    expect(pair.accepted.destroyed).toBe(true)
    transport.abort()
  })

  it('leaves the handle in its socket when it is told to use streams', async () => {
    await using pair = await socketPair()
    const choice = new TransportChoice('stream')
    await choice.ready()

    const transport = choice.open(pair.accepted, NO_BYTES, connectionFacts(pair.accepted))

    expect(transport).toBeInstanceOf(StreamTransport)
    transport.abort()
  })
})
