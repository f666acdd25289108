/**
 * WebSockets over HTTP/2 with clients and proxies that others made: Chromium, undici, HAProxy.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { Agent, type CloseEvent, type MessageEvent, WebSocket as UndiciSocket } from 'undici'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'

import { CloseReason, type EmbeddedServer } from '../../src/index.ts'
import { createWebSocketClient } from '../../src/node-client.ts'
import { certificate } from '../support/certificate.ts'
import { freePort, untilItListens } from '../support/free-port.ts'
import { ENV, leavingServer, serve, SHORT, type Talk } from './http2-world.ts'

const CHROMIUM_ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--ignore-certificate-errors',
]

describe('Chromium', () => {
  let profile: string
  let context: BrowserContext
  let servers: readonly [EmbeddedServer, EmbeddedServer]

  beforeAll(async () => {
    servers = [await serve({ tls: certificate, http2: true }), await serve({ tls: certificate })]
    profile = await mkdtemp(join(tmpdir(), 'towpath-chromium-'))
    context = await chromium.launchPersistentContext(profile, {
      executablePath: '/usr/bin/chromium',
      args: CHROMIUM_ARGS,
      ignoreHTTPSErrors: true,
    })
  }, 60_000)

  afterAll(async () => {
    await context.close()
    await Promise.all(servers.map((server) => server.stop(SHORT)))
    await rm(profile, { recursive: true, force: true })
  })

  async function pageOf(server: EmbeddedServer): Promise<Page> {
    const page = await context.newPage()
    await page.goto(`https://localhost:${server.address.port}/`)
    return page
  }

  /** Calls `talk` in `page`. */
  function talk(page: Page, path: string, messages: readonly string[] = []): Promise<Talk> {
    return page.evaluate(`talk(${JSON.stringify(path)}, ${JSON.stringify(messages)})`)
  }

  it('opens the sockets of a page over the HTTP/2 connection that it has', async () => {
    const page = await pageOf(servers[0])

    expect((await talk(page, '/version')).received).toEqual(['HTTP/2'])
    expect(await talk(page, '/echo', ['a', 'b'.repeat(100_000)])).toMatchObject({
      received: ['a', 'b'.repeat(100_000)],
      code: 1000,
    })
    await page.close()
  })

  it('hears close codes with their reasons, and 1011 for a handler that throws', async () => {
    const page = await pageOf(servers[0])

    expect(await talk(page, '/expired')).toMatchObject({ code: 4401, reason: 'Token expired ✓' })
    expect(await talk(page, '/broken')).toMatchObject({ code: 1011 })
    expect(await talk(page, '/nothing')).toMatchObject({ code: 1006 })
    await page.close()
  })

  it('agrees to compression', async () => {
    const page = await pageOf(servers[0])

    expect((await talk(page, '/echo', ['a'])).extensions).toContain('permessage-deflate')
    await page.close()
  })

  it('uses HTTP/1.1 where the option is off', async () => {
    const page = await pageOf(servers[1])

    expect((await talk(page, '/version')).received).toEqual(['HTTP/1.1'])
    await page.close()
  })

  it('a tab that is closed ends its session with 1006, and others go on', async () => {
    const [server] = servers
    const page = await pageOf(server)
    const other = await pageOf(server)
    await page.evaluate(`hold('/echo')`)
    const ended = new Promise<number>((resolve) => {
      server.application.monitor.on('sessionClosed', ({ info }) => resolve(info.reason.code))
    })
    await page.close()

    expect([1001, 1006]).toContain(await ended)
    expect((await talk(other, '/echo', ['still here'])).received).toEqual(['still here'])
    await other.close()
  })

  it('a socket that is open goes on after GOAWAY, and new ones open', async () => {
    await using server = await leavingServer()
    const page = await context.newPage()
    await page.goto(`https://localhost:${server.port}/`)
    expect((await talk(page, '/version')).received).toEqual(['HTTP/2'])
    await page.evaluate(`hold('/echo')`)
    server.sayGoaway()

    expect(await page.evaluate(`goOn(['after', 'GOAWAY'])`)).toEqual({
      received: ['after', 'GOAWAY'],
      code: 1000,
      wasClean: true,
    })
    expect((await talk(page, '/echo', ['new'])).received).toEqual(['new'])
    expect(await server.endOf('/echo')).toEqual({ code: 1000, clean: true, rstCode: 0 })
    await page.close()
  })
})

describe('undici', () => {
  it('opens a socket over HTTP/2 with allowH2', async () => {
    await using server = await serve({ tls: certificate, http2: true })
    const dispatcher = new Agent({ allowH2: true, connect: { rejectUnauthorized: false } })
    const url = `wss://localhost:${server.address.port}`
    const socket = new UndiciSocket(`${url}/version`, { dispatcher })
    const [{ data }] = (await once(socket, 'message')) as [MessageEvent<string>]
    const [ended] = (await once(socket, 'close')) as [CloseEvent]
    await dispatcher.destroy()

    expect(data).toBe('HTTP/2')
    expect([ended.code, ended.wasClean]).toEqual([1000, true])
  })

  it('hears Close 1001 when the server stops', async () => {
    const server = await serve({ tls: certificate, http2: true })
    const dispatcher = new Agent({ allowH2: true, connect: { rejectUnauthorized: false } })
    const url = `wss://localhost:${server.address.port}/echo`
    const sockets = Array.from({ length: 5 }, () => new UndiciSocket(url, { dispatcher }))
    await Promise.all(sockets.map((socket) => once(socket, 'open')))
    const ends = sockets.map((socket) => once(socket, 'close') as Promise<[CloseEvent]>)
    await server.stop({ grace: 0 })
    const ended = (await Promise.all(ends)).map(([{ code, wasClean }]) => [code, wasClean])
    await dispatcher.destroy()

    expect(ended).toEqual(sockets.map(() => [1001, true]))
  })
})

