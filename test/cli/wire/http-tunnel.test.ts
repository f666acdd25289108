import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { httpTunnel, readProxy } from '../../../src/cli/wire/http-tunnel.ts'
import { type EmbeddedServer, embeddedServer, WebSockets } from '../../../src/index.ts'
import { Frame, openWebSocket } from '../../../src/node-client.ts'
import { certificate } from '../../support/certificate.ts'

let plain: EmbeddedServer
let secure: EmbeddedServer
let proxy: Server
const seen: IncomingMessage[] = []

function serve(tls?: object): Promise<EmbeddedServer> {
  const options = { port: 0, host: '127.0.0.1', signals: false, ...(tls ? { tls } : {}) }
  return embeddedServer(options, (app) => {
    app.install(WebSockets)
    app.routing((route) => {
      route.webSocket('/', async ({ incoming, send }) => {
        for await (const frame of incoming) await send(frame)
      })
    })
  }).start()
}

beforeAll(async () => {
  plain = await serve()
  secure = await serve(certificate)
  proxy = createServer()
  proxy.on('connect', (request: IncomingMessage, client: Socket) => {
    seen.push(request)
    if (request.headers['proxy-authorization'] === undefined) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
      return
    }
    const port = Number(request.url?.split(':')[1])
    const upstream = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n')
      upstream.pipe(client).pipe(upstream)
    })
    upstream.on('error', () => client.destroy())
    client.on('error', () => upstream.destroy())
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
})

afterAll(async () => {
  proxy.close()
  await Promise.all([plain.stop({ grace: 0 }), secure.stop({ grace: 0 })])
})

function proxyUrl(credentials: string): URL {
  const { port } = proxy.address() as AddressInfo // it listens on TCP
  return new URL(`http://${credentials}127.0.0.1:${port}`)
}

describe('httpTunnel()', () => {
  it.each(['ws', 'wss'])(
    'carries %s through CONNECT, with the credentials of its URL',
    async (scheme) => {
      const { port } = (scheme === 'ws' ? plain : secure).address
      await using session = await openWebSocket(`${scheme}://127.0.0.1:${port}/`, {
        agent: httpTunnel(proxyUrl('me:p%40ss@'), scheme === 'wss'),
        tls: { ca: certificate.cert, servername: 'localhost' },
      })

      await session.send('through')
      const frame = await session.incoming.receive()

      expect(frame instanceof Frame.Text && frame.readText()).toBe('through')
      expect(seen.at(-1)?.url).toBe(`127.0.0.1:${port}`)
      expect(seen.at(-1)?.headers['proxy-authorization']).toBe(`Basic ${btoa('me:p@ss')}`)
    },
  )

  it.each(['ws', 'wss'])('fails %s at the step proxy when the proxy refuses', async (scheme) => {
    const opening = openWebSocket(`${scheme}://127.0.0.1:${plain.address.port}/`, {
      agent: httpTunnel(proxyUrl(''), scheme === 'wss'),
    })

    await expect(opening).rejects.toMatchObject({
      step: 'proxy',
      cause: { message: 'The proxy answered with status 407' },
    })
  })
})

describe('readProxy()', () => {
  it.each(['proxy:3128', 'socks5://a', '', 'http://%zz@a', 'http://a:%e4@b'])(
    'refuses "%s"',
    (text) => {
      expect(() => readProxy(text)).toThrow('Cannot use --proxy')
    },
  )
})
