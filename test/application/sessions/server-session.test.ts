import { AsyncLocalStorage } from 'node:async_hooks'

import { describe, expect, it } from 'vitest'

import type {
  ApplicationEvents,
  DefaultWebSocketServerSession,
  WebSocketHandler,
  WebSocketServerSession,
} from '../../../src/application/application.ts'
import { Deferred } from '../../../src/base/internal.ts'
import { AttributeKey } from '../../../src/base/index.ts'
import { CloseReason, Frame } from '../../../src/protocol/index.ts'
import { settled } from '../../support/memory-world.ts'
import { World } from '../upgrade-client.ts'

/** An application with `handler` at `/chat`, and one client of it. */
async function connected(handler: WebSocketHandler, world: World = new World().install()) {
  world.app.routing((route) => route.webSocket('/chat', handler))
  const peer = await world.connect('/chat')
  return { world, peer }
}

/** Keeps everything that the monitor says about sessions, by name. */
function eventsOf(world: World): Array<readonly [name: string, facts: object]> {
  const events: Array<readonly [string, object]> = []
  const names = [
    'sessionOpened',
    'sessionClosed',
    'handlerFailed',
    'limitReached',
    'frameDropped',
  ] as const
  for (const name of names) {
    world.app.monitor.on(name, (facts: ApplicationEvents[typeof name]) =>
      events.push([name, facts]),
    )
  }
  return events
}

describe('the session of a server', () => {
  it('S-10 webSocket(path, handler) runs the handler for a connection', async () => {
    const { peer } = await connected(async ({ incoming, send }) => {
      for await (const frame of incoming) {
        if (frame instanceof Frame.Text) await send(`YOU SAID: ${frame.readText()}`)
      }
    })

    peer.text('hi')

    expect(await peer.read(14)).toBe('81 0c 59 4f 55 20 53 41 49 44 3a 20 68 69')
  })

  it('S-11 a handler lives as long as it runs, and others live beside it', async () => {
    const gate = new Deferred<void>()
    const { world, peer } = await connected(() => gate.promise)
    const other = await world.connect('/chat')
    await settled()
    expect(world.app.sessions.size).toBe(2)

    gate.resolve()

    expect(await peer.read(4)).toBe('88 02 03 e8')
    expect(await other.read(4)).toBe('88 02 03 e8')
  })

  it('S-12 the members of the session may be destructured', async () => {
    const { peer } = await connected(async ({ incoming, outgoing, close, send, flush, launch }) => {
      await incoming.receive()
      await outgoing.send(new Frame.Text('a'))
      await launch(() => send('b'))
      await flush()
      await close(new CloseReason(4000, ''))
    })

    peer.text('go')

    expect(await peer.read(10)).toBe('81 01 61 81 01 62 88 02 0f a0')
  })

  it('S-12 terminate may be destructured too', async () => {
    const { peer } = await connected(({ terminate }) => terminate())

    await peer.gone
    expect(peer.inbox.unread).toHaveLength(0)
  })

  it('S-13 incoming, outgoing and close are there', async () => {
    const seen: string[] = []
    await connected((session) => {
      seen.push(typeof session.incoming, typeof session.outgoing, typeof session.close)
    })

    expect(seen).toEqual(['object', 'object', 'function'])
  })

  it('S-29 call is the request that was upgraded, with what interceptors left', async () => {
    const User = new AttributeKey<string>('User')
    const world = new World().install()
    const seen: unknown[] = []
    world.app.routing((route) => {
      route.intercept(({ attributes }) => attributes.put(User, 'Ada'))
      route.webSocket('/rooms/:room', ({ call }) => {
        seen.push(call.parameters.room, call.attributes.get(User), call.request.origin.host)
        seen.push(call.request.queryParameters.get('as'))
      })
    })

    await world.connect('/rooms/caf%C3%A9?as=guest')
    await settled()

    expect(seen).toEqual(['café', 'Ada', 'server.example.com', 'guest'])
  })

  it('S-30 application is the application', async () => {
    const seen: unknown[] = []
    const { world } = await connected((session) => {
      seen.push(session.application, session.call.application)
    })

    expect(seen).toEqual([world.app, world.app])
  })

  it('Handshake 4: protocol is what was agreed on', async () => {
    const seen: Array<string | null> = []
    const world = new World().install()
    world.app.routing((route) =>
      route.webSocket('/chat', { protocols: ['v1'] }, ({ protocol }) => void seen.push(protocol)),
    )

    await world.connect('/chat', { headers: { 'Sec-WebSocket-Protocol': 'v1' } })
    await world.connect('/chat')

    expect(seen).toEqual(['v1', null])
  })

  it('Handshake 6: a message that came before the handler is not lost', async () => {
    const world = new World().install()
    const seen: string[] = []
    const done = new Deferred<void>()
    world.app.routing((route) =>
      route.webSocket('/chat', async ({ incoming }) => {
        await settled()
        const frame = await incoming.receive()
        if (frame instanceof Frame.Text) seen.push(frame.readText())
        done.resolve()
      }),
    )
    const peer = await world.connect('/chat')
    peer.text('early')
    await done.promise

    expect(seen).toEqual(['early'])
  })

  it('has settings of its own, from the route', async () => {
    const world = new World().install({ pingPeriod: 60_000, timeout: 5_000 })
    const sessions: DefaultWebSocketServerSession[] = []
    world.app.routing((route) =>
      route.webSocket('/chat', { maxFrameSize: 99 }, (session) => {
        sessions.push(session)
        session.maxFrameSize = session.maxFrameSize + 1
        session.pingInterval = { seconds: 30 }
        session.timeout = 7_000
        session.masking = true
      }),
    )

    await world.connect('/chat')

    expect(sessions[0]).toMatchObject({
      maxFrameSize: 100,
      pingInterval: 30_000,
      timeout: 7_000,
      masking: true,
      roundTripTime: null,
    })
  })

  it('has an id of 16 random bytes in base64url', async () => {
    const ids: string[] = []
    const { world } = await connected(({ id }) => void ids.push(id))
    await world.connect('/chat')

    expect(ids[0]).toMatch(/^[\w-]{22}$/)
    expect(ids[0]).not.toBe(ids[1])
  })

  it('passes on the facts of the session that it wraps', async () => {
    const gate = new Deferred<void>()
    const sessions: WebSocketServerSession[] = []
    const { peer } = await connected((session) => {
      sessions.push(session)
      return gate.promise
    })
    const [session] = sessions
    expect(session?.bufferedAmount).toBe(0)
    expect(session?.signal.aborted).toBe(false)

    peer.close(4001, 'bye')
    await peer.read(9)
    peer.end()
    gate.resolve()

    expect(await session?.closeReason).toEqual(new CloseReason(4001, 'bye'))
    expect(await session?.closed).toMatchObject({ initiator: 'remote', clean: true })
    expect(session?.signal.aborted).toBe(true)
  })

  it('fires the signal of its call when it is over', async () => {
    const signals: AbortSignal[] = []
    const { peer } = await connected(async ({ call, incoming }) => {
      signals.push(call.signal)
      await incoming.receive()
    })
    expect(signals[0]?.aborted).toBe(false)

    peer.reset()
    await peer.gone
    await settled()

    expect(signals[0]?.aborted).toBe(true)
  })
})

