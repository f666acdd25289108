/**
 * Topics in Chromium, in both encodings: a page that loses its server and continues on another,
 * that goes offline and returns, and whose nodes are restarted in turn.
 */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { embeddedServer, type EmbeddedServer, WebSockets } from 'towpath'
import { defineTopic, memoryBroker, MemoryLog, type Topic, Topics } from 'towpath/topics'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CutProxy } from '../support/brokers/cut-proxy.ts'
import { bundle } from '../support/bundle.ts'
import type { Told, TopicsPage } from './browser/topics-page.ts'

/** As root, without a network beyond this machine. */
const CHROMIUM_ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run']
const HTML = '<!doctype html><title>towpath</title><script type="module" src="/page.js"></script>'
const Room = defineTopic('rooms/:room', {
  history: { size: 10_000, age: 600_000 },
  presence: {},
})
/** Keeps so few events that a page misses some. */
const Short = defineTopic('short/:room', { history: { size: 5, age: 600_000 } })

/** What a page has told, in order. */
class News {
  readonly all: Told[] = []
  readonly #waiting = new Set<() => void>()

  push(what: Told): void {
    this.all.push(what)
    for (const look of this.#waiting) look()
  }

  of<Type extends Told['type']>(type: Type): Told[] {
    return this.all.filter((each) => each.type === type)
  }

  /** Resolves when it is so. */
  until(isSo: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!isSo()) return
        this.#waiting.delete(look)
        resolve()
      }
      this.#waiting.add(look)
      look()
    })
  }

  /** Resolves when the page has told `count` of a type. */
  count(type: string, count: number): Promise<void> {
    return this.until(() => this.of(type).length >= count)
  }
}

let profile: string
let context: BrowserContext
let script: string

beforeAll(async () => {
  script = await bundle('test/clients/browser/topics-page.ts')
  profile = await mkdtemp(join(tmpdir(), 'towpath-chromium-'))
  context = await chromium.launchPersistentContext(profile, {
    executablePath: '/usr/bin/chromium',
    args: CHROMIUM_ARGS,
  })
}, 60_000)

afterAll(async () => {
  await context.close()
  await rm(profile, { recursive: true, force: true })
})

/** A node whose address stays when it is restarted. */
class Node {
  readonly #log: MemoryLog
  readonly #proxy: CutProxy
  #server: EmbeddedServer

  private constructor(log: MemoryLog, proxy: CutProxy, server: EmbeddedServer) {
    this.#log = log
    this.#proxy = proxy
    this.#server = server
  }

  static async start(log: MemoryLog): Promise<Node> {
    const server = serve(log)
    await server.start()
    return new Node(log, await CutProxy.listen(server.address.port), server)
  }

  get proxy(): CutProxy {
    return this.#proxy
  }

  get page(): string {
    return `http://127.0.0.1:${this.#proxy.port}/`
  }

  get url(): string {
    return `ws://127.0.0.1:${this.#proxy.port}/live`
  }

  topic(kind: typeof Room | typeof Short, room: string): Topic {
    return this.#server.application.plugin(Topics).topic(kind, { room })
  }

  /** @param isDrained whether the node says goodbye to its clients. */
  async restart(isDrained: boolean): Promise<void> {
    if (!isDrained) this.#proxy.cut()
    await this.stop()
    this.#proxy.cut()
    this.#server = serve(this.#log)
    await this.#server.start()
    this.#proxy.target = this.#server.address.port
    this.#proxy.mend()
  }

  async stop(): Promise<void> {
    await this.#server.stop({ grace: 0, timeout: 1000 })
  }

  async end(): Promise<void> {
    await this.stop()
    await this.#proxy.close()
  }
}

function serve(log: MemoryLog): EmbeddedServer {
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
      const topics = app.install(Topics, {
        broker: memoryBroker({ log }),
        secret: 'a secret of both servers',
        maxPublishesPerSecond: 1000,
      })
      const allowed = { subscribe: () => true, publish: () => true }
      topics.allow(Room, {
        ...allowed,
        presence: ({ client, meta }) => ({ key: client.id, meta }),
      })
      topics.allow(Short, allowed)
      app.routing((route) => topics.serve(route, '/live'))
    },
  )
}

/** The events of a topic that are stored. */
async function stored(topic: Topic): Promise<Told[]> {
  const events: Told[] = []
  for await (const item of topic.events({ from: 'start' })) {
    if (item.type === 'live') break
    if (item.type === 'event') {
      events.push({ type: 'event', offset: item.offset, event: item.event })
    }
  }
  return events
}

