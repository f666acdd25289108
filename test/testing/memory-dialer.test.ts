import { describe, expect, it } from 'vitest'
import { type Application, createApplication, WebSockets } from '../../src/index.ts'
import type { DialOutcome, DialRequest } from '../../src/client/internal.ts'
import { MemoryDialer, type DialedRequest } from '../../src/testing/memory-dialer.ts'
import { Network } from '../../src/testing/network-faults.ts'
import { createTestEnvironment, settled } from '../../src/testing/test-environment.ts'

const HEADERS = [
  ['Host', 'localhost'],
  ['Upgrade', 'websocket'],
  ['Connection', 'Upgrade'],
  ['Sec-WebSocket-Key', 'AAAAAAAAAAAAAAAAAAAAAA=='],
  ['Sec-WebSocket-Version', '13'],
] as const

function world(module: (app: Application) => void, request?: DialedRequest) {
  const environment = createTestEnvironment(1)
  const network = new Network(environment)
  const over = new AbortController()
  let port = 50_000
  const server = {
    application: createApplication(module),
    environment,
    network,
    over: over.signal,
    nextPort: () => port++,
  }
  const dialer = new MemoryDialer(server, request)
  const steps: string[] = []
  const dial = (url: string, options: Partial<DialRequest> = {}): Promise<DialOutcome> =>
    dialer.dial({
      url: new URL(url),
      headers: HEADERS,
      isElsewhere: false,
      connectTimeout: 10_000,
      entered: (step) => steps.push(step),
      signal: new AbortController().signal,
      ...options,
    })
  return { dial, dialer, steps, network, over }
}

function asking(seen: unknown[]): (app: Application) => void {
  return (app) => {
    app.install(WebSockets)
    app.routing((route) => {
      route.webSocket('/:room', ({ call, closed }) => {
        const { path, origin } = call.request
        seen.push([path, origin.scheme, origin.remoteHost, origin.remotePort])
        return closed.then(() => {})
      })
    })
  }
}

function waiting(app: Application): void {
  app.install(WebSockets)
  app.routing((route) => {
    route.intercept(
      ({ signal }) =>
        new Promise<void>((resolve) => {
          signal.addEventListener('abort', () => resolve())
        }),
    )
    route.webSocket('/', () => {})
  })
}

describe('MemoryDialer', () => {
  it('asks the application, whose end of the connection begins at once', async () => {
    const seen: unknown[] = []
    const { dial, dialer, steps } = world(asking(seen))

    const outcome = await dial('wss://localhost/a')

    expect(outcome).toMatchObject({ type: 'switched', response: { status: 101 } })
    expect(steps).toEqual(['connect', 'handshake'])
    expect(seen).toEqual([['/a', 'https', '127.0.0.1', 50_000]])
    expect(dialer.link).not.toBe(null)
  })

  it('says what a test says of its request, and the path once', async () => {
    const seen: unknown[] = []
    const { dial } = world(asking(seen), { remoteHost: '10.0.0.7', path: '/b', replacing: [] })

    await dial('ws://localhost/')
    await dial('ws://localhost/c')

    expect(seen).toEqual([
      ['/b', 'http', '10.0.0.7', 50_000],
      ['/c', 'http', '10.0.0.7', 50_001],
    ])
  })

  it('puts headers of a test in the place of those of the client', async () => {
    const { dial } = world(asking([]), {
      remoteHost: '127.0.0.1',
      path: null,
      replacing: [['sec-websocket-version', '8']],
    })

    expect(await dial('ws://localhost/a')).toMatchObject({
      type: 'answered',
      response: { status: 426 },
    })
  })

  it('answers 404 where no route is', async () => {
    const { dial } = world(asking([]))

    const outcome = await dial('ws://localhost/')

    expect(outcome).toMatchObject({ type: 'answered', response: { status: 404 } })
    expect(outcome.type === 'answered' && outcome.body.length).toBeGreaterThan(0)
  })

  it('keeps 64 KiB of the body of a refusal', async () => {
    const { dial } = world((app) => {
      app.install(WebSockets)
      app.routing((route) => {
        route.intercept(() => new Response('x'.repeat(100_000), { status: 403 }))
        route.webSocket('/', () => {})
      })
    })

    const outcome = await dial('ws://localhost/')

    expect(outcome.type === 'answered' && outcome.body.length).toBe(65_536)
  })

  it('fails to connect while the network refuses', async () => {
    const { dial, network } = world(asking([]))
    network.refuse(true)

    await expect(dial('ws://localhost/a')).rejects.toMatchObject({ step: 'connect' })
  })

  it('waits for the network, and leaves when its signal fires', async () => {
    const { dial, network } = world(asking([]))
    network.toServer({ silent: true })
    const leaving = new AbortController()
    const outcome = dial('ws://localhost/a', { signal: leaving.signal }).catch((error) => error)
    await settled()

    leaving.abort('enough')

    expect(await outcome).toBe('enough')
  })

  it('leaves an application that does not decide', async () => {
    const { dial } = world(waiting)
    const leaving = new AbortController()
    const outcome = dial('ws://localhost/', { signal: leaving.signal }).catch((error) => error)
    await settled()

    leaving.abort('enough')

    expect(await outcome).toBe('enough')
  })

  it('has an answer when the test is over', async () => {
    const { dial, over } = world(waiting)
    const outcome = dial('ws://localhost/')
    await settled()

    over.abort()

    expect(await outcome).toMatchObject({ type: 'answered' })
  })
})
