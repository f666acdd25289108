import { afterEach, describe, expect, it, vi } from 'vitest'
import { connect, connectOn } from '../../../src/engines/browser/connect.ts'
import { Frame, WebSockets } from '../../../src/index.ts'
import { withTestApplication } from '../../../src/testing/index.ts'
import { browserPlatform } from '../../support/browser-platform.ts'

afterEach(() => {
  vi.unstubAllGlobals()
})

describe.each([true, false])('connectOn() with WebSocketStream: %s', (hasStream) => {
  it('comes back when its session is lost, and says so', () =>
    withTestApplication(async (t) => {
      let sessions = 0
      t.application.install(WebSockets)
      t.application.routing((route) => {
        route.webSocket('/', async ({ incoming, send }) => {
          sessions++
          await send(`session ${sessions}`)
          await incoming.receiveCatching()
        })
      })
      const platform = browserPlatform(t, { hasStream })
      await using connection = connectOn(platform, new EventTarget(), 'ws://localhost/', {
        reconnect: { baseDelay: 100, jitter: 0 },
      })
      expect(await connection.incoming.receive()).toEqual(new Frame.Text('session 1'))
      t.network.reset()
      t.network.restore()
      for await (const { type } of connection.states()) if (type === 'waiting') break
      await t.clock.advance(100)

      expect(await connection.incoming.receive()).toEqual(new Frame.Text('session 2'))
      expect(connection.state.type).toBe('open')
    }))

  it('waits no longer when the network is there again', () =>
    withTestApplication(async (t) => {
      t.application.install(WebSockets)
      t.application.routing((route) => {
        route.webSocket('/', async ({ incoming, send }) => {
          await send('here')
          await incoming.receiveCatching()
        })
      })
      const scope = new EventTarget()
      const platform = browserPlatform(t, { hasStream })
      t.network.refuse()
      await using connection = connectOn(platform, scope, 'ws://localhost/', {
        reconnect: { baseDelay: 60_000, maxDelay: 60_000, jitter: 0 },
      })
      await t.settle()
      expect(connection.state.type).toBe('waiting')
      t.network.refuse(false)
      scope.dispatchEvent(new Event('online'))
      await t.clock.advance(60_000)

      expect(await connection.incoming.receive()).toEqual(new Frame.Text('here'))
    }))

  it('closes when the page is left, and comes back when the page is shown', () =>
    withTestApplication(async (t) => {
      const codes: (number | undefined)[] = []
      t.application.install(WebSockets)
      t.application.monitor.on('sessionClosed', ({ info }) => codes.push(info.remote?.code))
      t.application.routing((route) => {
        route.webSocket('/', async ({ incoming, send }) => {
          await send('here')
          await incoming.receiveCatching()
        })
      })
      const page = new EventTarget()
      const platform = browserPlatform(t, { hasStream, page })
      await using connection = connectOn(platform, page, 'ws://localhost/', {})
      await connection.incoming.receive()
      page.dispatchEvent(new Event('pagehide'))
      await t.clock.advance(600_000)
      expect(codes).toEqual([4001])
      expect(t.application.sessions.size).toBe(0)
      expect(connection.state.type).toBe('waiting')
      page.dispatchEvent(new Event('pageshow'))
      await t.clock.advance(1_000)

      expect(await connection.incoming.receive()).toEqual(new Frame.Text('here'))
    }))

  it('refuses an option that means nothing at the call', () =>
    withTestApplication((t) => {
      const platform = browserPlatform(t, { hasStream })
      expect(() =>
        connectOn(platform, new EventTarget(), 'ws://localhost/', { maxUnread: 0 }),
      ).toThrow(RangeError)
    }))
})

describe('connect()', () => {
  it('works on the globals of the page', () =>
    withTestApplication(async (t) => {
      t.application.install(WebSockets)
      t.application.routing((route) => route.webSocket('/', ({ send }) => send('hello')))
      const { WebSocket } = browserPlatform(t, { hasStream: false })
      const events = new EventTarget()
      vi.stubGlobal('WebSocket', WebSocket)
      vi.stubGlobal('addEventListener', events.addEventListener.bind(events))
      vi.stubGlobal('removeEventListener', events.removeEventListener.bind(events))
      const connection = connect('ws://localhost/')

      expect(await connection.incoming.receive()).toEqual(new Frame.Text('hello'))
      await connection.close()
    }))
})
