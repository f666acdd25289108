/**
 * Cross-site WebSocket hijacking (CWE-1385, RFC 6455 §10.2) with a real browser: pages of other
 * origins open WebSockets to the application, and the browser sends its users' cookies along.
 */

import { createServer, type RequestListener, type Server } from 'node:http'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import {
  type ApplicationRequest,
  type EmbeddedServer,
  embeddedServer,
  WebSockets,
} from '../../src/index.ts'
import { listen } from '../support/loopback.ts'

/** As root, without a network beyond this machine; every name is this machine. */
const CHROMIUM_ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--host-resolver-rules=MAP *.test 127.0.0.1',
]

/** The application's host, where the user has logged in. */
const HOST = 'chat.example.test'

/** What a page saw of its WebSocket, and what the application saw of the request. */
interface Attempt {
  readonly page: string
  readonly origin: string | null
  readonly cookie: string | undefined
  readonly status: number
}

describe('a WebSocket from a page in Chromium', () => {
  let profile: string
  let context: BrowserContext
  let server: EmbeddedServer
  /** Serves pages on another port than the application's. */
  let elsewhere: Server
  let port: number
  let otherPort: number
  let seen: Omit<Attempt, 'page'>[]

  beforeAll(async () => {
    elsewhere = createServer(servePage)
    otherPort = await listen(elsewhere)
    server = embeddedServer(
      { host: '127.0.0.1', port: 0, signals: false, http: servePage },
      (app) => {
        app.install(WebSockets)
        app.routing((route) => {
          const listed = { origins: [`http://partner.test:${otherPort}`] }
          route.webSocket('/account', async ({ call, incoming, send }) => {
            await send(`hello ${call.request.cookies.get('session')}`)
            await incoming.receiveCatching()
          })
          route.webSocket('/partner', listed, async ({ incoming, send }) => {
            await send('hello partner')
            await incoming.receiveCatching()
          })
        })
        const note = (status: number, { headers, cookies }: ApplicationRequest): void => {
          seen.push({ origin: headers.get('origin'), cookie: cookies.get('session'), status })
        }
        app.monitor.on('upgradeRefused', ({ request, status }) => note(status, request))
        app.monitor.on('sessionOpened', ({ session }) => note(101, session.call.request))
      },
    )
    await server.start()
    port = server.address.port
    profile = await mkdtemp(join(tmpdir(), 'towpath-chromium-'))
    context = await chromium.launchPersistentContext(profile, {
      executablePath: '/usr/bin/chromium',
      args: CHROMIUM_ARGS,
    })
    await visit(`http://${HOST}:${port}/login`, 'document.cookie')
  }, 60_000)

  afterAll(async () => {
    await context.close()
    await server.stop({ grace: 0, timeout: 1000 })
    elsewhere.close()
    await rm(profile, { recursive: true, force: true })
  })

  /** Evaluates `expression` on the page at `url`. */
  async function visit(url: string, expression: string): Promise<string> {
    const page = await context.newPage()
    await page.goto(url)
    const result = await page.evaluate<string>(expression)
    await page.close()
    return result
  }

  /** The page at `url` opens a WebSocket to the application. */
  async function attempt(url: string, path = '/account'): Promise<Attempt> {
    seen = []
    const page = await visit(url, connecting(`ws://${HOST}:${port}${path}`))
    const [request] = seen
    if (request === undefined) throw new Error('The browser has not asked')
    return { page, ...request }
  }

  it('of the application’s own origin is let in, with its cookie', async () => {
    expect(await attempt(`http://${HOST}:${port}/`)).toEqual({
      page: 'hello s3cret',
      origin: `http://${HOST}:${port}`,
      cookie: 's3cret',
      status: 101,
    })
  })

  // Pages of one site, whatever its subdomains and ports, get along cookies that are SameSite=Lax
  // or Strict.
  it.each([
    ['another port', () => `http://${HOST}:${otherPort}`],
    ['a subdomain', () => `http://blog.${HOST}:${port}`],
    ['a sibling', () => `http://old.example.test:${port}`],
    ['the parent', () => `http://example.test:${port}`],
  ])('of %s is refused, though the cookie comes along', async (_what, origin) => {
    expect(await attempt(`${origin()}/`)).toEqual({
      page: 'refused',
      origin: origin(),
      cookie: 's3cret',
      status: 403,
    })
  })

  it.each([
    ['another site', () => `http://evil.test:${port}`],
    ['a name that ends with ours', () => `http://evil${HOST}:${port}`],
    ['a name that begins with ours', () => `http://${HOST}.evil.test:${port}`],
    ['the same machine by its address', () => `http://127.0.0.1:${port}`],
  ])('of %s is refused', async (_what, origin) => {
    expect(await attempt(`${origin()}/`)).toMatchObject({
      page: 'refused',
      origin: origin(),
      status: 403,
    })
  })

  it('of a sandbox, whose origin is null, is refused', async () => {
    expect(await attempt(`http://${HOST}:${port}/sandboxed`)).toMatchObject({
      page: 'refused',
      origin: 'null',
      status: 403,
    })
  })

  it('of an origin that is listed is let in', async () => {
    expect(await attempt(`http://partner.test:${otherPort}/`, '/partner')).toMatchObject({
      page: 'hello partner',
      status: 101,
    })
    expect(await attempt(`http://${HOST}:${port}/`, '/partner')).toMatchObject({ status: 101 })
  })

  it.each([
    ['another port', () => `http://partner.test:${port}`],
    ['a subdomain', () => `http://evil.partner.test:${otherPort}`],
    ['a name that begins with it', () => `http://partner.test.evil.test:${otherPort}`],
    ['a name that ends with it', () => `http://evilpartner.test:${otherPort}`],
  ])('of %s than the listed one is refused', async (_what, origin) => {
    expect(await attempt(`${origin()}/`, '/partner')).toMatchObject({
      page: 'refused',
      origin: origin(),
      status: 403,
    })
  })
})

/** The same page on every host; one that logs in; one whose origin is opaque. */
const servePage: RequestListener = (request, response) => {
  const headers: Record<string, string> = { 'content-type': 'text/html; charset=utf-8' }
  if (request.url === '/login')
    headers['set-cookie'] = 'session=s3cret; Path=/; SameSite=Strict; HttpOnly'
  if (request.url === '/sandboxed') headers['content-security-policy'] = 'sandbox allow-scripts'
  response.writeHead(200, headers).end('<!doctype html><title>page</title>')
}

/** What a page does: it answers with the first message, or that it was refused. */
function connecting(url: string): string {
  return `new Promise((resolve) => {
    const socket = new WebSocket(${JSON.stringify(url)})
    socket.onmessage = ({ data }) => { resolve(data); socket.close() }
    socket.onclose = () => resolve('refused')
  })`
}
