import { describe, expect, it, vi } from 'vitest'

import type { StopCounts } from '../../src/application/stop-options.ts'
import { createApplication } from '../../src/application/create-application.ts'
import { WebSockets } from '../../src/application/sessions/websockets-plugin.ts'
import { Deferred } from '../../src/base/internal.ts'
import { AttributeKey } from '../../src/base/index.ts'
import { memoryPeer, settled } from '../support/memory-world.ts'
import { World } from './upgrade-client.ts'

const handler = (): void => {}

describe('createApplication()', () => {
  it('lets its module set it up', () => {
    const app = createApplication((target) => {
      target.install(WebSockets)
      target.routing((route) => route.webSocket('/chat', handler))
    })

    expect(app.answerPlainRequest('/chat')?.status).toBe(426)
  })

  it('throws what its module throws', () => {
    const failure = new Error('no')

    expect(() =>
      createApplication(() => {
        throw failure
      }),
    ).toThrow(failure)
  })

  it('refuses an async module: what it declares would come too late', () => {
    // oxlint-disable-next-line typescript/no-misused-promises -- what must be refused
    expect(() => createApplication(() => Promise.reject(new Error('late')))).toThrow(
      'Cannot create the application: the module is async, expected a synchronous function',
    )
  })

  it('refuses what is no module, and unknown options', () => {
    // @ts-expect-error -- what JavaScript may do
    expect(() => createApplication('app')).toThrow(
      'Cannot create the application: the module is a string, expected a function',
    )
    // @ts-expect-error -- a slip of the fingers
    expect(() => createApplication(undefined, { log: console })).toThrow(
      'Cannot create the application: unknown option "log", expected "logger"',
    )
  })

  it('has a logger and attributes', () => {
    const Name = new AttributeKey<string>('Name')
    const app = createApplication(undefined, { logger: console })

    app.attributes.put(Name, 'chat')

    expect(app.logger).toBe(console)
    expect(app.attributes.get(Name)).toBe('chat')
  })
})

describe('routing()', () => {
  it('S-04 a webSocket route without the plugin fails where it is declared, with the remedy', () => {
    const app = createApplication()

    expect(() => app.routing((route) => route.webSocket('/chat', handler))).toThrow(
      expect.objectContaining({
        code: 'TOWPATH_PLUGIN_MISSING',
        plugin: 'WebSockets',
        message:
          'Cannot declare webSocket route "/chat": plugin "WebSockets" is not installed, expected app.install(WebSockets) before it',
      }),
    )
    expect(app.answerPlainRequest('/chat')).toBe(null)
  })

  it('S-10 may be called as often as wanted: all blocks make one tree', async () => {
    const world = new World().install()
    const order: string[] = []
    world.app.routing((route) => route.webSocket('/a', handler))
    world.app.routing((route) => route.intercept(() => void order.push('everywhere')))
    world.app.routing((route) => route.webSocket('/b', handler))

    await world.accepted('/a')
    await world.accepted('/b')

    expect(order).toEqual(['everywhere', 'everywhere'])
    expect(() => world.app.routing((route) => route.webSocket('/a', handler))).toThrow(
      expect.objectContaining({ code: 'TOWPATH_ROUTE_CONFLICT' }),
    )
  })

  it('may be called while the application serves', async () => {
    const world = new World().install()
    expect((await world.upgrade('/late')).type).toBe('unclaimed')

    world.app.routing((route) => route.webSocket('/late', handler))

    expect((await world.upgrade('/late')).type).toBe('accepted')
  })

  it('refuses an async block', () => {
    const { app } = new World().install()

    // oxlint-disable-next-line typescript/no-misused-promises -- what must be refused
    expect(() => app.routing(() => Promise.resolve())).toThrow(
      'Cannot declare routes: the block is async, expected a synchronous function',
    )
  })
})

describe('answerPlainRequest()', () => {
  it('answers 426 on a path that has a route, and null elsewhere', () => {
    const { app } = new World().install()
    app.routing((route) => route.webSocket('/rooms/:room', handler))

    expect(app.answerPlainRequest('/rooms/a?x=1')?.status).toBe(426)
    expect(app.answerPlainRequest('/x/../rooms/a')?.status).toBe(426)
    expect(app.answerPlainRequest('/')).toBe(null)
    expect(app.answerPlainRequest('*')).toBe(null)
  })
})

describe('sessions', () => {
  it('holds sessions until their handlers have returned', async () => {
    const gate = new Deferred<void>()
    const world = new World().install()
    const ids: string[] = []
    world.app.routing((route) =>
      route.webSocket('/chat', async ({ id, incoming }) => {
        ids.push(id)
        for await (const _frame of incoming) {
          // Until the client leaves.
        }
        await gate.promise
      }),
    )
    const peer = await world.connect('/chat')
    expect([...world.app.sessions].map(({ id }) => id)).toEqual(ids)

    peer.reset()
    await peer.gone
    await settled()
    expect(world.app.sessions.size).toBe(1)

    gate.resolve()
    await settled()
    expect(world.app.sessions.size).toBe(0)
  })
})

