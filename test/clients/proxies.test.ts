/**
 * nginx and HAProxy with the configurations of `examples/behind-a-proxy/`, in front of an embedded
 * server: what the application knows of the client behind them, and whether messages and closes
 * come through unchanged.
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'

import {
  type Application,
  type CloseInfo,
  CloseReason,
  type EmbeddedServer,
  embeddedServer,
  WebSockets,
} from '../../src/index.ts'
import { ForwardedHeaders } from '../../src/forwarded/index.ts'
import { certificate } from '../support/certificate.ts'
import { freePort, untilItListens } from '../support/free-port.ts'

const CONFIGURATIONS = fileURLToPath(new URL('../../examples/behind-a-proxy/', import.meta.url))

/** Debian puts them where the path of a user does not lead. */
const ENV = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` }

/** Another address than that of the proxy, which is 127.0.0.1 and trusted. */
const CLIENT = '127.0.0.2'

/** How long a proxy keeps an idle connection here; the configurations have a minute. */
const IDLE_SECONDS = 1

interface Proxy {
  readonly name: string
  /**
   * Writes its configuration into `folder`, and answers the command that runs it in the foreground.
   */
  command(folder: string, port: number, upstream: number): Promise<readonly [string, ...string[]]>
}

const PROXIES: readonly Proxy[] = [
  {
    name: 'nginx',
    async command(folder, port, upstream) {
      await writeFile(join(folder, 'tls.crt'), certificate.cert)
      await writeFile(join(folder, 'tls.key'), certificate.key)
      const config = adapt(await readFile(join(CONFIGURATIONS, 'nginx.conf'), 'utf8'), [
        ['listen 443 ssl', `listen 127.0.0.1:${port} ssl`],
        ['127.0.0.1:8080', `127.0.0.1:${upstream}`],
        ['/etc/ssl/chat.example.com.crt', join(folder, 'tls.crt')],
        ['/etc/ssl/chat.example.com.key', join(folder, 'tls.key')],
        ['proxy_read_timeout 60s', `proxy_read_timeout ${IDLE_SECONDS}s`],
        ['http {', `http { access_log off; ${temporaryPaths(folder)}`],
      ])
      await writeFile(join(folder, 'nginx.conf'), config)
      const globals = `daemon off; pid ${join(folder, 'pid')}; error_log stderr;`
      return [
        'nginx',
        '-p',
        folder,
        '-e',
        'stderr',
        '-c',
        join(folder, 'nginx.conf'),
        '-g',
        globals,
      ]
    },
  },
  {
    name: 'haproxy',
    async command(folder, port, upstream) {
      await writeFile(join(folder, 'tls.pem'), certificate.cert + certificate.key)
      const config = adapt(await readFile(join(CONFIGURATIONS, 'haproxy.cfg'), 'utf8'), [
        ['bind :443 ', `bind 127.0.0.1:${port} `],
        ['127.0.0.1:8080', `127.0.0.1:${upstream}`],
        ['/etc/haproxy/chat.example.com.pem', join(folder, 'tls.pem')],
        ['timeout tunnel       60s', `timeout tunnel ${IDLE_SECONDS}s`],
      ])
      await writeFile(join(folder, 'haproxy.cfg'), config)
      return ['haproxy', '-db', '-f', join(folder, 'haproxy.cfg')]
    },
  },
]

function routes(app: Application): void {
  app.install(WebSockets)
  app.install(ForwardedHeaders, { trust: '127.0.0.1' })
  app.routing((route) => {
    route.webSocket('/echo', async ({ incoming, send }) => {
      for await (const frame of incoming) await send(frame)
    })
    route.webSocket('/origin', ({ call, send }) => send(JSON.stringify(call.request.origin)))
    route.webSocket('/expired', ({ close }) => close(new CloseReason(4401, 'Token expired ✓')))
    route.webSocket('/gone', ({ terminate }) => terminate())
    route.webSocket('/pinged', { pingPeriod: { milliseconds: 250 } }, async ({ incoming }) => {
      await incoming.receiveCatching()
    })
    route.webSocket('/idle', async ({ incoming }) => void (await incoming.receiveCatching()))
  })
}

describe.each(PROXIES)('behind $name', (proxy) => {
  let folder: string
  let server: EmbeddedServer
  let child: ChildProcess
  let complaints: Promise<string>
  let port: number
  let addresses = 0

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), `towpath-${proxy.name}-`))
    server = embeddedServer({ host: '127.0.0.1', port: 0, signals: false }, routes)
    await server.start()
    port = await freePort()
    const [program, ...args] = await proxy.command(folder, port, server.address.port)
    child = spawn(program, args, { env: ENV, stdio: ['ignore', 'ignore', 'pipe'] })
    complaints = child.stderr === null ? Promise.resolve('') : text(child.stderr)
    await Promise.race([untilItListens(port), failure(program, child, complaints)])
  })

  afterAll(async () => {
    if (child.exitCode === null) {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    }
    await server.stop({ grace: 0, timeout: 1000 })
    await rm(folder, { recursive: true, force: true })
  })

  /** A client that claims to be somebody else. */
  function client(path: string, headers: Record<string, string> = {}): WebSocket {
    return new WebSocket(`wss://localhost:${port}${path}`, {
      rejectUnauthorized: false,
      localAddress: CLIENT,
      family: 4,
      headers: { Origin: `https://localhost:${port}`, ...headers },
    })
  }

  /**
   * An address that no other test uses, and how the session there ends, as the server reports it.
   */
  function watched(path: string): { path: string; ended: Promise<CloseInfo> } {
    const uri = `${path}?${++addresses}`
    const ended = new Promise<CloseInfo>((resolve) => {
      server.application.monitor.on('sessionClosed', ({ session, info }) => {
        if (session.call.request.uri === uri) resolve(info)
      })
    })
    return { path: uri, ended }
  }

  it('the application sees the client, and what the client asked for', async () => {
    const socket = client('/origin')

    expect(JSON.parse(await messageOf(socket))).toEqual({
      scheme: 'https',
      host: 'localhost',
      port,
      remoteHost: CLIENT,
      remotePort: null,
      uri: '/origin',
      method: 'GET',
      version: 'HTTP/1.1',
    })
    expect(await endOf(socket)).toEqual({ code: 1000, reason: '' })
  })

  it('headers that the client has made up change nothing', async () => {
    const socket = client('/origin', {
      'X-Forwarded-For': '127.0.0.1, 192.0.2.66',
      'X-Forwarded-Proto': 'http',
      'X-Forwarded-Host': 'admin.example.com',
      'X-Forwarded-Port': '1',
      Forwarded: 'for=192.0.2.66;host=admin.example.com;proto=http',
    })

    expect(JSON.parse(await messageOf(socket))).toMatchObject({
      scheme: 'https',
      host: 'localhost',
      port,
      remoteHost: CLIENT,
    })
  })

  it('a page of the site may connect, and a page of another may not', async () => {
    const refused = client('/echo', { Origin: 'https://evil.example' })
    const [, response] = await once(refused, 'unexpected-response')

    expect(response.statusCode).toBe(403)
    refused.on('error', () => {})
    refused.terminate()
  })

  it.each([0, 125, 65_536, 1 << 20])('a message of %d bytes comes back', async (size) => {
    const bytes = Buffer.alloc(size, 'towpath')
    const socket = client('/echo')
    await once(socket, 'open')
    const answer = once(socket, 'message')

    socket.send(bytes)

    const [received] = await answer
    expect(bytes.equals(received)).toBe(true)
    socket.close(1000)
    await endOf(socket)
  })

  it.each([1000, 3000, 4001])('the server hears that the client closed with %d', async (code) => {
    const { path, ended } = watched('/echo')
    const socket = client(path)
    await once(socket, 'open')

    socket.close(code, 'bye ✓')

    expect(await endOf(socket)).toMatchObject({ code })
    const info = await ended
    expect(info.reason).toEqual(new CloseReason(code, 'bye ✓'))
    expect(info).toMatchObject({ initiator: 'remote', clean: true, cause: null })
  })

  it('the client hears that the server closed with 4401', async () => {
    const { path, ended } = watched('/expired')

    expect(await endOf(client(path))).toEqual({ code: 4401, reason: 'Token expired ✓' })
    expect(await ended).toMatchObject({ initiator: 'local', clean: true })
  })

  it('both sides hear when the other one vanishes', async () => {
    const { path, ended } = watched('/echo')
    const socket = client(path)
    await once(socket, 'open')

    socket.terminate()

    expect((await ended).reason.code).toBe(1006)
    expect(await endOf(client('/gone'))).toMatchObject({ code: 1006 })
  })

  it('an idle connection is dropped by the proxy, and both sides hear it', async () => {
    const { path, ended } = watched('/idle')

    expect(await endOf(client(path))).toMatchObject({ code: 1006 })
    expect((await ended).reason.code).toBe(1006)
  })

  it('pings within its time keep a connection', async () => {
    const { path, ended } = watched('/pinged')
    const socket = client(path)

    // Two of the proxy's times and more.
    for (let pings = 0; pings < 10; pings++) await once(socket, 'ping')
    socket.close(1000)

    expect(await endOf(socket)).toMatchObject({ code: 1000 })
    expect(await ended).toMatchObject({ initiator: 'remote', clean: true })
  })
})

