import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { Duplex } from 'node:stream'
import { describe, expect, it } from 'vitest'

import { connectionFacts } from '../../../src/engines/node/connection-facts.ts'
import { TransportChoice } from '../../../src/engines/node/transport-choice.ts'
import type { Transport } from '../../../src/session/index.ts'
import { listen } from '../../support/loopback.ts'
import { isClosed, Recorder, transportSuite } from '../../suites/transports.ts'

const NOTHING = new Uint8Array(0)
const choice = new TransportChoice('auto')
await choice.ready()

function transportOver(stream: Duplex, head: Uint8Array = NOTHING): Transport {
  return choice.open(stream, head, connectionFacts(stream))
}

transportSuite('over a TCP handle', transportOver)

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
})
