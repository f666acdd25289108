import { afterEach, describe, expect, it } from 'vitest'
import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { natsBroker, type NatsBrokerOptions } from '../../../src/brokers/nats/index.ts'
import { createEnvironment } from '../../../src/engines/node/environment.ts'
import { EngineProcess } from '../../support/brokers/engine-process.ts'
import { freePort } from '../../support/free-port.ts'
import { NATS } from '../../support/brokers/nats-harness.ts'
import { RecordingSink } from '../../suites/brokers/harness.ts'

describe('connectNats()', () => {
  const ends: Array<() => unknown> = []

  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end()
  })

  function open(options: NatsBrokerOptions): { sink: RecordingSink; opened: Promise<void> } {
    const broker = natsBroker(options)
    ends.push(() => broker.close())
    const sink = new RecordingSink()
    const environment = createEnvironment()
    const opened = broker.open(sink, { namespace: 'test', nodeId: 'a', environment })
    return { sink, opened }
  }

  async function start(...args: string[]): Promise<string> {
    const port = await freePort()
    const engine = new EngineProcess(
      NATS ?? '',
      ['-a', '127.0.0.1', '-p', `${port}`, ...args],
      port,
    )
    await engine.start()
    ends.push(() => engine.kill())
    return `127.0.0.1:${port}`
  }

  /** A server that says `greeting` and nothing else. */
  async function lyingServer(greeting: string): Promise<string> {
    const server = createServer((socket) => {
      socket.on('error', () => {})
      socket.on('data', (chunk) => {
        if (chunk.includes('PING')) socket.write('PONG\r\n')
      })
      socket.write(greeting)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    ends.push(() => server.close())
    // A listening TCP server has an address.
    return `127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  it.skipIf(NATS === null)('a server without JetStream rejects open()', async () => {
    const { opened } = open({ servers: await start() })

    await expect(opened).rejects.toThrow(/JetStream is off/)
  })

  it.skipIf(NATS === null)('credentials that NATS refuses reject open()', async () => {
    const servers = await start('--user', 'u', '--pass', 'right')

    const { opened } = open({ servers, user: 'u', pass: 'wrong-secret' })

    await expect(opened).rejects.toMatchObject({ code: 'TOWPATH_BROKER_UNUSABLE' })
    await expect(opened).rejects.not.toThrow(/wrong-secret/)
  })

  it.each(['2.9.9', '1.4.1', '2.8.10'])('NATS %s is too old', async (version) => {
    const info = { server_id: 'A', version, max_payload: 1 << 20, headers: true, jetstream: true }
    const { opened } = open({ servers: await lyingServer(`INFO ${JSON.stringify(info)}\r\n`) })

    await expect(opened).rejects.toThrow(`NATS is ${version}, expected 2.9.10 or newer`)
  })

  it.each([0, -1, 'many', undefined])(
    'a server whose largest message is %s bytes is unusable',
    async (largest) => {
      const info = { server_id: 'A', version: '2.10.0', headers: true, jetstream: true }
      const greeting = `INFO ${JSON.stringify({ ...info, max_payload: largest })}\r\n`
      const { opened } = open({ servers: await lyingServer(greeting) })

      await expect(opened).rejects.toThrow(/NATS takes messages of/)
    },
  )

  it('a server that talks nonsense is down, and tried again', async () => {
    const { sink } = open({ servers: await lyingServer('HTTP/1.1 400 Bad Request\r\n\r\n') })

    await sink.untilState('down')

    expect(sink.states.map(({ state }) => state)).toEqual(['connecting', 'down'])
  })
})