describe.each(['json', 'binary'] as const)('topics in Chromium, in %s', (encoding) => {
  let first: Node
  let second: Node
  let tab: Page
  let news: News

  /** Runs a program of the page. */
  function call<Name extends keyof TopicsPage['page']>(
    name: Name,
    ...args: Parameters<TopicsPage['page'][Name]>
  ): Promise<unknown> {
    return tab.evaluate(
      ([program, given]) => {
        // The script of the page has put it there.
        const { page } = globalThis as unknown as {
          page: Record<string, (...all: unknown[]) => unknown>
        }
        return page[program]?.(...given)
      },
      [name as string, args as unknown[]] as const,
    )
  }

  /** Takes the network away from the page, and its connection. */
  async function goOffline(): Promise<void> {
    await context.setOffline(true)
    await news.count('offline', 1)
    first.proxy.cut()
    await news.count('waiting', 1)
  }

  /** The node can be reached before the page has a network again. */
  async function goOnline(): Promise<void> {
    first.proxy.mend()
    expect(news.of('open')).toHaveLength(1)
    await context.setOffline(false)
    await news.count('open', 2)
  }

  beforeEach(async () => {
    const log = new MemoryLog()
    first = await Node.start(log)
    second = await Node.start(log)
    tab = await context.newPage()
    news = new News()
    await tab.exposeFunction('told', (what: Told) => news.push(what))
    await tab.goto(second.page)
  })

  afterEach(async () => {
    await context.setOffline(false)
    await tab.close()
    await first.end()
    await second.end()
  })

  it('T-11 T-22 a page publishes, loses its server, and misses nothing on another', async () => {
    const topic = second.topic(Room, 'page')
    await topic.publish('before')
    const following = call('follow', [first.url, second.url], encoding, 5)
    let count = 0
    for await (const item of topic.events({ from: 'start' })) {
      if (item.type === 'event' && ++count === 3) break
    }
    await first.stop()
    await topic.publish('while it is away')
    await topic.publish('after')

    expect(await following).toEqual({
      events: ['before', 'from the page', [1, 2], 'while it is away', 'after'],
      others: ['live'],
      history: [4, 5],
      members: 1,
    })
  })

  it('T-11 T-22 a page goes offline and comes back, and nothing is missing, twice or out of order', async () => {
    const topic = first.topic(Room, 'offline')
    await call('stay', [first.url], encoding, topic.name)
    await news.count('live', 1)
    await topic.publish('before')
    await news.count('event', 1)

    first.proxy.silence()
    await call('publish', 'into silence')
    await goOffline()
    await call('publish', 'offline')
    await topic.publish('while it is away')
    await goOnline()
    await news.count('published', 2)
    await topic.publish('after')
    await news.count('event', 5)

    const log = await stored(topic)
    expect(news.of('event')).toEqual(log)
    expect(news.of('published')).toEqual([
      { type: 'published', offset: 3, event: 'into silence' },
      { type: 'published', offset: 4, event: 'offline' },
    ])
    const events = ['before', 'while it is away', 'into silence', 'offline', 'after']
    expect(log.map((each) => ('event' in each ? each.event : null))).toEqual(events)
    expect(news.of('live')).toHaveLength(2)
    expect(news.of('gap')).toEqual([])
  })

  it('T-12 a page that was offline for longer than the history reaches is told the gap', async () => {
    const topic = first.topic(Short, 'offline')
    await call('stay', [first.url], encoding, topic.name)
    await news.count('live', 1)
    await topic.publish(1)
    await news.count('event', 1)
    await goOffline()
    // The node that comes back knows only what the log has kept.
    await first.restart(true)
    for (let n = 2; n <= 20; n++) await second.topic(Short, 'offline').publish(n)
    await goOnline()
    await news.count('event', 6)

    const items = news.all.filter(({ type }) => type === 'event' || type === 'gap')
    const events = [1, 16, 17, 18, 19, 20].map((n) => ({ type: 'event', offset: n, event: n }))
    const gap = { type: 'gap', reason: 'trimmed', missed: 14 }
    expect(items).toEqual([events[0], gap, ...events.slice(1)])
  })

  it('T-11 T-22 both nodes are restarted in turn while a page publishes, and it misses nothing', async () => {
    await call('stay', [first.url, second.url], encoding, 'rooms/rolling')
    await call('keepPublishing')
    await news.count('published', 5)
    for (const isDrained of [true, false]) {
      for (const [node, other] of [
        [first, second],
        [second, first],
      ] as const) {
        await node.restart(isDrained)
        await other.topic(Room, 'rolling').publish('from a server')
        const before = news.of('published').length
        await news.count('published', before + 5)
      }
    }
    await call('stopPublishing')
    await news.count('stopped', 1)
    const log = await stored(first.topic(Room, 'rolling'))
    await news.count('event', log.length)

    expect(news.of('event')).toEqual(log)
    const own = log.filter((each) => 'event' in each && typeof each.event === 'number')
    const published = own.map((each) => ({ ...each, type: 'published' }))
    expect(news.of('published')).toEqual(published)
    expect(own.map((each) => ('event' in each ? each.event : null))).toEqual([...own.keys()])
    expect(log).toHaveLength(own.length + 4)
    expect(news.of('open').length).toBeGreaterThanOrEqual(3)
    expect(news.all.filter(({ type }) => type === 'gap' || type === 'failed')).toEqual([])
  })
})
