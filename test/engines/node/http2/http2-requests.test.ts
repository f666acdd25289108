import { once } from 'node:events'
import { connect as connectHttp2, type IncomingHttpHeaders } from 'node:http2'
import { expect, it } from 'vitest'

import type { EmbeddedServer, EmbeddedServerOptions } from '../../../../src/index.ts'
import { certificate } from '../../../support/certificate.ts'
import { serveHttp2 } from '../../../support/http2-server.ts'

/** Asks for `path` over HTTP/2, and resolves with the head and the body of the answer. */
async function ask(server: EmbeddedServer, path: string, method = 'GET') {
  const client = connectHttp2(`https://localhost:${server.address.port}`, { ca: certificate.cert })
  const stream = client.request({ ':path': path, ':method': method })
  const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders]
  let body = ''
  for await (const bytes of stream) body += String(bytes)
  client.close()
  return { status: headers[':status'], body }
}

const quiet: Partial<EmbeddedServerOptions> = {
  logger: { debug() {}, info() {}, warn() {}, error() {} },
}

it('a request of HTTP/2 goes to the http listener', async () => {
  await using server = await serveHttp2({
    http: (request, response) => {
      response.statusCode = 201
      response.end(`${request.method} ${request.url} ${request.headers.host ?? ''}`)
    },
  })

  expect(await ask(server, '/page?a=b')).toEqual({ status: 201, body: 'GET /page?a=b ' })
})

it('without a listener a request of HTTP/2 gets 404', async () => {
  await using server = await serveHttp2()

  expect((await ask(server, '/page')).status).toBe(404)
  expect(await ask(server, '/page', 'HEAD')).toEqual({ status: 404, body: '' })
})

it('a listener that throws is answered with 500, and its connection goes on', async () => {
  await using server = await serveHttp2({
    ...quiet,
    http: () => {
      throw new Error('on purpose')
    },
  })
  const { status, body } = await ask(server, '/page')

  expect(status).toBe(500)
  expect(body).not.toContain('on purpose')
})

it('an answer that a listener began before it threw ends with INTERNAL_ERROR, and not as whole', async () => {
  await using server = await serveHttp2({
    ...quiet,
    http: async (_, response) => {
      await new Promise<void>((sent) => void response.write('half', () => sent()))
      throw new Error('on purpose')
    },
  })
  const client = connectHttp2(`https://localhost:${server.address.port}`, { ca: certificate.cert })
  const stream = client.request({ ':path': '/page' })
  stream.resume()

  await expect(once(stream, 'close')).rejects.toMatchObject({ code: 'ERR_HTTP2_STREAM_ERROR' })
  expect(stream.rstCode).toBe(2)
  client.destroy()
})

it('D-04 health checks of HTTP/2 are answered before the http listener is asked', async () => {
  await using server = await serveHttp2({
    health: { live: '/live', ready: '/ready' },
    http: (_, response) => response.end('page'),
  })

  expect(await ask(server, '/live?x')).toEqual({ status: 200, body: 'live\n' })
  expect(await ask(server, '/ready', 'HEAD')).toEqual({ status: 200, body: '' })
  expect(await ask(server, '/')).toEqual({ status: 200, body: 'page' })
})
