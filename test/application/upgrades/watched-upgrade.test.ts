import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, it } from 'vitest'

import { addHooks, type UpgradeEnd } from '../../../src/application/hooks.ts'
import type { WebSocketServerSession } from '../../../src/application/index.ts'
import { seconds } from '../../../src/base/index.ts'
import { clientFrame } from '../../support/peer.ts'
import { settled } from '../../support/memory-world.ts'
import { World } from '../upgrade-client.ts'

describe('hooks of upgrades', () => {
  it('hear how each upgrade of a route ended, and how long it took', async () => {
    const world = new World().install()
    const ends: UpgradeEnd[] = []
    addHooks(world.app, { upgradeEnds: (end) => void ends.push(end) })
    world.app.routing((route) => {
      route.webSocket('/rooms/:room', () => {})
      route.route('/slow', (slow) => {
        slow.intercept(async () => {
          await world.environment.clock.advance(seconds(1))
          return new Response('no', { status: 403 })
        })
        slow.webSocket('/', () => {})
      })
    })

    await world.upgrade('/rooms/a')
    await world.upgrade('/slow/')
    await world.upgrade('/rooms/a', { method: 'POST' })
    await world.upgrade('/nowhere')

    expect(ends).toEqual([
      { route: '/rooms/:room', status: 101, reason: null, cause: null, durationMs: 0 },
      { route: '/slow', status: 403, reason: 'interceptor', cause: null, durationMs: 1000 },
      expect.objectContaining({ route: '/rooms/:room', status: 400, reason: 'handshake' }),
    ])
  })

  it('D-14 the handler runs in the context of the watch, inside of which interceptors run', async () => {
    const world = new World().install()
    const storage = new AsyncLocalStorage<string>()
    const seen: Array<string | undefined> = []
    addHooks(world.app, {
      upgradeBegins: (_, route) => ({
        run: (decide) => storage.run(`span of ${route}`, decide),
        ended: () => {},
      }),
    })
    const handler = (): void => void seen.push(storage.getStore())
    world.app.routing((route) => {
      route.webSocket('/plain', handler)
      route.route('/guarded', (guarded) => {
        guarded.intercept(async (_, next) => {
          seen.push(storage.getStore())
          return await next()
        })
        guarded.webSocket('/', handler)
      })
    })

    await world.connect('/plain')
    await world.connect('/guarded/')

    expect(seen).toEqual(['span of /plain', 'span of /guarded', 'span of /guarded'])
    expect(storage.getStore()).toBe(undefined)
  })

  it('hear refusals beyond the rate, for which nothing else is made', async () => {
    const world = new World().install({ maxUpgradesPerSecond: 1 })
    const reasons: unknown[] = []
    let begun = 0
    addHooks(world.app, {
      upgradeBegins: () => {
        begun++
        return null
      },
      upgradeEnds: ({ reason, status }) => void reasons.push([reason, status]),
    })
    world.app.routing((route) => void route.webSocket('/', () => {}))

    for (let count = 0; count < 4; count++) await world.upgrade('/')

    expect(begun).toBe(2)
    expect(reasons).toEqual([
      [null, 101],
      [null, 101],
      ['rate', 503],
      ['rate', 503],
    ])
  })

  it('are not asked while they watch nothing', async () => {
    const world = new World().install()
    const begun: string[] = []
    let isOn = false
    addHooks(world.app, {
      watchesUpgrades: () => isOn,
      upgradeBegins: (_, route) => {
        begun.push(route)
        return null
      },
    })
    world.app.routing((route) => void route.webSocket('/', () => {}))

    await world.upgrade('/')
    isOn = true
    await world.upgrade('/')

    expect(begun).toEqual(['/'])
  })

  it('that throw are logged, and change nothing', async () => {
    const world = new World().install()
    const failure = new Error('on purpose')
    const fail = (): never => {
      throw failure
    }
    const ends: UpgradeEnd[] = []
    addHooks(world.app, { upgradeBegins: fail, upgradeEnds: fail })
    addHooks(world.app, { upgradeBegins: () => ({ run: fail, ended: fail }) })
    addHooks(world.app, { watchesUpgrades: fail })
    addHooks(world.app, { upgradeEnds: (end) => void ends.push(end) })
    world.app.routing((route) => void route.webSocket('/', () => {}))

    expect((await world.upgrade('/')).type).toBe('accepted')
    // watchesUpgrades, upgradeBegins, run, ended, upgradeEnds
    expect(world.logged).toEqual(Array(5).fill(['A hook of a plugin failed', failure]))
    expect(ends).toHaveLength(1)
  })
})

describe('hooks of pings', () => {
  it('hear the round-trip time of each answer to our ping, with the session, when one throws too', async () => {
    const world = new World().install({ pingPeriod: seconds(10) })
    const heard: Array<readonly [number, string]> = []
    const failure = new Error('on purpose')
    addHooks(world.app, {
      pingAnswered() {
        throw failure
      },
    })
    addHooks(world.app, {
      pingAnswered: (ms, { route }: WebSocketServerSession) => void heard.push([ms, route]),
    })
    world.app.routing((route) => {
      route.webSocket('/a', ({ incoming }) => incoming.consumeEach(() => {}))
    })
    const peer = await world.connect('/a')
    await world.environment.clock.advance(seconds(10))
    const ping = peer.inbox.unread.slice(2, 10)
    await world.environment.clock.advance(30)

    peer.send(clientFrame('pong', 'of another'))
    peer.send(clientFrame('pong', ping))
    await settled()

    expect(heard).toEqual([[30, '/a']])
    expect(world.logged).toEqual([['A hook of a plugin failed', failure]])
  })
})