describe('stop()', () => {
  function looping(): World {
    const world = new World().install()
    world.app.routing((route) =>
      route.webSocket('/chat', async ({ incoming }) => {
        for await (const _frame of incoming) {
          // Until the server stops.
        }
      }),
    )
    return world
  }

  it('resolves at once when there has never been a session', async () => {
    expect(await createApplication().stop()).toEqual({ sessions: 0, closed: 0, aborted: 0 })
  })

  it('Stopping: sends Close 1001, awaits the handlers, and resolves with counts', async () => {
    const world = looping()
    const peers = [await world.connect('/chat'), await world.connect('/chat')]

    const stopped = world.app.stop({ grace: { milliseconds: 100 } })
    await world.environment.clock.advance(100)
    for (const peer of peers) {
      expect(await peer.read(4)).toBe('88 02 03 e9')
      peer.close(1001)
      peer.end()
    }

    expect(await stopped).toEqual({ sessions: 2, closed: 2, aborted: 0 })
    expect(world.app.sessions.size).toBe(0)
  })

  it('Stopping: closes in batches spread over the grace', async () => {
    const world = looping()
    const first = await world.connect('/chat')
    const second = await world.connect('/chat')

    const stopped = world.app.stop({ grace: 1_000 })
    await settled()
    expect(first.inbox.unread).toHaveLength(4)
    expect(second.inbox.unread).toHaveLength(0)
    await world.environment.clock.advance(500)
    expect(second.inbox.unread).toHaveLength(4)

    for (const peer of [first, second]) {
      peer.close(1001)
      peer.end()
    }
    expect(await stopped).toEqual({ sessions: 2, closed: 2, aborted: 0 })
  })

  it('Stopping: awaits the listeners of stopped', async () => {
    const closing = new Deferred<void>()
    const world = looping()
    world.app.monitor.on('stopped', () => closing.promise)
    let isStopped = false

    const stopped = world.app.stop().then(() => (isStopped = true))
    await settled()
    expect(isStopped).toBe(false)
    closing.resolve()

    await stopped
  })

  it('Stopping: gives the listeners of stopped the rest of the timeout, and 3 s at least', async () => {
    const world = new World().install()
    world.app.routing((route) => route.webSocket('/chat', () => new Promise<void>(() => {})))
    await world.connect('/chat')
    const heardAt: number[] = []
    const { clock } = world.environment
    world.app.monitor.on('stopped', () => {
      heardAt.push(clock.now())
      return new Promise<void>(() => {})
    })
    const startedAt = clock.now()

    const stopped = world.app.stop({ grace: 0, timeout: 2_000 })
    await clock.advance(4_999)
    expect(heardAt).toEqual([startedAt + 2_000])
    await clock.advance(1)

    expect(await stopped).toEqual({ sessions: 1, closed: 0, aborted: 1 })
    expect(clock.now() - startedAt).toBe(5_000)
  })

  it('Stopping: aborts what is left at the timeout', async () => {
    const gate = new Deferred<void>()
    const world = new World().install()
    world.app.routing((route) => route.webSocket('/chat', () => gate.promise))
    const peer = await world.connect('/chat')

    const stopped = world.app.stop({ grace: 0, timeout: 2_000 })
    await world.environment.clock.advance(2_000)

    expect(await stopped).toEqual({ sessions: 1, closed: 0, aborted: 1 })
    await peer.gone
    gate.resolve()
  })

  it('Stopping: is idempotent, also for those who hear of it', async () => {
    const world = looping()
    const heard: unknown[] = []
    const again: Array<Promise<StopCounts>> = []
    world.app.monitor.on('stopping', (facts) => {
      heard.push(facts)
      again.push(world.app.stop({ grace: { milliseconds: 5 } }))
    })
    world.app.monitor.on('stopped', (counts) => heard.push(counts))

    const first = world.app.stop()
    const second = world.app.stop({ timeout: 7_000 })

    expect(second).toBe(first)
    expect(again).toEqual([first])
    await first
    expect(heard).toEqual([{ sessions: 0 }, { sessions: 0, closed: 0, aborted: 0 }])
  })

  it('Stopping: closes a session that was accepted before and begins after', async () => {
    const world = looping()
    const outcome = await world.upgrade('/chat')
    await world.app.stop()
    const { peer, transport } = memoryPeer(world.environment)

    if (outcome.type === 'accepted') outcome.start(transport)

    expect(await peer.read(4)).toBe('88 02 03 e9')
  })

  it('throws at the call for options that mean nothing, and has not stopped', async () => {
    const world = looping()
    const listener = vi.fn<() => void>()
    world.app.monitor.on('stopping', listener)

    expect(() => world.app.stop({ grace: -1 })).toThrow(RangeError)

    expect(listener).not.toHaveBeenCalled()
    expect((await world.upgrade('/chat')).type).toBe('accepted')
  })
})
