import { getEventListeners } from 'node:events'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Deferred } from '../../../src/base/internal.ts'
import { Frame, WebSockets } from '../../../src/index.ts'
import type { BrowserClientOptions } from '../../../src/engines/browser/browser-options.ts'
import { openSession, openWebSocket, webSocket } from '../../../src/engines/browser/open.ts'
import { withTestApplication, type TestApplication } from '../../../src/testing/index.ts'
import { browserPlatform } from '../../support/browser-platform.ts'

/** The handler of `/sleeps` begins to read. */
let wakeUp = new Deferred<void>()

const URL_OF_ECHO = 'ws://localhost/echo'

/** An application with an echo, a route that nobody may enter, and one that never answers. */
function prepare({ application }: TestApplication): void {
  wakeUp = new Deferred()
  application.install(WebSockets)
  application.routing((route) => {
    route.webSocket('/echo', { protocols: ['v2', 'v1'] }, async ({ incoming, send }) => {
      for await (const frame of incoming) await send(frame)
    })
    route.webSocket('/sleeps', async ({ incoming }) => {
      await wakeUp.promise
      for await (const _ of incoming);
    })
    route.route('/guarded', (guarded) => {
      guarded.intercept(() => new Response('no', { status: 403 }))
      guarded.webSocket('/', () => {})
    })
    route.route('/silent', (silent) => {
      silent.intercept(() => new Promise<undefined>(() => {}))
      silent.webSocket('/', () => {})
    })
  })
}

afterEach(() => {
  vi.unstubAllGlobals()
})

describe.each([true, false])('openSession() with WebSocketStream: %s', (hasStream) => {
  async function within(
    test: (
      t: TestApplication,
      open: (url: string | URL, options?: BrowserClientOptions) => ReturnType<typeof openSession>,
    ) => Promise<void>,
  ): Promise<void> {
    await withTestApplication(async (t) => {
      prepare(t)
      await test(t, (url, options = {}) =>
        openSession(browserPlatform(t, { hasStream }), url, options),
      )
    })
  }

  it('openSession() opens, and knows the URL and the subprotocol', () =>
    within(async (_, open) => {
      await using plain = await open(new URL(URL_OF_ECHO))
      await using chosen = await open('/echo?a=1', { protocols: ['v1'] })

      expect([plain.url, plain.protocol]).toEqual([URL_OF_ECHO, null])
      expect([chosen.url, chosen.protocol]).toEqual([`${URL_OF_ECHO}?a=1`, 'v1'])
    }))

  it('the URL of a session shows no credentials', () =>
    within(async (_, open) => {
      await using session = await open('ws://ada:secret@localhost/echo?at=@')

      await using other = await open('ws://localhost/echo?/@')

      expect(session.url).toBe('ws://localhost/echo?at=@')
      expect(other.url).toBe('ws://localhost/echo?/@')
    }))

  it('what the browser refuses is a TypeError with its cause, before anything is sent', () =>
    within(async (_, open) => {
      for (const [url, options] of [
        ['ftp://localhost/', {}],
        [`${URL_OF_ECHO}#top`, {}],
        [URL_OF_ECHO, { protocols: ['a', 'a'] }],
        [URL_OF_ECHO, { protocols: ['a b'] }],
      ] as const) {
        await expect(open(url, options)).rejects.toThrow(
          expect.objectContaining({
            name: 'TypeError',
            message: 'Cannot open WebSocket: the browser refuses the URL or a subprotocol',
            cause: expect.objectContaining({ name: 'SyntaxError' }),
          }),
        )
      }
    }))

  it('an option that means nothing is refused before anything is sent', () =>
    within(async (_, open) => {
      await expect(open(URL_OF_ECHO, { closeTimeout: 0 })).rejects.toThrow(RangeError)
    }))

  it('a refusal and a server that is not there are one ConnectError', () =>
    within(async (t, open) => {
      const expected = expect.objectContaining({
        name: 'ConnectError',
        code: 'TOWPATH_CONNECT',
        step: 'connect',
      })
      await expect(open('/guarded/')).rejects.toThrow(expected)
      t.network.refuse()
      await expect(open('/echo')).rejects.toThrow(expected)
    }))

  it('patience ends at connectTimeout, and nothing is left behind', () =>
    within(async (t, open) => {
      const opening = open('/silent/', { connectTimeout: { seconds: 5 } })
      const outcome = opening.catch((error: unknown) => error)
      await t.clock.advance(4_999)
      await t.clock.advance(1)

      expect(await outcome).toMatchObject({
        message: 'Cannot open WebSocket: no session within 5000 ms (step: connect)',
      })
      expect(t.clock.pendingTimers).toBe(0)
    }))

  it('the signal ends the opening with its reason, before it and while it lasts', () =>
    within(async (t, open) => {
      const reason = new Error('left')
      const controller = new AbortController()
      const { signal } = controller
      const opening = open('/silent/', { signal, connectTimeout: null })
      const outcome = opening.catch((error: unknown) => error)
      await t.settle()
      controller.abort(reason)

      expect(await outcome).toBe(reason)
      await expect(open('/echo', { signal })).rejects.toBe(reason)
    }))
})

