/**
 * Typed messages of a page in Chromium, over a bundle that has no schema in it.
 */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { embeddedServer, type EmbeddedServer, WebSockets } from 'towpath'
import { typed } from 'towpath/messages'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chatContract, LIBRARIES } from '../suites/messages/schemas.ts'
import { serveChat } from '../suites/messages/suite.ts'
import { bundle } from '../support/bundle.ts'

/** As root, without a network beyond this machine. */
const CHROMIUM_ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run']

describe('typed messages in Chromium', () => {
  let profile: string
  let context: BrowserContext
  let server: EmbeddedServer
  let tab: Page

  beforeAll(async () => {
    const { zod } = LIBRARIES
    if (zod === undefined) throw new Error('Cannot find zod')
    const chat = chatContract(zod)
    const script = await bundle('test/clients/browser/messages-page.ts')
    server = embeddedServer(
      {
        host: '127.0.0.1',
        port: 0,
        signals: false,
        http: ({ url: path }, response) => {
          const isScript = path === '/page.js'
          response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
          response.end(
            isScript
              ? script
              : '<!doctype html><title>towpath</title><script type="module" src="/page.js"></script>',
          )
        },
      },
      (app) => {
        app.install(WebSockets)
        app.routing((route) => {
          route.webSocket('/messages', { protocols: chat.protocols }, (session) =>
            serveChat(typed(session, chat)),
          )
          // The first frame is no message of any contract; the page ends the session.
          route.webSocket('/broken', { protocols: chat.protocols }, async ({ send, closed }) => {
            await send('{')
            await closed
          })
        })
      },
    )
    await server.start()
    profile = await mkdtemp(join(tmpdir(), 'towpath-chromium-'))
    context = await chromium.launchPersistentContext(profile, {
      executablePath: '/usr/bin/chromium',
      args: CHROMIUM_ARGS,
    })
    tab = await context.newPage()
    await tab.goto(url('http', '/'))
  }, 60_000)

  afterAll(async () => {
    await context.close()
    await server.stop({ grace: 0, timeout: 1000 })
    await rm(profile, { recursive: true, force: true })
  })

  function url(scheme: 'http' | 'ws', path: string): string {
    return `${scheme}://127.0.0.1:${server.address?.port}${path}`
  }

  /** Calls a program of the page. */
  function call(name: string, path = '/messages'): Promise<unknown> {
    return tab.evaluate(
      ([program, address]) => {
        // The script of the page has put it there.
        const { page } = globalThis as unknown as {
          page: Record<string, (url: string) => Promise<unknown>>
        }
        return page[program]?.(address)
      },
      [name, url('ws', path)] as const,
    )
  }

  it('M-12 M-13 M-21 M-25 sends, asks, streams, uploads and answers', async () => {
    expect(await call('exercise')).toEqual({
      event: { from: 'server', text: 'hello' },
      response: { lines: ['a'] },
      failure: { type: 'failed', failure: 'NO_SUCH_ROOM', data: { room: 'none' } },
      stream: [4950, { n: 3 }],
      upload: { n: 3 },
      bytes: [[1, 2], [255]],
      store: { n: 70_000 },
      asked: 'ask me',
    })
  })

  it('M-07 is told with 1008 what the server finds invalid', async () => {
    expect(await call('breakRules')).toEqual([1008, 'Invalid message: say'])
  })

  it('M-06 says 4007 where a server would say 1007', async () => {
    expect(await call('isBroken', '/broken')).toBe(4007)
  })
})
