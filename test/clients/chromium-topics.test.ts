/**
 * Topics in Chromium, in both encodings: a page that loses its server and continues on another.
 */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { embeddedServer, type EmbeddedServer, WebSockets } from 'towpath'
import { defineTopic, memoryBroker, MemoryLog, Topics } from 'towpath/topics'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bundle } from '../support/bundle.ts'

/** As root, without a network beyond this machine. */
const CHROMIUM_ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run']
const HTML = '<!doctype html><title>towpath</title><script type="module" src="/page.js"></script>'
const Room = defineTopic('rooms/:room', {
  history: { size: 100, age: 60_000 },
  presence: {},
})

describe.each(['json', 'binary'] as const)('topics in Chromium, in %s', (encoding) => {
  let profile: string
  let context: BrowserContext
  let servers: EmbeddedServer[]
  let tab: Page

  function serve(log: MemoryLog, script: string): EmbeddedServer {
    return embeddedServer(
      {
        host: '127.0.0.1',
        port: 0,
        signals: false,
        http: ({ url: path }, response) => {
          const isScript = path === '/page.js'
          response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
          response.end(isScript ? script : HTML)
        },
      },
      (app) => {
        app.install(WebSockets, { origins: 'any' })
        const broker = memoryBroker({ log })
        const topics = app.install(Topics, { broker, secret: 'a secret of both servers' })
        topics.allow(Room, {
          subscribe: () => true,
          publish: () => true,
          presence: ({ client, meta }) => ({ key: client.id, meta }),
        })
        app.routing((route) => topics.serve(route, '/live'))
      },
    )
  }

  beforeEach(async () => {
    const log = new MemoryLog()
    const script = await bundle('test/clients/browser/topics-page.ts')
    servers = [serve(log, script), serve(log, script)]
    for (const server of servers) await server.start()
    profile = await mkdtemp(join(tmpdir(), 'towpath-chromium-'))
    context = await chromium.launchPersistentContext(profile, {
      executablePath: '/usr/bin/chromium',
      args: CHROMIUM_ARGS,
    })
    tab = await context.newPage()
    await tab.goto(`http://127.0.0.1:${servers[1]?.address.port}/`)
  }, 60_000)

  afterEach(async () => {
    await context.close()
    for (const server of servers) await server.stop({ grace: 0, timeout: 1000 })
    await rm(profile, { recursive: true, force: true })
  })

  it('T-11 T-22 a page publishes, loses its server, and misses nothing on another', async () => {
    const [first, second] = servers
    if (first === undefined || second === undefined) throw new Error('No server')
    const topic = second.application.plugin(Topics).topic(Room, { room: 'page' })
    await topic.publish('before')
    const urls = [first, second].map(({ address }) => `ws://127.0.0.1:${address.port}/live`)
    const following = tab.evaluate(
      ([addresses, name]) => {
        // The script of the page has put it there.
        const { page } = globalThis as unknown as {
          page: { follow: (urls: string[], encoding: string, count: number) => Promise<unknown> }
        }
        return page.follow(addresses, name, 5)
      },
      [urls, encoding] as const,
    )
    let stored = 0
    for await (const item of topic.events({ from: 'start' })) {
      if (item.type === 'event' && ++stored === 3) break
    }
    await first.stop({ grace: 0, timeout: 1000 })
    await topic.publish('while it is away')
    await topic.publish('after')

    expect(await following).toEqual({
      events: ['before', 'from the page', [1, 2], 'while it is away', 'after'],
      others: ['live'],
      history: [4, 5],
      members: 1,
    })
  })
})