describe.each([true, false])(
  'openSession() in a page that is left (WebSocketStream: %s)',
  (hasStream) => {
    /** Sessions of a page. */
    async function within(
      test: (
        t: TestApplication,
        open: (url: string, options?: BrowserClientOptions) => ReturnType<typeof openSession>,
        page: EventTarget,
      ) => Promise<void>,
    ): Promise<void> {
      await withTestApplication(async (t) => {
        prepare(t)
        const page = new EventTarget()
        const platform = browserPlatform(t, { hasStream, page })
        await test(t, (url, options = {}) => openSession(platform, url, options), page)
      })
    }

    it('closes at once with 4001, and waits for no answer', () =>
      within(async (t, open, page) => {
        const session = await open('/echo')
        page.dispatchEvent(new Event('pagehide'))

        const { reason, initiator, local, clean } = await session.closed
        expect([reason.code, local?.code, initiator, clean]).toEqual([4001, 4001, 'local', false])
        expect(await session.incoming.receiveCatching()).toEqual({ type: 'closed', cause: null })
        await t.settle()
        expect(t.application.sessions.size).toBe(0)
        expect(getEventListeners(page, 'pagehide')).toEqual([])
      }))

    it('closes at once although the server takes nothing', () =>
      within(async (t, open, page) => {
        const session = await open('/sleeps')
        const [server] = t.application.sessions
        for (let n = 0; n < 40; n++) {
          session.outgoing.trySend(new Uint8Array(256 * 1024))
          await t.settle()
        }
        expect(session.bufferedAmount).toBeGreaterThan(0)
        page.dispatchEvent(new Event('pagehide'))

        expect((await session.closed).reason.code).toBe(4001)
        wakeUp.resolve()
        expect((await server?.closed)?.remote?.code).toBe(4001)
      }))

    it('gives up a handshake', () =>
      within(async (_, open, page) => {
        const opening = open('/silent')
        page.dispatchEvent(new Event('pagehide'))

        await expect(opening).rejects.toMatchObject({ code: 'TOWPATH_CONNECT' })
        await Promise.resolve()
        expect(getEventListeners(page, 'pagehide')).toEqual([])
      }))

    it('leaves a page that is not kept to the browser, which says 1001', () =>
      within(async (_, open, page) => {
        await using session = await open('/echo')
        page.dispatchEvent(Object.assign(new Event('pagehide'), { persisted: false }))
        await session.send('still here')

        expect(await session.incoming.receive()).toEqual(new Frame.Text('still here'))
      }))
  },
)

describe('openSession() to another origin', () => {
  it.each([
    ['http://localhost:5173', 'does its option "origins" list http://localhost:5173?'],
    ['http://localhost', 'do not give pages a reason (step'],
  ])('says what to look for when it is refused, from %s', (origin, expected) =>
    withTestApplication(async (t) => {
      prepare(t)
      const { host } = new URL(origin)
      const page = Object.assign(new EventTarget(), { location: { host, origin } })
      const platform = browserPlatform(t, { hasStream: true, page })

      await expect(openSession(platform, 'ws://localhost/guarded', {})).rejects.toThrow(expected)
    }),
  )
})

describe('webSocket(), openWebSocket()', () => {
  it('both work on the globals of the page', () =>
    withTestApplication(async (t) => {
      prepare(t)
      const { WebSocket, WebSocketStream } = browserPlatform(t, { hasStream: true })
      vi.stubGlobal('WebSocket', WebSocket)
      vi.stubGlobal('WebSocketStream', WebSocketStream)
      const events = new EventTarget()
      vi.stubGlobal('addEventListener', events.addEventListener.bind(events))
      vi.stubGlobal('removeEventListener', events.removeEventListener.bind(events))

      const said = await webSocket(URL_OF_ECHO, async ({ send, incoming }) => {
        await send('hello')
        return incoming.receive()
      })
      await using session = await openWebSocket(URL_OF_ECHO)
      await using other = await openWebSocket(URL_OF_ECHO, { webSocketStream: false })
      await webSocket(URL_OF_ECHO, { protocols: ['v1'] }, ({ protocol }) => {
        expect(protocol).toBe('v1')
      })

      expect(said).toEqual(new Frame.Text('hello'))
      expect([session.url, other.url]).toEqual([URL_OF_ECHO, URL_OF_ECHO])
    }))
})
