import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Arguments } from '../../../src/cli/arguments.ts'
import { readTargetOptions, readUrl } from '../../../src/cli/wire/target-options.ts'
import { createPlatform } from '../../../src/engines/node/internal.ts'
import {
  type EmbeddedServer,
  type EmbeddedServerOptions,
  embeddedServer,
  WebSockets,
} from '../../../src/index.ts'
import { certificate } from '../../support/certificate.ts'
import { CommandLine } from '../../support/command-line.ts'

describe('readTargetOptions()', () => {
  it('reads everything for the client', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'towpath-')), 'a.pem')
    writeFileSync(file, 'PEM')
    const args = new Arguments(
      {
        header: ['A: b', 'C:d:e'],
        protocol: ['x'],
        origin: 'https://a.example',
        ca: file,
        cert: file,
        key: file,
        servername: 'b.example',
        insecure: true,
        unix: '/run/a.sock',
        redirects: '3',
        deflate: true,
      },
      [],
    )

    const { extensions, ...options } = readTargetOptions(args, 'wss://a.example/')

    expect(extensions).toHaveLength(1)
    const pem = Buffer.from('PEM')
    expect(options).toEqual({
      headers: [
        ['A', 'b'],
        ['C', 'd:e'],
      ],
      protocols: ['x'],
      origin: 'https://a.example',
      tls: { ca: pem, cert: pem, key: pem, servername: 'b.example', rejectUnauthorized: false },
      socketPath: '/run/a.sock',
      followRedirects: 3,
    })
  })

  it('refuses a proxy together with a Unix socket', () => {
    const args = new Arguments({ proxy: 'http://a', unix: '/b' }, [])

    expect(() => readTargetOptions(args, 'ws://a')).toThrow('--proxy with --unix')
  })
})

describe('readUrl()', () => {
  it.each([
    ['localhost:8080/a', 'ws://localhost:8080/a'],
    ['wss://a.example', 'wss://a.example'],
    ['http://a.example', 'http://a.example'],
    ['[::1]:9', 'ws://[::1]:9'],
  ])('reads %s as %s', (text, url) => {
    expect(readUrl(text)).toBe(url)
  })
})

describe('a connection over a real network', () => {
  const folder = mkdtempSync(join(tmpdir(), 'towpath-'))
  const ca = join(folder, 'ca.pem')
  const unix = join(folder, 'socket')
  const servers: EmbeddedServer[] = []

  beforeAll(async () => {
    writeFileSync(ca, certificate.cert)
    const places: readonly EmbeddedServerOptions[] = [
      { port: 0, host: '127.0.0.1', tls: certificate, http2: true },
      { socketPath: unix },
    ]
    for (const place of places) {
      const server = embeddedServer({ ...place, signals: false }, (app) => {
        app.install(WebSockets)
        app.routing((route) => {
          route.webSocket('/', ({ call, send }) =>
            // There is no key in HTTP/2 (RFC 8441 §5).
            send(call.request.headers.has('sec-websocket-key') ? 'HTTP/1.1' : 'HTTP/2.0'),
          )
        })
      })
      servers.push(await server.start())
    }
  })
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop({ grace: 0 })))
  })

  async function connect(...args: readonly string[]): Promise<string> {
    const port = servers[0]?.address.port ?? 0
    const url = args.includes('--unix') ? 'ws://localhost/' : `wss://localhost:${port}/`
    const command = new CommandLine(undefined, createPlatform()).start(['connect', url, ...args])
    const exitCode = await command.exitCode
    return `${exitCode} ${command.out.trim()}`
  }

  it('E-15 is encrypted, and accepts the authority of --ca, or anything with --insecure', async () => {
    expect(await connect('--ca', ca)).toBe('0 HTTP/1.1')
    expect(await connect('--insecure')).toBe('0 HTTP/1.1')
    expect(await connect()).toBe('2 ')
  })

  it('E-15 goes over a Unix socket with --unix, and over HTTP/2 with --http2', async () => {
    expect(await connect('--unix', unix)).toBe('0 HTTP/1.1')
    expect(await connect('--ca', ca, '--http2')).toBe('0 HTTP/2.0')
  })
})
