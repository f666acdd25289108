import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { connectLog, LogConnection } from '../../../src/brokers/workers/log-connection.ts'
import type { LogFrame } from '../../../src/brokers/workers/log-frames.ts'
import { LogHost } from '../../../src/brokers/workers/log-host.ts'
import { type Delivery, Subscriptions } from '../../../src/brokers/subscriptions.ts'
import { RecordingSink } from '../../suites/brokers/harness.ts'

/** Hears nothing. */
const delivery: Delivery<LogFrame> = {
  nameOf: (wanted) => wanted.type,
  messageIn: ({ body }) => body,
  eventIn: () => null,
}
const subscriptions = new Subscriptions(new RecordingSink(), delivery)

describe('LogConnection', () => {
  it('T-28 requests without an answer are rejected when the connection ends', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => socket.destroy())
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo // of TCP
    const signal = new AbortController().signal
    const connection = new LogConnection(
      { port, host: '127.0.0.1' },
      subscriptions,
      signal,
      () => {},
    )

    await expect(connection.probe()).rejects.toThrow('the connection has ended')
    await expect(connection.probe()).rejects.toThrow('the connection has ended')
    server.close()
  })

  it('ends when its signal is aborted', async () => {
    const host = new LogHost('secret')
    host.listen({ port: 0 })
    await once(host.server, 'listening')
    const { port } = host.server.address() as AddressInfo // of TCP
    const aborting = new AbortController()
    const ended = new Promise((resolve) => {
      void connectLog(
        { to: { port, host: '127.0.0.1' }, secret: 'secret' },
        { namespace: 'a', nodeId: 'b' },
        subscriptions,
        aborting.signal,
        resolve,
      ).then(() => aborting.abort())
    })

    expect(await ended).toBeNull()
    host.server.close()
  })
})