describe('a raw session of a server', () => {
  it('sees control frames, and has nothing to do with pings', async () => {
    const world = new World().install()
    const seen: unknown[] = []
    world.app.routing((route) =>
      route.webSocketRaw('/raw', async (session) => {
        const frame = await session.incoming.receive()
        seen.push(frame instanceof Frame.Ping)
        seen.push(session.application === world.app)
        for (const member of ['pingInterval', 'timeout', 'roundTripTime']) {
          expect((): unknown => Reflect.get(session, member)).toThrow(
            new TypeError(
              `Cannot use ${member} of a raw session: it sends no pings, expected webSocket()`,
            ),
          )
        }
        seen.push('done')
      }),
    )
    const peer = await world.connect('/raw')

    peer.send('89 80 00 00 00 00')

    expect(await peer.rest()).toBe('')
    expect(seen).toEqual([true, true, 'done'])
  })
})

describe('Scope', () => {
  it('the handler runs in the AsyncLocalStorage context of the upgrade call', async () => {
    const storage = new AsyncLocalStorage<string>()
    const seen: Array<string | undefined> = []
    const world = new World().install()
    const done = new Deferred<void>()
    world.app.routing((route) => {
      route.intercept((_call, next) => storage.run('request 7', next))
      route.webSocket('/chat', async ({ incoming, launch }) => {
        seen.push(storage.getStore())
        await incoming.receive()
        seen.push(storage.getStore())
        await launch(() => void seen.push(storage.getStore()))
        done.resolve()
      })
    })

    const peer = await storage.run('elsewhere', () => world.connect('/chat'))
    peer.text('go')
    await done.promise

    expect(seen).toEqual(['request 7', 'request 7', 'request 7'])
  })

  it('one handler’s failure touches no other session, and is reported once', async () => {
    const failure = new Error('no')
    const world = new World().install()
    const events = eventsOf(world)
    world.app.routing((route) => {
      route.webSocket('/fails', () => {
        throw failure
      })
      route.webSocket('/lives', async ({ incoming, send }) => {
        for await (const frame of incoming) await send(frame)
      })
    })
    const lives = await world.connect('/lives')
    const fails = await world.connect('/fails')

    expect(await fails.read(4)).toBe('88 02 03 f3')
    lives.text('x')
    expect(await lives.read(3)).toBe('81 01 78')

    expect(world.logged).toEqual([['WebSocket handler failed', failure]])
    expect(events.filter(([name]) => name === 'handlerFailed')).toMatchObject([
      ['handlerFailed', { error: failure }],
    ])
  })
})

