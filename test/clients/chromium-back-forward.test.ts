/**
 * A page that the user leaves in Chromium, which may keep the page for the Back button, and its
 * connections with it.
 */

import { createServer, type Server } from 'node:http'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page as Tab } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'

import {
  type CloseInfo,
  embeddedServer,
  type EmbeddedServer,
  Frame,
  WebSockets,
} from '../../src/index.ts'
import { bundle } from '../support/bundle.ts'
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

/** The programs of `browser/leaving-page.ts`. */
interface LeavingPage {
  opened(): Promise<void>
}

describe.each(['WebSocketStream', 'WebSocket'])('a page that is left (%s)', (way) => {
  let profile: string
  let context: BrowserContext
  let server: EmbeddedServer
  let elsewhere: Server
  let otherPort: number
  let tab: Tab
  let ended: CloseInfo[]
  /** What the connection that comes back has said when it was opened. */
  let said: string[]
  let wake: () => void

  beforeAll(async () => {
    const script = await bundle('test/clients/browser/leaving-page.ts')
    const page = `<!doctype html><title>Stays</title><script type="module">${script}</script>`
    elsewhere = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html>Elsewhere')
    })
    otherPort = await listen(elsewhere)
    server = embeddedServer(
      {
        host: '127.0.0.1',
        port: 0,
        signals: false,
        http: (_, response) => {
          response.writeHead(200, { 'content-type': 'text/html' }).end(page)
        },
      },
      (app) => {
        app.install(WebSockets)
        app.monitor.on('sessionClosed', ({ info }) => {
          ended.push(info)
          wake()
        })
        app.routing((route) => {
          route.webSocket('/stays', ({ incoming }) =>
            incoming.consumeEach((frame) => {
              if (frame instanceof Frame.Text) said.push(frame.readText())
              wake()
            }),
          )
        })
      },
    )
    await server.start()
    profile = await mkdtemp(join(tmpdir(), 'towpath-chromium-'))
    context = await chromium.launchPersistentContext(profile, {
      executablePath: '/usr/bin/chromium',
      args: CHROMIUM_ARGS,
      ignoreDefaultArgs: ['--disable-back-forward-cache'],
    })
  }, 60_000)

  afterAll(async () => {
    await context.close()
    await server.stop({ grace: 0, timeout: 1000 })
    elsewhere.close()
    await rm(profile, { recursive: true, force: true })
  })

  beforeEach(async () => {
    ended = []
    said = []
    wake = () => {}
    tab = await context.newPage()
    await tab.goto(`http://stays.test:${server.address.port}/?way=${way}`)
    await call('opened')
  })

  function call<Name extends keyof LeavingPage>(
    name: Name,
  ): Promise<Awaited<ReturnType<LeavingPage[Name]>>> {
    return tab.evaluate((program) => {
      // The script of the page has put it there.
      const { page } = globalThis as unknown as { page: Record<string, () => unknown> }
      return page[program]?.()
    }, name) as Promise<Awaited<ReturnType<LeavingPage[Name]>>>
  }

  /** Waits until `count` sessions have ended. */
  async function codesOf(count: number): Promise<(number | undefined)[]> {
    while (ended.length < count) await new Promise<void>((resolve) => (wake = resolve))
    return ended.map(({ reason }) => reason.code)
  }

  it('ends its sessions when it goes to another site, and connects again after Back', async () => {
    await tab.goto(`http://elsewhere.test:${otherPort}/`)
    expect(await codesOf(2)).toEqual([4001, 4001])
    // Playwright's own goBack() waits for a load that a page that was kept does not have.
    await tab.evaluate('void setTimeout(() => history.back())')

    while (said.length < 2) await new Promise<void>((resolve) => (wake = resolve))
    expect(said).toEqual(['new', 'kept 4001'])
    await tab.close()
    // The session that came back ends a moment after its tab.
    expect(await codesOf(3)).toEqual([4001, 4001, 1001])
  })

  it('ends its sessions when its tab is closed', async () => {
    await tab.close()

    expect(await codesOf(2)).toEqual([1001, 1001])
  })
})
