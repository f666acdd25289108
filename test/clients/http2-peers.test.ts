/**
 * WebSockets over HTTP/2 with Firefox, nghttpx and Apache.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { CloseReason, type EmbeddedServer, hours } from '../../src/index.ts'
import { createWebSocketClient } from '../../src/node-client.ts'
import { certificate } from '../support/certificate.ts'
import { freePort, untilItListens } from '../support/free-port.ts'
import { Firefox, FIREFOX } from './firefox.ts'
import { ENV, lacks, leavingServer, serve, SHORT } from './http2-world.ts'

const NGHTTPX = '/usr/sbin/nghttpx'
const APACHE = '/usr/sbin/apache2'
const APACHE_MODULES = '/usr/lib/apache2/modules'

/** Stops a program, and waits for its end. */
async function stopped(program: ChildProcess): Promise<void> {
  const ended = once(program, 'exit')
  program.kill('SIGTERM')
  await ended
}

describe.skipIf(lacks(FIREFOX))('Firefox (package firefox-esr)', () => {
  let firefox: Firefox
  let server: EmbeddedServer

  beforeAll(async () => {
    server = await serve({ tls: certificate, http2: true })
    firefox = await Firefox.start()
    await firefox.goto(`https://localhost:${server.address.port}/`)
  }, 120_000)

  afterAll(async () => {
    await firefox[Symbol.asyncDispose]()
    await server.stop(SHORT)
  })

  it('opens the sockets of a page over the HTTP/2 connection that it has', async () => {
    expect(await firefox.evaluate(`talk('/version', [])`)).toMatchObject({
      received: ['HTTP/2'],
      code: 1000,
    })
    const sent = ['a', 'b'.repeat(100_000)]
    const echoed = await firefox.evaluate(`talk('/echo', ${JSON.stringify(sent)})`)

    expect(echoed).toMatchObject({ received: sent, code: 1000 })
    expect(echoed).toHaveProperty('extensions', expect.stringContaining('permessage-deflate'))
  })

  it('hears close codes with their reasons, and 1011 for a handler that throws', async () => {
    expect(await firefox.evaluate(`talk('/expired', [])`)).toMatchObject({
      code: 4401,
      reason: 'Token expired ✓',
    })
    expect(await firefox.evaluate(`talk('/broken', [])`)).toMatchObject({ code: 1011 })
    expect(await firefox.evaluate(`talk('/nothing', [])`)).toMatchObject({ code: 1006 })
  })

  it('a socket that is open goes on after GOAWAY, and new ones open', async () => {
    await using leaving = await leavingServer()
    await firefox.goto(`https://localhost:${leaving.port}/`)
    await firefox.evaluate(`hold('/echo')`)
    leaving.sayGoaway()

    expect(await firefox.evaluate(`goOn(['after', 'GOAWAY'])`)).toEqual({
      received: ['after', 'GOAWAY'],
      code: 1000,
      wasClean: true,
    })
    expect(await firefox.evaluate(`talk('/echo', ['new'])`)).toMatchObject({ received: ['new'] })
    expect(await leaving.endOf('/echo')).toEqual({ code: 1000, clean: true, rstCode: 0 })
  })
})