describe.each([
  ['TLS', 'ssl verify none alpn h2', { tls: certificate, http2: true }],
  ['cleartext', 'proto h2', { http2: { cleartext: true } }],
] as const)('HAProxy with HTTP/2 to the server over %s', (_name, options, served) => {
  let folder: string
  let server: EmbeddedServer
  let proxy: ChildProcess
  let port: number

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'towpath-haproxy-'))
    server = await serve(served)
    port = await freePort()
    const file = join(folder, 'haproxy.cfg')
    await writeFile(
      file,
      [
        'defaults',
        '  mode http',
        '  timeout client 30s',
        '  timeout server 30s',
        '  timeout tunnel 30s',
        '  timeout connect 5s',
        'frontend page',
        `  bind 127.0.0.1:${port}`,
        '  default_backend towpath',
        'backend towpath',
        `  server one 127.0.0.1:${server.address.port} ${options}`,
        '',
      ].join('\n'),
    )
    proxy = spawn('haproxy', ['-db', '-f', file], { env: ENV, stdio: 'ignore' })
    await untilItListens(port)
  })

  afterAll(async () => {
    const ended = once(proxy, 'exit')
    proxy.kill('SIGTERM')
    await ended
    await server.stop(SHORT)
    await rm(folder, { recursive: true, force: true })
  })

  it('carries a client of HTTP/1.1', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/version`)
    const [version] = await once(socket, 'message')
    await once(socket, 'close')

    expect(String(version)).toBe('HTTP/2')
  })

  it('carries messages of any size, and close codes both ways', async () => {
    const bytes = Buffer.alloc(1 << 20, 'towpath')
    const socket = new WebSocket(`ws://127.0.0.1:${port}/echo`)
    await once(socket, 'open')
    socket.send(bytes)
    const [received] = await once(socket, 'message')
    socket.close(4001, 'bye')
    const [code] = await once(socket, 'close')
    const expired = new WebSocket(`ws://127.0.0.1:${port}/expired`)
    const [expiredCode, reason] = await once(expired, 'close')

    expect(bytes.equals(received)).toBe(true)
    expect([code, expiredCode, String(reason)]).toEqual([4001, 4401, 'Token expired ✓'])
  })
})

/** HTTP/2 without extended CONNECT, as nginx speaks it. */
const NO_EXTENDED_CONNECT = ['global', '  h2-workaround-bogus-websocket-clients']

describe('the client of Towpath through HAProxy', () => {
  let folder: string
  let server: EmbeddedServer
  const proxies: ChildProcess[] = []
  const ports: number[] = []

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'towpath-haproxy-'))
    server = await serve({})
    const pem = join(folder, 'both.pem')
    await writeFile(pem, certificate.cert + certificate.key)
    for (const more of [[], NO_EXTENDED_CONNECT]) {
      const port = await freePort()
      const file = join(folder, `${port}.cfg`)
      await writeFile(file, [...more, ...configuration(port, pem)].join('\n'))
      proxies.push(spawn('haproxy', ['-db', '-f', file], { env: ENV, stdio: 'ignore' }))
      ports.push(port)
    }
    await Promise.all(ports.map(untilItListens))
  })

  afterAll(async () => {
    const ended = proxies.map((proxy) => once(proxy, 'exit'))
    for (const proxy of proxies) proxy.kill('SIGTERM')
    await Promise.all(ended)
    await server.stop(SHORT)
    await rm(folder, { recursive: true, force: true })
  })

  function configuration(port: number, pem: string): string[] {
    return [
      'defaults',
      '  mode http',
      '  timeout client 30s',
      '  timeout server 30s',
      '  timeout tunnel 30s',
      '  timeout connect 5s',
      'frontend page',
      `  bind 127.0.0.1:${port} ssl crt ${pem} alpn h2,http/1.1`,
      '  default_backend towpath',
      'backend towpath',
      `  server one 127.0.0.1:${server.address.port}`,
      '',
    ]
  }

  it.each([true, 'auto'] as const)(
    'http2: %s carries messages, closes and refusals',
    async (http2) => {
      const client = createWebSocketClient({ http2, tls: { ca: certificate.cert } })
      const url = `wss://localhost:${ports[0]}`
      const bytes = Buffer.alloc(1 << 20, 'towpath')
      const { response, received } = await client.webSocket(`${url}/echo`, async (session) => {
        await session.send(bytes)
        const frame = await session.incoming.receive()
        return { response: session.response, received: frame.buffer }
      })
      const expired = await client.openWebSocket(`${url}/expired`)

      expect(response.status).toBe(200)
      expect(bytes.equals(received)).toBe(true)
      expect(await expired.closeReason).toEqual(new CloseReason(4401, 'Token expired ✓'))
      await expect(client.openWebSocket(`${url}/nothing`)).rejects.toMatchObject({ status: 404 })
    },
  )

  it('auto uses HTTP/1.1 where HTTP/2 does not allow WebSockets, and true rejects', async () => {
    const tls = { ca: certificate.cert }
    const url = `wss://localhost:${ports[1]}/echo`
    await using session = await createWebSocketClient({ http2: 'auto', tls }).openWebSocket(url)

    expect(session.response.status).toBe(101)
    await expect(
      createWebSocketClient({ http2: true, tls }).openWebSocket(url),
    ).rejects.toMatchObject({ step: 'protocol' })
  })
})