describe('the configurations of examples/behind-a-proxy/', () => {
  it('are taken by nginx and HAProxy as they are, but for the certificate', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'towpath-proxies-'))
    await writeFile(join(folder, 'tls.pem'), certificate.cert + certificate.key)
    const check = async (file: string, program: string, ...args: string[]): Promise<void> => {
      const config = await readFile(join(CONFIGURATIONS, file), 'utf8')
      const path = join(folder, file)
      await writeFile(
        path,
        config.replaceAll(/\/etc\/\S+\.(?:pem|crt|key)/g, join(folder, 'tls.pem')),
      )
      execFileSync(program, [...args, path], { env: ENV, stdio: 'pipe' })
    }

    await check('nginx.conf', 'nginx', '-q', '-e', 'stderr', '-t', '-c')
    await check('haproxy.cfg', 'haproxy', '-q', '-c', '-f')

    await rm(folder, { recursive: true, force: true })
    expect(existsSync(folder)).toBe(false)
  })
})

/** Replaces each text wherever it is; one that is not there is a mistake of this file. */
function adapt(
  config: string,
  changes: ReadonlyArray<readonly [from: string, to: string]>,
): string {
  return changes.reduce((adapted, [from, to]) => {
    if (!adapted.includes(from)) throw new Error(`There is no "${from}" in the configuration`)
    return adapted.replaceAll(from, to)
  }, config)
}

/** nginx makes these folders when it starts, in places that are not everybody's. */
function temporaryPaths(folder: string): string {
  return ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${join(folder, name)};`)
    .join(' ')
}

async function failure(
  program: string,
  child: ChildProcess,
  complaints: Promise<string>,
): Promise<never> {
  await once(child, 'exit')
  throw new Error(`${program} ended: ${await complaints}`)
}

async function messageOf(socket: WebSocket): Promise<string> {
  const [data] = await once(socket, 'message')
  return String(data)
}

async function endOf(socket: WebSocket): Promise<{ code: number; reason: string }> {
  const [code, reason] = await once(socket, 'close')
  return { code, reason: String(reason) }
}
