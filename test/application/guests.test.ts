import { describe, expect, it } from 'vitest'

import { addGuest, createGuest } from '../../src/application/internal.ts'
import { seconds } from '../../src/base/index.ts'
import { WebSockets } from '../../src/application/index.ts'
import { withTestApplication } from '../../src/testing/index.ts'

describe('a guest', () => {
  it('D-20 answers a path of its host, whose counters, limits and interceptors it does not touch', async () => {
    await withTestApplication(async (t) => {
      const host = t.application
      host.install(WebSockets, { maxConnections: 1, maxUpgradesPerSecond: 1 })
      host.resolveOrigin((origin) => ({ ...origin, remoteHost: '192.0.2.9' }))
      const guest = createGuest(host)
      guest.install(WebSockets)
      const seen: unknown[] = []
      guest.routing((route) => {
        route.webSocket('/guest', async (session) => {
          seen.push(session.application, session.call.request.origin.remoteHost)
          await session.incoming.consumeEach(() => {})
        })
      })
      addGuest(host, '/guest', guest)
      host.routing((route) => {
        route.intercept(() => new Response('no', { status: 401 }))
      })
      const sessions = []
      for (let count = 0; count < 5; count++) sessions.push(await t.connect('/guest'))
      await t.clock.advance(seconds(1))

      expect(seen.slice(0, 2)).toEqual([host, '192.0.2.9'])
      expect([host.sessions.size, guest.sessions.size]).toEqual([0, 5])
      expect(host.statistics()).toMatchObject({ sessions: { opened: 0 }, upgradesRefused: {} })
    })
  })

  it('is reached while the host refuses upgrades beyond its rate', async () => {
    await withTestApplication(async (t) => {
      const host = t.application
      host.install(WebSockets, { maxUpgradesPerSecond: 1 })
      const guest = createGuest(host)
      guest.install(WebSockets)
      guest.routing((route) => route.webSocket('/guest', ({ send }) => void send('hello')))
      addGuest(host, '/guest', guest)
      host.routing((route) => route.webSocket('/chat', () => {}))
      for (let count = 0; count < 9; count++) await t.connect('/chat').catch(() => {})
      const session = await t.connect('/guest')

      expect((await session.incoming.receive()).buffer).toEqual(new TextEncoder().encode('hello'))
      expect(host.statistics().limitsReached.maxUpgradesPerSecond).toBeGreaterThan(0)
    })
  })
})
