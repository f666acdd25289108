import { on, once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'

import { TowpathAdapter, type TowpathAdapterOptions } from '../../../src/adapters/nest/adapter.ts'
import type { GatewayServer, NestClient } from '../../../src/adapters/nest/gateway-server.ts'
import { Deferred } from '../../../src/base/internal.ts'
import { type Interceptor, throughMiddleware } from '../../../src/index.ts'
import { load } from '../../mounts/frameworks.ts'
import { mountSuite } from '../../suites/mounts.ts'
import { certificate } from '../../support/certificate.ts'
import { freePort } from '../../support/free-port.ts'
import {
  applicationOf,
  asGateway,
  listening,
  login,
  type NestApplication,
  plain,
  skipped,
} from './nest.ts'

const throughLogin = throughMiddleware(login)

/** One interceptor for all gateways. */
const authorize: Interceptor = throughMiddleware((request, response, next) =>
  request.url === '/private' ? login(request, response, next) : next(),
)

const echoing = (): new () => object =>
  class Echo {
    handleConnection(client: NestClient): void {
      client.on('message', (data: Buffer) => client.send(data.toString()))
    }
  }

const greeting = (): new () => object =>
  class Private {
    handleConnection(client: NestClient, request: IncomingMessage & { user?: string }): void {
      client.send(`hello, ${request.user}`)
    }
  }

async function started(
  gateways: ReadonlyArray<new () => object>,
  options: TowpathAdapterOptions = {},
  nest: object = {},
): Promise<readonly [NestApplication, number]> {
  const app = await applicationOf({ providers: gateways }, nest)
  app.use('/plain', plain)
  app.useWebSocketAdapter(new TowpathAdapter(app, { stop: { grace: 0 }, ...options }))
  return [app, await listening(app)]
}

mountSuite(
  'towpath/nest, adapter',
  async (_serve, carrier) => {
    const echo = echoing()
    const hello = greeting()
    asGateway(echo, '/echo')
    asGateway(hello, '/private')
    const [app, port] = await started(
      [echo, hello],
      { authorize, webSockets: { maxConnectionsPerAddress: Infinity } },
      carrier === 'TLS' ? { httpsOptions: certificate } : {},
    )
    return { server: app.getHttpServer(), port, stop: () => app.close() }
  },
  skipped,
)

/** Answers JSON, and notes the order of its calls. */
const counting = (calls: string[], gate: Deferred<void>): new () => object =>
  class Counting {
    server: GatewayServer | null = null

    async slow(_client: NestClient, data: string): Promise<object> {
      calls.push(`begin ${data}`)
      await gate.promise
      calls.push(`end ${data}`)
      return { event: 'done', data }
    }

    fast(_client: NestClient, data: string): object {
      calls.push(data)
      return { event: 'done', data }
    }

    countdown(): object {
      return load<{ of(...values: object[]): object }>('rxjs').of(
        { event: 'count', data: 2 },
        { event: 'count', data: 1 },
      )
    }

    broadcast(): void {
      for (const client of this.server?.clients ?? []) client.send('"to all"')
    }
  }

const EVENTS = { slow: 'slow', fast: 'fast', countdown: 'countdown', broadcast: 'broadcast' }

describe.skipIf(skipped !== null)('TowpathAdapter', () => {
  it('calls the handlers of a client in the order of its messages', async () => {
    const calls: string[] = []
    const gate = new Deferred<void>()
    const gateway = counting(calls, gate)
    asGateway(gateway, '/', EVENTS)
    const [app, port] = await started([gateway])
    const client = await opened(port, '/')

    client.send('slow', 'one')
    client.send('fast', 'two')
    const first = client.next()
    gate.resolve()

    expect(await first).toEqual({ event: 'done', data: 'one' })
    expect(await client.next()).toEqual({ event: 'done', data: 'two' })
    expect(calls).toEqual(['begin one', 'end one', 'two'])
    await app.close()
  })

  it('runs as many handlers of a client at once as concurrency says', async () => {
    const calls: string[] = []
    const gate = new Deferred<void>()
    const gateway = counting(calls, gate)
    asGateway(gateway, '/', EVENTS)
    const [app, port] = await started([gateway], { concurrency: 2 })
    const client = await opened(port, '/')

    client.send('slow', 'one')
    client.send('fast', 'two')

    expect(await client.next()).toEqual({ event: 'done', data: 'two' })
    gate.resolve()
    expect(await client.next()).toEqual({ event: 'done', data: 'one' })
    await app.close()
  })

  it('sends each value of a stream, and reaches all clients by the server of the gateway', async () => {
    const gateway = counting([], new Deferred<void>())
    asGateway(gateway, '/', EVENTS)
    const [app, port] = await started([gateway])
    const client = await opened(port, '/')
    const other = await opened(port, '/')

    client.send('countdown')
    expect(await client.next()).toEqual({ event: 'count', data: 2 })
    expect(await client.next()).toEqual({ event: 'count', data: 1 })
    client.send('broadcast')

    expect(await client.next()).toBe('to all')
    expect(await other.next()).toBe('to all')
    await app.close()
  })

  it('closes with 1007 what is not JSON with an event', async () => {
    const gateway = counting([], new Deferred<void>())
    asGateway(gateway, '/', EVENTS)
    const [app, port] = await started([gateway])

    for (const text of ['no JSON', '4711', 'null', '{"data":1}']) {
      const { socket } = await opened(port, '/')
      socket.send(text)
      expect((await once(socket, 'close'))[0]).toBe(1007)
    }
    await app.close()
  })

  it('waits for handleDisconnect when the application closes, and reports what it throws', async () => {
    const steps: string[] = []
    const gate = new Deferred<void>()
    const begun = new Deferred<void>()
    class Leaving {
      async handleDisconnect(): Promise<void> {
        begun.resolve()
        await gate.promise
        steps.push('left')
        throw new Error('of the gateway')
      }
    }
    asGateway(Leaving, '/')
    const [app, port] = await started([Leaving])
    const { socket } = await opened(port, '/')

    const closed = app.close().then(() => steps.push('closed'))
    expect((await once(socket, 'close'))[0]).toBe(1001)
    await begun.promise
    gate.resolve()
    await closed

    expect(steps).toEqual(['left', 'closed'])
  })

  it('serves gateways on a port of their own', async () => {
    const gateway = echoing()
    const port = await freePort()
    asGateway(gateway, '/own', {}, port)
    const [app] = await started([gateway])
    const client = await opened(port, '/own')

    client.send('hello')

    expect(await client.next()).toEqual({ event: 'hello' })
    await app.close()
  })

  it('throws for an unknown or invalid option', () => {
    const app = { getHttpServer: () => ({}) }

    // @ts-expect-error -- a program without types
    expect(() => new TowpathAdapter(app, { guard: throughLogin })).toThrow('guard')
    expect(() => new TowpathAdapter(app, { concurrency: 0 })).toThrow(RangeError)
    expect(() => new TowpathAdapter(app, { webSockets: { maxFrameSize: 0 } })).toThrow(RangeError)
  })
})

/** A client that keeps its messages until they are asked for. */
interface Client {
  readonly socket: WebSocket
  send(event: string, data?: string): void
  /** The next message, parsed. */
  next(): Promise<unknown>
}

async function opened(port: number, path: string): Promise<Client> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`)
  const messages = on(socket, 'message')
  await once(socket, 'open')
  return {
    socket,
    send: (event, data) => socket.send(JSON.stringify({ event, data })),
    async next() {
      // Each value is the arguments of one event.
      const { value } = (await messages.next()) as { value: [Buffer] }
      return JSON.parse(value[0].toString()) as unknown
    },
  }
}