describe.skipIf(lacks(NGHTTPX)).each([
  ['TLS', 'proto=h2;tls', { tls: certificate, http2: true }],
  ['cleartext', 'proto=h2', { http2: { cleartext: true } }],
] as const)('nghttpx (package nghttp2-proxy) with HTTP/2 to the server over %s', (...of) => {
  const [, options, served] = of
  let server: EmbeddedServer
  let proxy: ChildProcess
  let port: number

  beforeAll(async () => {
    server = await serve(served)
    port = await freePort()
    const backend = `--backend=127.0.0.1,${server.address.port};/;${options}`
    const frontend = `--frontend=127.0.0.1,${port};no-tls`
    const rest = ['--conf=/dev/null', '--single-process', '--insecure']
    proxy = spawn(NGHTTPX, [...rest, frontend, backend], { env: ENV, stdio: 'ignore' })
    await untilItListens(port)
  })

  afterAll(async () => {
    await stopped(proxy)
    await server.stop(SHORT)
  })

  it.each([
    [false, 101],
    [true, 200],
  ])('carries messages and closes of a client with http2: %s', async (http2, status) => {
    await using client = createWebSocketClient({ http2 })
    const url = `ws://127.0.0.1:${port}`
    const bytes = Buffer.alloc(1 << 20, 'towpath')
    const version = await client.openWebSocket(`${url}/version`)
    const text = await version.incoming.receive()
    const echo = await client.openWebSocket(`${url}/echo`)
    await echo.send(bytes)
    const { buffer } = await echo.incoming.receive()
    await echo.close(new CloseReason(4001, 'bye'))
    const expired = await client.openWebSocket(`${url}/expired`)

    expect(version.response.status).toBe(status)
    expect(Buffer.from(text.buffer).toString()).toBe('HTTP/2')
    expect(bytes.equals(buffer)).toBe(true)
    expect(await echo.closed).toMatchObject({ reason: new CloseReason(4001, 'bye'), clean: true })
    expect(await expired.closeReason).toEqual(new CloseReason(4401, 'Token expired ✓'))
    await expect(client.openWebSocket(`${url}/nothing`)).rejects.toMatchObject({ status: 404 })
  })
})

describe.skipIf(lacks(APACHE))('Apache (package apache2-bin) with H2WebSockets', () => {
  let folder: string
  let server: EmbeddedServer
  let proxy: ChildProcess
  let port: number

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'towpath-apache-'))
    server = await serve({})
    port = await freePort()
    await writeFile(join(folder, 'cert.pem'), certificate.cert)
    await writeFile(join(folder, 'key.pem'), certificate.key)
    const modules = ['mpm_event', 'authz_core', 'ssl', 'http2', 'proxy', 'proxy_http']
    const lines = [
      `ServerRoot ${folder}`,
      'ServerName localhost',
      // It is ignored unless root starts the server.
      'User www-data',
      'Group www-data',
      `PidFile ${folder}/pid`,
      `ErrorLog ${folder}/error.log`,
      `Listen 127.0.0.1:${port}`,
      ...modules.map((name) => `LoadModule ${name}_module ${APACHE_MODULES}/mod_${name}.so`),
      'SSLEngine on',
      `SSLCertificateFile ${folder}/cert.pem`,
      `SSLCertificateKeyFile ${folder}/key.pem`,
      'Protocols h2 http/1.1',
      'H2WebSockets on',
      `ProxyPass / http://127.0.0.1:${server.address.port}/ upgrade=websocket`,
      '',
    ]
    const file = join(folder, 'httpd.conf')
    await writeFile(file, lines.join('\n'))
    proxy = spawn(APACHE, ['-DFOREGROUND', '-f', file], { stdio: 'ignore' })
    await untilItListens(port)
  })

  afterAll(async () => {
    await stopped(proxy)
    await server.stop(SHORT)
    await rm(folder, { recursive: true, force: true })
  })

  it.each([true, 'auto'] as const)('carries our client with http2: %s', async (http2) => {
    // Apache never ends a stream by itself. The test has no end if the client waits for that.
    const options = { http2, tls: { ca: certificate.cert }, closeTimeout: hours(1) }
    await using client = createWebSocketClient(options)
    const url = `wss://localhost:${port}`
    const bytes = Buffer.alloc(1 << 20, 'towpath')
    const echo = await client.openWebSocket(`${url}/echo`)
    await echo.send(bytes)
    const { buffer } = await echo.incoming.receive()
    const expired = await client.openWebSocket(`${url}/expired`)

    expect(echo.response.status).toBe(200)
    expect(bytes.equals(buffer)).toBe(true)
    expect(await expired.closeReason).toEqual(new CloseReason(4401, 'Token expired ✓'))
    await echo.close()
    expect(await echo.closed).toMatchObject({ clean: true })
  })
})
