import { createServer } from 'node:http'
import { describe, expect, it, vi } from 'vitest'

import { createApplication, WebSockets } from '../../../../src/application/index.ts'
import { VirtualClock } from '../../../../src/base/index.ts'
import { TimerWheel } from '../../../../src/base/internal.ts'
import { createEnvironment } from '../../../../src/engines/node/environment.ts'
import type { HttpListener } from '../../../../src/engines/node/server/pages.ts'
import { PlainRequests } from '../../../../src/engines/node/server/plain-requests.ts'
import { listen, RawClient } from '../../../support/loopback.ts'

/** What a client gets for `request`. */
async function ask(
  request: string,
  listener: HttpListener | null,
  options: { readonly stopping?: boolean; readonly logged?: object[] } = {},
): Promise<string> {
  const silent = (): void => {}
  const error = (facts: object): void => void options.logged?.push(facts)
  const application = createApplication(
    (app) => {
      app.install(WebSockets)
      app.routing((route) => void route.webSocket('/ws', () => {}))
    },
    { logger: { debug: silent, info: silent, warn: silent, error } },
  )
  const { timers } = createEnvironment()
  const requests = new PlainRequests(application, listener, timers)
  if (options.stopping === true) requests.stop()
  const server = createServer((incoming, response) => {
    if (options.stopping !== true) response.shouldKeepAlive = false
    requests.answer(incoming, response)
  })
  await using client = await RawClient.connect(await listen(server))
  client.send(request)
  await client.ended
  server.close()
  return client.text
}

it('D-04 health checks need no route, and are asked before routes, interceptors and the listener', async () => {
  const asked: string[] = []
  const application = createApplication((app) => {
    app.install(WebSockets)
    app.routing((route) => {
      route.intercept(() => void asked.push('interceptor'))
      route.webSocket('/live', () => {})
    })
  })
  const listener: HttpListener = () => void asked.push('listener')
  const health = { live: '/live', ready: '/ready' }
  const { timers } = createEnvironment()
  const requests = new PlainRequests(application, listener, timers, health)
  const server = createServer((incoming, response) => requests.answer(incoming, response))
  await using client = await RawClient.connect(await listen(server))

  client.send('GET /live HTTP/1.1\r\nHost: h\r\n\r\n')
  client.send('GET /ready HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
  await client.ended
  server.close()

  expect(client.text).toMatch(
    /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nlive\nHTTP\/1\.1 200 OK\r\n[^]*ready\n$/,
  )
  expect(asked).toEqual([])
})

const GET = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'

describe('PlainRequests', () => {
  it('answer() says 426 where a WebSocket is, and how to ask for it', async () => {
    const listener = vi.fn()

    const text = await ask('GET /ws?x HTTP/1.1\r\nHost: h\r\n\r\n', listener)

    expect(text).toMatch(/^HTTP\/1\.1 426 Upgrade Required\r\n/)
    expect(text.toLowerCase()).toContain('\r\nupgrade: websocket\r\n')
    expect(text.toLowerCase()).toContain('\r\nconnection: upgrade, close\r\n')
    expect(text.toLowerCase()).toContain('\r\nsec-websocket-version: 13\r\n')
    expect(text).toMatch(/\r\n\r\n.+\n$/)
    expect(listener).not.toHaveBeenCalled()
  })

  it.each(['/ws', '/nope'])(
    'answer() ends a connection whose request to %s goes on for 5 s after its answer',
    async (path) => {
      const clock = new VirtualClock()
      const timers = new TimerWheel(clock)
      const application = createApplication((app) => {
        app.install(WebSockets)
        app.routing((route) => void route.webSocket('/ws', () => {}))
      })
      const requests = new PlainRequests(application, null, timers)
      const server = createServer((incoming, response) => requests.answer(incoming, response))
      await using client = await RawClient.connect(await listen(server))
      client.send(`POST ${path} HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\nx`)
      await client.until((text) => text.endsWith('\n'))
      expect(timers.size).toBe(1)

      await clock.advance(5000)

      await client.ended
      expect(timers.size).toBe(0)
      server.close()
    },
  )

  it('answer() leaves the connection to a client that sends its body in time', async () => {
    const { timers } = createEnvironment()
    const requests = new PlainRequests(createApplication(), null, timers)
    const server = createServer((incoming, response) => requests.answer(incoming, response))
    await using client = await RawClient.connect(await listen(server))

    const post = 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n'
    client.send(post)
    await client.until((text) => text.endsWith('\n'))
    client.send(`x${post}x`)

    await client.until((text) => text.split('HTTP/1.1 404').length === 3)
    await vi.waitUntil(() => timers.size === 0)
    server.close()
  })

  it('answer() leaves the body out for HEAD', async () => {
    expect(await ask('HEAD /ws HTTP/1.1\r\nHost: h\r\n\r\n', null)).toMatch(
      /^HTTP\/1\.1 426 [^]*\r\n\r\n$/,
    )
  })

  it('answer() gives other paths to the listener', async () => {
    expect(await ask(GET, (_, response) => response.end('theirs'))).toMatch(/theirs$/)
  })

  it('answer() says 404 without a listener', async () => {
    expect(await ask(GET, null)).toMatch(
      /^HTTP\/1\.1 404 Not Found\r\n[^]*\r\n\r\nCannot answer: no route has this path\n$/,
    )
  })

  it('answer() says 500 when the listener throws, and logs it once', async () => {
    const logged: object[] = []
    const failure = new Error('broken')

    const text = await ask(GET, () => Promise.reject(failure), { logged })

    expect(text).toMatch(/^HTTP\/1\.1 500 [^]*\r\n\r\nCannot answer: the application failed\n$/)
    expect(text).not.toContain('broken')
    expect(logged).toEqual([{ err: failure }])
  })

  it('answer() ends the connection after stop()', async () => {
    const text = await ask(GET, (_, response) => response.end('last'), { stopping: true })

    expect(text).toMatch(/\r\nConnection: close\r\n[^]*last$/)
  })
})
