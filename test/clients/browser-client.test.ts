/**
 * `towpath/client` in a real browser, over both of its interfaces, from a bundle made by Vite,
 * against our server.
 */

import { mkdtemp, rm } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page as Tab } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'

import {
  type Application,
  type CloseInfo,
  CloseReason,
  embeddedServer,
  type EmbeddedServer,
  Frame,
  type WebSocketServerSession,
  WebSockets,
} from '../../src/index.ts'
import { bundle } from '../support/bundle.ts'
import type { Page, Way } from './browser/page.ts'

/** As root, without a network beyond this machine. */
const CHROMIUM_ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
const MIB = 1024 * 1024
const SIZES = [0, 1, 125, 126, 65_535, 65_536, MIB - 10]

describe.each(['WebSocketStream', 'WebSocket'] as const)('towpath/client over %s', (way: Way) => {
  let profile: string
  let context: BrowserContext
  let server: EmbeddedServer
  let tab: Tab
  /** Of the sessions of the server that have ended, in order. */
  let ended: CloseInfo[]
  let waiting: (() => void)[]
  /** The most messages that the server had sent and the page had not read, at any time. */
  let mostUnread: number
  let visits: number

  beforeAll(async () => {
    const script = await bundle('test/clients/browser/page.ts')
    profile = await mkdtemp(join(tmpdir(), 'towpath-chromium-'))
    context = await chromium.launchPersistentContext(profile, {
      executablePath: '/usr/bin/chromium',
      args: CHROMIUM_ARGS,
    })
    server = embeddedServer(
      { host: '127.0.0.1', port: 0, signals: false, http: serveScript(script) },
      routes,
    )
    await server.start()
    tab = await context.newPage()
    await tab.goto(url('/', 'http'))
  }, 60_000)

  afterAll(async () => {
    await context.close()
    await server.stop({ grace: 0, timeout: 1000 })
    await rm(profile, { recursive: true, force: true })
  })

  beforeEach(() => {
    ended = []
    waiting = []
    mostUnread = 0
    visits = 0
  })

  function url(path: string, scheme: 'ws' | 'http' = 'ws'): string {
    return `${scheme}://127.0.0.1:${server.address?.port}${path}`
  }

  /** Calls one program of the page. */
  function call<Name extends keyof Page>(
    name: Name,
    ...args: Parameters<Page[Name]>
  ): Promise<Awaited<ReturnType<Page[Name]>>> {
    return tab.evaluate(
      ([program, values]) => {
        // The script of the page has put it there.
        const { page } = globalThis as unknown as {
          page: Record<string, (...all: unknown[]) => unknown>
        }
        return page[program]?.(...values)
      },
      [name, args] as const,
    ) as Promise<Awaited<ReturnType<Page[Name]>>>
  }

  /** How the next session of the server that has not been asked about ended. */
  async function serverEnd(): Promise<CloseInfo> {
    for (;;) {
      const info = ended.shift()
      if (info !== undefined) return info
      await new Promise<void>((resolve) => waiting.push(resolve))
    }
  }

  function routes(app: Application): void {
    app.install(WebSockets)
    app.monitor.on('sessionClosed', ({ info }) => {
      ended.push(info)
      for (const wake of waiting.splice(0)) wake()
    })
    app.routing((route) => {
      route.webSocket('/echo', async ({ incoming, send }) => {
        for await (const frame of incoming) await send(frame)
      })
      route.webSocket('/greets', async ({ send, close }) => {
        for (let n = 1; n <= 200; n++) await send(n % 2 === 0 ? `${n}` : Uint8Array.of(n & 0xff))
        await close(new CloseReason(4321, 'that is all ✓'))
      })
      route.webSocket('/close/:code', ({ call: { parameters }, close }) => {
        void close(new CloseReason(Number(parameters.code), 'server'))
      })
      route.webSocket('/vanishes', async ({ send, flush, terminate }) => {
        await send('last words')
        await flush()
        terminate()
      })
      route.webSocket('/listens', async ({ incoming }) => {
        for await (const _ of incoming);
      })
      route.webSocket('/chats', { protocols: ['chat.v2', 'chat.v1'] }, () => {})
      route.webSocket('/floods', flood)
      route.webSocket('/flaky', async ({ send, flush, incoming, terminate }) => {
        visits++
        await send(`visit ${visits}`)
        await flush()
        if (visits % 3 === 0) await incoming.receiveCatching()
        else terminate()
      })
      route.route('/guarded', (guarded) => {
        guarded.intercept(() => new Response('members only', { status: 403 }))
        guarded.webSocket('/', () => {})
      })
      route.route('/silent', (silent) => {
        silent.intercept(() => new Promise<undefined>(() => {}))
        silent.webSocket('/', () => {})
      })
    })
  }

  /**
   * 1024 messages of 64 KiB, as fast as the page takes them; then waits until all have been read.
   */
  async function flood({ incoming, send, launch }: WebSocketServerSession): Promise<void> {
    let read = 0
    const reading = launch(async () => {
      for await (const frame of incoming) {
        read = frame instanceof Frame.Text ? Number(frame.readText()) : read
        if (read === 1024) return
      }
    })
    const bytes = new Uint8Array(64 * 1024)
    for (let sent = 1; sent <= 1024; sent++) {
      await send(bytes)
      mostUnread = Math.max(mostUnread, sent - read)
    }
    await reading
  }

  it('the browser has what this is about', async () => {
    expect(await call('hasStream')).toBe(true)
  })

  it('text and bytes of all sizes come back, in their order', async () => {
    expect(await call('echo', url('/echo'), way, SIZES)).toEqual([])
    expect(await serverEnd()).toMatchObject({
      reason: { code: 1000 },
      initiator: 'remote',
      clean: true,
    })
  })

  it('nothing that comes before the page reads is lost, and the end comes last', async () => {
    const { frames, end, after } = await call('readAll', url('/greets'), way)

    expect(frames).toHaveLength(200)
    expect(frames.slice(0, 4)).toEqual(['binary 1', 'text 2', 'binary 3', 'text 4'])
    expect(frames.at(-1)).toBe('text 200')
    expect(after).toMatch(/^ClosedReceiveChannelError: /)
    expect(end).toEqual({
      reason: [4321, 'that is all ✓'],
      initiator: 'remote',
      local: [4321, ''],
      remote: [4321, 'that is all ✓'],
      clean: true,
      cause: null,
    })
    expect(await serverEnd()).toMatchObject({ initiator: 'local', clean: true })
  })

  it.runIf(way === 'WebSocketStream')(
    'what the browser loses, because the page did not read, is not lost without a word',
    async () => {
      const { frames, end, after } = await call('readAll', url('/greets'), way, 64 * 100)

      expect(frames.length).toBeGreaterThanOrEqual(100)
      expect(after).toMatch(/^MessagesLostError: /)
      expect(end).toMatchObject({ reason: [4321, 'that is all ✓'], cause: 'MessagesLostError' })
    },
  )

  it.each([1000, 1001, 1008, 1011, 1012, 3000, 4999])(
    'a server that closes with %i is believed',
    async (code) => {
      const { end } = await call('readAll', url(`/close/${code}`), way)

      expect(end).toMatchObject({ reason: [code, 'server'], initiator: 'remote', clean: true })
      expect((await serverEnd()).remote?.code).toBe(code)
    },
  )

  it.each([
    [null, [1000, '']],
    [
      [1000, 'done ✓'],
      [1000, 'done ✓'],
    ],
    [
      [3000, ''],
      [3000, ''],
    ],
    [
      [4999, 'x'.repeat(123)],
      [4999, 'x'.repeat(123)],
    ],
  ] as const)('a page that closes with %j says so', async (reason, expected) => {
    const end = await call('closeWith', url('/listens'), way, reason)

    expect(end).toMatchObject({
      reason: expected,
      initiator: 'local',
      local: expected,
      clean: true,
    })
    const { remote } = await serverEnd()
    expect([remote?.code, remote?.message]).toEqual(expected)
  })

  it('what a browser refuses is refused at the call, and what comes too late is rejected', async () => {
    expect(await call('misuse', url('/listens'), way)).toEqual([
      expect.stringMatching(/^RangeError: Cannot send close code 1001/),
      expect.stringMatching(/^RangeError: Cannot send close code 1011/),
      expect.stringMatching(/^LocalProtocolError: /),
      expect.stringMatching(/^TypeError: Cannot send/),
      expect.stringMatching(/^ClosedSendChannelError: /),
      expect.stringMatching(/^ScopeEndedError: /),
    ])
  })

  it('a server that vanishes is 1006, and the loop ends', async () => {
    const { frames, end, after } = await call('readAll', url('/vanishes'), way)

    expect(frames).toEqual(['text last words'])
    expect(after).toMatch(/^ClosedReceiveChannelError: /)
    expect(end).toEqual({
      reason: [1006, ''],
      initiator: 'none',
      local: null,
      remote: null,
      clean: false,
      cause: null,
    })
  })

  it('the subprotocol is what both have', async () => {
    const protocols = ['chat.v1', 'chat.v2']

    expect(await call('open', url('/chats'), way, { protocols })).toBe(`${url('/chats')} chat.v2`)
    expect(await call('open', url('/chats'), way, {})).toBe(`${url('/chats')} null`)
    // RFC 6455 §4.1: who asks and is given none may fail; browsers do.
    expect(await call('open', url('/echo'), way, { protocols })).toMatch(/^ConnectError at connect/)
  })

  it('a relative URL is one of the page', async () => {
    expect(await call('open', '/listens', way, {})).toBe(`${url('/listens')} null`)
    expect(await call('open', url('/listens', 'http'), way, {})).toBe(`${url('/listens')} null`)
  })

  it('a refusal, and nobody there, are a ConnectError that says how little a browser tells', async () => {
    for (const address of [url('/guarded/'), url('/nowhere'), 'ws://127.0.0.1:1/']) {
      expect(await call('open', address, way, {})).toMatch(
        /^ConnectError at connect: .* do not give pages a reason/,
      )
    }
  })

  it('arguments that mean nothing are a TypeError, before anything is sent', async () => {
    for (const [address, options] of [
      ['ftp://127.0.0.1/', {}],
      ['ws://', {}],
      [url('/echo#fragment'), {}],
      [url('/echo'), { protocols: ['twice', 'twice'] }],
      [url('/echo'), { protocols: ['no token'] }],
    ] as const) {
      expect(await call('open', address, way, options)).toMatch(
        /^TypeError: Cannot open WebSocket: the browser refuses/,
      )
    }
  })

  it('patience ends by the timeout and by the signal', async () => {
    expect(await call('giveUp', url('/silent/'), way)).toEqual([
      'ConnectError: Cannot open WebSocket: no session within 50 ms (step: connect)',
      'Error: the user has left',
      'Error: the user has left',
    ])
  })

  it('a block ends its session: returned, thrown, failed in a task, aborted', async () => {
    expect(await call('blocks', url('/listens'), way)).toEqual([
      'value',
      'Error: of the block',
      'Error: of the task',
      'Error: of the signal',
    ])
    for (const code of [1000, 4011, 4011, 4001]) {
      expect((await serverEnd()).remote).toMatchObject({ code, message: '' })
    }
  })

  it.runIf(way === 'WebSocketStream')('a slow page makes the server wait', async () => {
    const { count, failure, end } = await call('readSlowly', url('/floods'), way, 4 * MIB)

    expect({ count, failure, end }).toMatchObject({
      count: 1024,
      failure: 'none',
      end: { reason: [1000, ''], clean: true },
    })
    // 64 MiB were sent; what is on its way is in the page and in buffers of the two machines.
    expect(mostUnread * 64 * 1024).toBeLessThan(24 * MIB)
  })

  it.runIf(way === 'WebSocket')('a slow page that can make no server wait is failed', async () => {
    const { count, failure, end } = await call('readSlowly', url('/floods'), way, 4 * MIB)

    expect(failure).toMatch(/^ChannelOverflowError: /)
    expect(count).toBeGreaterThanOrEqual(64)
    expect(count).toBeLessThan(1024)
    expect(end).toMatchObject({
      reason: [4008, ''],
      initiator: 'local',
      cause: 'ChannelOverflowError',
    })
    expect((await serverEnd()).remote?.code).toBe(4008)
  })

  it('send() waits while the browser is full', async () => {
    const { most, end } = await call('flood', url('/listens'), way, 1024, 64 * 1024)

    expect(end).toMatchObject({ reason: [1000, ''], clean: true })
    expect(most).toBeGreaterThan(64 * 1024)
    expect(most).toBeLessThanOrEqual(2 * MIB + 2 * 64 * 1024)
  })

  it('a connection comes back when its server vanishes', async () => {
    expect(await call('comeBack', url('/flaky'), way, 3)).toEqual([
      'text visit 1',
      'text visit 2',
      'text visit 3',
      'open',
    ])
    expect(visits).toBe(3)
  })

  it('the policy close ends the session with 4008', async () => {
    const { isOverflow, end } = await call('overflow', url('/greets'), way)

    expect(isOverflow).toBe(true)
    expect(end).toMatchObject({
      reason: [4008, ''],
      initiator: 'local',
      cause: 'ChannelOverflowError',
    })
  })
})

function serveScript(script: string) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const isScript = request.url === '/page.js'
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
    response.end(
      isScript
        ? script
        : '<!doctype html><title>towpath</title><script type="module" src="/page.js"></script>',
    )
  }
}
