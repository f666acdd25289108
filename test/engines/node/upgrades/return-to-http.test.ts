import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { describe, expect, it } from 'vitest'

import { returnToHttp } from '../../../../src/engines/node/upgrades/return-to-http.ts'
import { certificate } from '../../../support/certificate.ts'
import { listen, RawClient } from '../../../support/loopback.ts'

function describeRequest(request: IncomingMessage): string {
  return `${request.method} ${request.url} ${JSON.stringify(request.rawHeaders)}`
}

describe('returnToHttp()', () => {
  for (const [given, kept] of [
    ['Connection: Upgrade, HTTP2-Settings', '"Connection","",'],
    ['Connection: keep-alive, upgrade', '"Connection","keep-alive",'],
  ] as const) {
    it(`leaves of "${given}" what does not ask for the upgrade`, async () => {
      const server = createServer((request, response) => response.end(describeRequest(request)))
      server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) =>
        returnToHttp(server, { request, stream, head }),
      )
      await using client = await RawClient.connect(await listen(server))

      client.send(
        `GET /a?b HTTP/1.1\r\nHost: h\r\n${given}\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\nX: é\r\n\r\n`,
      )

      await client.until((text) =>
        text.endsWith(`GET /a?b ["Host","h",${kept}"X","${Buffer.from('é').toString('latin1')}"]`),
      )
      client.socket.end()
      server.close()
      await once(server, 'close')
    })
  }

  for (const [how, body] of [
    ['of a known length', 'Content-Length: 5\r\n\r\nabcde'],
    ['in chunks', 'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n'],
  ] as const) {
    for (const pieces of ['in one piece', 'byte by byte'] as const) {
      it(`reads a body ${how} that comes ${pieces}`, async () => {
        const server = createServer((request, response) => {
          let received = ''
          request.on('data', (bytes) => (received += String(bytes)))
          request.on('end', () => response.end(`<${received}>`))
        })
        server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) =>
          returnToHttp(server, { request, stream, head }),
        )
        await using client = await RawClient.connect(await listen(server))
        client.socket.setNoDelay(true)
        const request = `POST / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n${body}`

        for (const piece of pieces === 'in one piece' ? [request] : request) {
          client.send(piece)
          await new Promise((resolve) => setImmediate(resolve))
        }

        await client.until((text) => text.includes('<abcde>'))
        client.socket.end()
        server.close()
        await once(server, 'close')
      })
    }
  }

  it('lets the server read the request that follows', async () => {
    const server = createServer((request, response) => response.end(`<${request.url}>`))
    server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) =>
      returnToHttp(server, { request, stream, head }),
    )
    await using client = await RawClient.connect(await listen(server))

    client.send(
      'GET /1 HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n' +
        'GET /2 HTTP/1.1\r\nHost: h\r\n\r\n',
    )

    expect(await client.until((text) => text.includes('</2>'))).toContain('</1>')
    client.socket.end()
    server.close()
    await once(server, 'close')
  })

  it('works over TLS', async () => {
    const server = createSecureServer(certificate, (request, response) => response.end(request.url))
    server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) =>
      returnToHttp(server, { request, stream, head }),
    )
    const port = await listen(server)
    await using client = new RawClient(
      connectTls({ port, host: '127.0.0.1', ca: certificate.cert }),
    )

    client.send(
      'GET /secret HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: TLS/1.3\r\n\r\n',
    )

    await client.until((text) => text.endsWith('/secret'))
    client.socket.end()
    server.close()
    await once(server, 'close')
  })
})
