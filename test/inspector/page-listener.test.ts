import helmet from 'helmet'
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'

import {
  type Application,
  attach,
  createApplication,
  embeddedServer,
  type EmbeddedServerOptions,
  WebSockets,
} from '../../src/index.ts'
import { Inspector, type InspectorOptions } from '../../src/inspector/index.ts'
import { PAGE_HTML } from '../../src/inspector/page.ts'
import { certificate } from '../support/certificate.ts'
import { serveHttp2 } from '../support/http2-server.ts'

const byCookie: InspectorOptions['authorize'] = ({ request, response }) => {
  if (request.cookies.get('key') === 'open') return undefined
  response.headers.append('set-cookie', 'seen=1')
  return new Response('<a href="/login">log in</a>', {
    status: 401,
    headers: { 'content-type': 'text/html', 'content-security-policy': "default-src 'self'" },
  })
}
const KEY = { cookie: 'key=open' }

/** Serves an inspector with `embeddedServer`, and runs `test` with its URL. */
async function serve(
  test: (url: string) => Promise<void>,
  options: Partial<EmbeddedServerOptions> = {},
): Promise<void> {
  const server = embeddedServer({ port: 0, host: '127.0.0.1', signals: false, ...options }, (app) =>
    inspected(app),
  )
  await server.start()
  try {
    await test(`http://127.0.0.1:${server.address.port}/towpath`)
  } finally {
    await server.stop({ grace: 0 })
  }
}

function inspected(app: Application): RequestListener {
  app.install(WebSockets)
  return app.install(Inspector, { authorize: byCookie }).listener
}

async function listening(server: Server): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}` // it listens on TCP
}

describe('the page', () => {
  it('D-15 is sent only if authorize allows it, and the refusal is what authorize returned', async () => {
    await serve(async (url) => {
      const refused = await fetch(url)
      const allowed = await fetch(`${url}/?x=1`, { headers: KEY })

      expect(refused.status).toBe(401)
      expect(await refused.text()).toBe('<a href="/login">log in</a>')
      expect(refused.headers.get('content-security-policy')).toBe("default-src 'self'")
      expect(refused.headers.get('set-cookie')).toBe('seen=1')
      expect(refused.headers.get('cache-control')).toBe('no-store')
      expect(allowed.status).toBe(200)
      expect(await allowed.text()).toBe(PAGE_HTML)
    })
  })

  it('D-15 is nowhere else, and hides from no other path', async () => {
    await serve(
      async (url) => {
        expect(await (await fetch(`${url}s`, { headers: KEY })).text()).toBe('mine')
        expect(await (await fetch(new URL('/', url), { headers: KEY })).text()).toBe('mine')
      },
      { http: (_, response) => response.end('mine') },
    )
  })

  it('answers HEAD without a body, and other methods with 405', async () => {
    await serve(async (url) => {
      const head = await fetch(url, { method: 'HEAD', headers: KEY })
      const post = await fetch(url, { method: 'POST', headers: KEY })

      expect([head.status, await head.text()]).toEqual([200, ''])
      expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    })
  })

  it('D-16 keeps its policy beside helmet, and under a server of your own', async () => {
    const app = createApplication()
    const page = inspected(app)
    const protect = helmet()
    const server = createServer((request, response) => {
      protect(request, response, () => page(request, response))
    })
    attach(app, server)
    const url = await listening(server)
    const answer = await fetch(`${url}/towpath`, { headers: KEY })
    const elsewhere = await fetch(`${url}/other`, { headers: KEY })
    server.close()
    await app.stop()

    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src/)
    expect(answer.headers.get('x-frame-options')).toBe('DENY')
    expect(answer.headers.get('strict-transport-security')).not.toBe(null)
    expect(elsewhere.status).toBe(404)
  })

  it.each([
    ['used before', new Response('no', { status: 401 })],
    ['an error', Response.error()],
  ])('D-15 a Response that is %s refuses with 500, and ends no process', async (_, shared) => {
    await shared.text()
    const app = createApplication(undefined, {
      logger: {
        debug() {},
        info() {},
        warn() {},
        error: (_facts, message) => logged.push(message),
      },
    })
    const logged: string[] = []
    app.install(WebSockets)
    const { listener } = app.install(Inspector, { authorize: () => shared })
    const server = createServer((request, response) => void listener(request, response))
    const url = await listening(server)
    const answer = await fetch(`${url}/towpath`)
    server.close()

    expect(answer.status).toBe(500)
    expect(logged).toEqual(['Inspector failed'])
  })

  it('is sent over HTTP/2 too', async () => {
    const server = await serveHttp2({}, (app) => {
      app.install(Inspector, { authorize: byCookie })
    })
    const client = connectHttp2(`https://127.0.0.1:${server.address.port}`, {
      ca: certificate.cert,
    })
    const stream = client.request({ ':path': '/towpath', cookie: 'key=open' })
    const [headers] = (await once(stream, 'response')) as [Record<string, unknown>]
    let text = ''
    for await (const part of stream.setEncoding('utf8')) text += String(part)
    client.close()
    await server.stop({ grace: 0 })

    expect(headers[':status']).toBe(200)
    expect(headers['content-security-policy']).toContain("default-src 'none'")
    expect(text).toBe(PAGE_HTML)
  })
})