describe('monitor', () => {
  it('tells when a session opens and closes, with the session', async () => {
    const world = new World().install()
    const events = eventsOf(world)
    const sessions: WebSocketServerSession[] = []
    const { peer } = await connected((session) => void sessions.push(session), world)
    peer.close(1000)
    peer.end()
    await peer.gone
    await settled()

    expect(events.map(([name]) => name)).toEqual(['sessionOpened', 'sessionClosed'])
    expect(events.map(([, facts]): unknown => Reflect.get(facts, 'session'))).toEqual([
      sessions[0],
      sessions[0],
    ])
    expect(events[1]?.[1]).toMatchObject({ info: { initiator: 'local', clean: true } })
  })

  it('tells when a limit ends a session, and logs nothing: it was the peer', async () => {
    const world = new World().install({ maxFrameSize: 3 })
    const events = eventsOf(world)
    const { peer } = await connected(async ({ incoming }) => {
      for await (const _frame of incoming) {
        // Until the limit ends it.
      }
    }, world)

    peer.text('four')
    expect(await peer.read(4)).toMatch(/^88 .. 03 f1$/)
    peer.end()
    await peer.gone
    await settled()

    expect(events.map(([name]) => name)).toEqual(['sessionOpened', 'limitReached', 'sessionClosed'])
    expect(events[1]?.[1]).toMatchObject({
      limit: 'maxFrameSize',
      error: { code: 'TOWPATH_FRAME_TOO_BIG', size: 4, limit: 3 },
    })
    expect(world.logged).toEqual([])
  })

  it('tells when a full channel drops a frame', async () => {
    const world = new World().install({
      channels: { incoming: { capacity: 1, onOverflow: 'drop-latest' } },
    })
    const events = eventsOf(world)
    const gate = new Deferred<void>()
    const { peer } = await connected(() => gate.promise, world)

    peer.text('kept')
    peer.text('dropped')
    await settled()

    expect(events.map(([name]) => name)).toEqual(['sessionOpened', 'frameDropped'])
    expect(events[1]?.[1]).toMatchObject({ direction: 'incoming', bytes: 7 })
    gate.resolve()
  })

  it('tells when a handler returns while a loop that nobody awaited still reads', async () => {
    const world = new World().install()
    const told: string[] = []
    world.app.monitor.on('readingAbandoned', ({ session }) => told.push(session.call.request.path))
    const { peer } = await connected(({ incoming }) => {
      void incoming.mapNotNull((frame) => frame).consumeEach(() => {})
    }, world)

    expect(await peer.read(4)).toBe('88 02 03 e8')
    expect(told).toEqual(['/chat'])
  })

  it('does not tell that of a handler that has closed the session itself', async () => {
    const world = new World().install()
    const told: object[] = []
    world.app.monitor.on('readingAbandoned', (facts) => told.push(facts))
    const { peer } = await connected(({ incoming, close }) => {
      void incoming.consumeEach(() => {})
      void close()
    }, world)

    expect(await peer.read(4)).toBe('88 02 03 e8')
    expect(told).toEqual([])
  })

  it('does not tell that of a handler that awaited its loop, or whose peer has left', async () => {
    const world = new World().install()
    const told: object[] = []
    world.app.monitor.on('readingAbandoned', (facts) => told.push(facts))
    const { peer } = await connected(async ({ incoming, closeReason }) => {
      await incoming.receive()
      void incoming.consumeEach(() => {})
      await closeReason
    }, world)

    peer.text('one')
    peer.close(1000)
    peer.end()
    await peer.gone
    await settled()

    expect(told).toEqual([])
  })
})
