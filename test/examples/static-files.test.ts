/**
 * The pages of the examples over HTTP, from a server on a port that the system chooses.
 */

import { createServer, request } from 'node:http'
import type { IncomingHttpHeaders, RequestOptions, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serveStaticFiles } from '../../examples/static-files.ts'

interface Answer {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

const folder = (path: string): string =>
  fileURLToPath(new URL(`../../examples/${path}`, import.meta.url))

describe('serveStaticFiles()', () => {
  let server: Server

  beforeAll(async () => {
    server = createServer(
      serveStaticFiles({ '/': folder('public/'), '/chat/': folder('chat/public/') }),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })

  afterAll(async () => {
    await new Promise((resolve) => server.close(resolve))
  })

  /** Not `fetch`: that tidies paths up before it sends them. */
  function ask(path: string, options: RequestOptions = {}): Promise<Answer> {
    // A listening TCP server has an address of this shape.
    const { port } = server.address() as AddressInfo
    return new Promise((resolve, reject) => {
      const asked = request(
        { port, host: '127.0.0.1', path, agent: false, ...options },
        (response) => {
          let body = ''
          response.setEncoding('utf8')
          response.on('data', (chunk: string) => (body += chunk))
          response.on('end', () =>
            resolve({ status: response.statusCode, headers: response.headers, body }),
          )
        },
      )
      asked.on('error', reject)
      asked.end()
    })
  }

  it.each([
    ['/', 'text/html; charset=utf-8'],
    ['/?from=here', 'text/html; charset=utf-8'],
    ['/base.css', 'text/css; charset=utf-8'],
    ['/icon.svg', 'image/svg+xml'],
    ['/chat/', 'text/html; charset=utf-8'],
    ['/chat/chat.js', 'text/javascript; charset=utf-8'],
  ])('serveStaticFiles() answers %s as %s', async (path, contentType) => {
    const { status, headers, body } = await ask(path)

    expect(status).toBe(200)
    expect(headers['content-type']).toBe(contentType)
    expect(Number(headers['content-length'])).toBe(Buffer.byteLength(body))
  })

  it('serveStaticFiles() lets the page load and connect to nothing but this server', async () => {
    const { headers } = await ask('/chat/')

    expect(headers['content-security-policy']).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    )
    expect(headers['x-content-type-options']).toBe('nosniff')
  })

  it('serveStaticFiles() answers HEAD with the headers alone', async () => {
    const { status, headers, body } = await ask('/base.css', { method: 'HEAD' })

    expect(status).toBe(200)
    expect(Number(headers['content-length'])).toBeGreaterThan(0)
    expect(body).toBe('')
  })

  it('serveStaticFiles() answers 304 to a browser that has the file', async () => {
    const first = await ask('/base.css')
    const etag = first.headers.etag ?? ''

    const again = await ask('/base.css', { headers: { 'if-none-match': etag } })

    expect(first.headers['cache-control']).toBe('no-cache')
    expect(etag).not.toBe('')
    expect(again.status).toBe(304)
    expect(again.body).toBe('')
  })

  it.each([
    '/missing',
    '/chat/../../package.json',
    '/../start.ts',
    '/%2e%2e/start.ts',
    '/..%2fstart.ts',
    '/chat\\..\\chat.ts',
    '/chat/..%5c..%5cpackage.json',
    '//etc/passwd',
    '/base.css%00',
    '/__proto__',
  ])('serveStaticFiles() answers 404 to %s', async (path) => {
    const { status, headers, body } = await ask(path)

    expect(status).toBe(404)
    expect(headers['content-type']).toBe('text/plain; charset=utf-8')
    expect(body).toBe('There is no such page here\n')
  })

  it('serveStaticFiles() answers 404 to a browser with a page that leads back', async () => {
    const { status, headers, body } = await ask('/missing', {
      headers: { accept: 'text/html,*/*;q=0.8' },
    })

    expect(status).toBe(404)
    expect(headers['content-type']).toBe('text/html; charset=utf-8')
    expect(headers['content-security-policy']).toContain("default-src 'none'")
    expect(body).toContain('<a class="button" href="/">')
  })

  it('serveStaticFiles() never answers 304 for a page that is not there', async () => {
    const first = await ask('/missing', { headers: { accept: 'text/html' } })
    const again = await ask('/missing', {
      headers: { accept: 'text/html', 'if-none-match': first.headers.etag ?? '' },
    })

    expect(again.status).toBe(404)
  })

  it('serveStaticFiles() sends a folder without its slash on', async () => {
    const { status, headers } = await ask('/chat')

    expect(status).toBe(308)
    expect(headers.location).toBe('/chat/')
  })

  it('serveStaticFiles() answers 405 to anything but GET and HEAD', async () => {
    const { status, headers } = await ask('/', { method: 'POST' })

    expect(status).toBe(405)
    expect(headers.allow).toBe('GET, HEAD')
  })
})
