import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { EmbeddedServer } from '../../../../src/index.ts'
import { certificate } from '../../../support/certificate.ts'
import { CommandLine } from '../../../support/command-line.ts'
import { serveHttp2 } from '../../../support/http2-server.ts'

let proxy: Server
let proxyUrl: string
/** What the proxy was asked for. */
let places: string[]
let status: number
const sockets = new Set<Socket>()

beforeEach(async () => {
  places = []
  status = 200
  proxy = createServer()
  proxy.on('connection', (socket) => sockets.add(socket))
  proxy.on('connect', ({ url = '' }, client: Socket) => {
    places.push(url)
    client.on('error', () => {})
    if (status !== 200) {
      client.end(`HTTP/1.1 ${status} x\r\n\r\n`)
      return
    }
    const [host, port] = url.split(':')
    const server = connect(Number(port), host)
    server.on('error', () => client.destroy())
    client.write('HTTP/1.1 200 OK\r\n\r\n')
    client.pipe(server).pipe(client)
    sockets.add(server)
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  proxyUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` // it listens on TCP
})

afterEach(() => {
  for (const socket of sockets) socket.destroy()
  proxy.close()
})

function serve(scheme: string): Promise<EmbeddedServer> {
  if (scheme === 'wss') return serveHttp2({ tls: certificate })
  return serveHttp2({ tls: undefined, http2: { cleartext: true } } as object)
}

describe('towpath check --proxy', () => {
  it.each([
    ['ws', []],
    ['ws', ['--http2']],
    ['wss', []],
    ['wss', ['--http2']],
  ])('E-57 runs the cases of %s: through the tunnel of a proxy %j', async (scheme, more) => {
    const server = await serve(scheme)
    const place = `127.0.0.1:${server.address.port}`
    const filter = ['--filter', more.length === 0 ? 'pings: ' : 'cancel']

    const { exitCode, err, out } = await new CommandLine().run([
      'check',
      `${scheme}://${place}/echo`,
      '--proxy',
      proxyUrl,
      '--insecure',
      ...filter,
      ...more,
    ])
    await server.stop({ grace: 0 })

    expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' })
    expect(out).toMatch(/^total +[1-9]\d* +0 +0 +0$/m)
    expect(new Set(places)).toEqual(new Set([place]))
  })

  it('E-57 ends with 2 and the step if the proxy refuses', async () => {
    status = 407
    const { exitCode, err } = await new CommandLine().run([
      'check',
      'ws://127.0.0.1:1/',
      '--proxy',
      proxyUrl,
    ])

    expect(exitCode).toBe(2)
    expect(err).toContain(
      'no connection through the proxy to 127.0.0.1:1: The proxy answered with status 407',
    )
    expect(err).toContain('(step: proxy)')
  })
})
