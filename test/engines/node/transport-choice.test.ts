import { duplexPair } from 'node:stream'
import { describe, expect, it } from 'vitest'

import { connectionFacts } from '../../../src/engines/node/connection-facts.ts'
import { StreamTransport } from '../../../src/engines/node/stream-transport.ts'
import { openTransport } from '../../../src/engines/node/transport-choice.ts'

describe('openTransport()', () => {
  it('carries any stream by the public API of Node', () => {
    const [stream] = duplexPair()

    const transport = openTransport(stream, new Uint8Array(0), connectionFacts(stream))

    expect(transport).toBeInstanceOf(StreamTransport)
    transport.abort()
  })
})
