import { readFile } from 'node:fs/promises'
import { describe, expect, it, vi } from 'vitest'
import {
  CloseReason,
  Frame,
  PluginMissingError,
  type WebSocketServerSession,
  WebSockets,
} from '../../src/index.ts'
import { type TestApplication, withTestApplication } from '../../src/testing/index.ts'
import { echo, serving, textOf } from './applications.ts'

describe('withTestApplication()', () => {
  it('S-45 makes an application that opens no sockets, to install into and to route', async () => {
    const resources = process.getActiveResourcesInfo().length

    await withTestApplication(async (t) => {
      t.application.install(WebSockets)
      t.application.routing((route) => {
        route.webSocket('/', ({ send }) => send('hi'))
      })
      const session = await t.connect('/')

      expect(textOf(await session.incoming.receive())).toBe('hi')
      expect(process.getActiveResourcesInfo()).toHaveLength(resources)
    })
  })

  it('S-45 takes a module to set the application up with', async () => {
    await withTestApplication(echo, async (t) => {
      const session = await t.connect('/')

      await session.send('hello')

      expect(textOf(await session.incoming.receive())).toBe('hello')
    })
  })

  it('S-50 lets routes be declared inside the block, also after connections were made', async () => {
    await withTestApplication(echo, async (t) => {
      await t.handleWebSocketConversation('/', () => {})
      t.application.routing((route) => {
        route.webSocket('/later', ({ send }) => send('late'))
      })

      await t.handleWebSocketConversation('/later', async (incoming) => {
        expect(textOf(await incoming.receive())).toBe('late')
      })
    })
  })

  it('returns what the block returns', async () => {
    expect(await withTestApplication(() => 42)).toBe(42)
    expect(await withTestApplication(() => undefined)).toBe(undefined)
  })

  it('rejects with what the module throws', async () => {
    const test = withTestApplication(
      (app) => {
        app.routing((route) => {
          route.webSocket('/', () => {})
        })
      },
      () => {},
    )

    await expect(test).rejects.toBeInstanceOf(PluginMissingError)
  })

  it('rejects with what the block throws, after everything was stopped', async () => {
    const assertion = new Error('not what was expected')
    let served: WebSocketServerSession | null = null
    const module = serving((session) => {
      served = session
      return session.closed.then(() => {})
    })

    const test = withTestApplication(module, async (t) => {
      await t.connect('/')
      throw assertion
    })

    await expect(test).rejects.toBe(assertion)
    expect(await served!.closed).toMatchObject({ clean: true })
  })

  it('rejects with what a handler threw that nobody looked at', async () => {
    const boom = new Error('boom')
    const module = serving(() => {
      throw boom
    })

    await expect(withTestApplication(module, (t) => t.connect('/'))).rejects.toBe(boom)
  })

  it('rejects with the failure of the handler when the block saw only its echo', async () => {
    const boom = new Error('boom')
    const module = serving(() => {
      throw boom
    })

    const test = withTestApplication(module, async (t) => {
      const session = await t.connect('/')
      await session.incoming.receive()
    })

    await expect(test).rejects.toBe(boom)
  })

  it('rejects with what a launched task, an interceptor or a listener threw', async () => {
    const failWith = (declare: (t: TestApplication) => void): Promise<unknown> =>
      withTestApplication(async (t) => {
        t.application.install(WebSockets)
        declare(t)
        await t.connect('/').catch(() => {})
      })

    const task = failWith((t) => {
      t.application.routing((route) => {
        route.webSocket('/', ({ launch, closed }) => {
          void launch(() => Promise.reject(new Error('task')))
          return closed.then(() => {})
        })
      })
    })
    const interceptor = failWith((t) => {
      t.application.routing((route) => {
        route.intercept(() => Promise.reject(new Error('interceptor')))
        route.webSocket('/', () => {})
      })
    })
    const listener = failWith((t) => {
      t.application.monitor.on('sessionClosed', () => {
        throw new Error('listener')
      })
      t.application.routing((route) => {
        route.webSocket('/', () => {})
      })
    })

    await Promise.all([
      expect(task).rejects.toThrow('task'),
      expect(interceptor).rejects.toThrow('interceptor'),
      expect(listener).rejects.toThrow('listener'),
    ])
  })

  it('rejects with all failures together when there are several', async () => {
    let count = 0
    const module = serving(() => {
      throw new Error(`failure ${++count}`)
    })

    const test = withTestApplication(module, async (t) => {
      await t.connect('/')
      await t.connect('/')
    })

    await expect(test).rejects.toMatchObject({
      name: 'AggregateError',
      message: 'Cannot pass the test: Error: failure 1; Error: failure 2',
    })
  })

  it('does not reject with failures that were taken', async () => {
    const boom = new Error('boom')
    const module = serving(() => {
      throw boom
    })

    await withTestApplication(module, async (t) => {
      const session = await t.connect('/')

      expect(await session.closeReason).toEqual(new CloseReason(1011))
      expect(t.takeFailures()).toEqual([boom])
      expect(t.takeFailures()).toEqual([])
    })
  })

  it('tells the logger that was given what the application logs', async () => {
    const lines: string[] = []
    const ignore = (): void => {}
    const logger = {
      debug: ignore,
      info: ignore,
      warn: ignore,
      error: (_facts: object, message: string) => void lines.push(message),
    }
    const module = serving(() => Promise.reject(new Error('boom')))

    const test = withTestApplication(module, (t) => t.connect('/'), { logger })

    await expect(test).rejects.toThrow('boom')
    expect(lines).toEqual(['WebSocket handler failed'])
  })

  it('writes nothing to the console', async () => {
    const error = vi.spyOn(console, 'error')
    const module = serving(() => Promise.reject(new Error('boom')))

    await withTestApplication(module, async (t) => {
      await t.connect('/')
      await t.settle()
      t.takeFailures()
    })

    expect(error).not.toHaveBeenCalled()
    error.mockRestore()
  })

  it('ends sessions that the block forgot, with a clean closing, and leaves no timer', async () => {
    let clock: TestApplication['clock'] | null = null
    let sessions: { readonly size: number } | null = null
    const module = serving(async ({ incoming }) => {
      for (;;) await incoming.receive()
    })

    await withTestApplication(module, async (t) => {
      clock = t.clock
      sessions = t.application.sessions
      for (let count = 0; count < 20; count++) await t.connect('/')
      await t.connectRaw('/')
      await t.connectBytes('/')
      expect(t.application.sessions.size).toBe(22)
    })

    expect(sessions!.size).toBe(0)
    expect(clock!.pendingTimers).toBe(0)
  })

  it('ends sessions over a network that is cut, in virtual time', async () => {
    let clock: TestApplication['clock'] | null = null
    const module = serving(async ({ incoming }) => {
      for await (const _ of incoming);
    })

    await withTestApplication(module, async (t) => {
      clock = t.clock
      const session = await t.connect('/')
      await t.connectRaw('/')
      session.network.halfOpen()
      await session.send('lost')
      t.network.delay({ seconds: 3 })
    })

    expect(clock!.pendingTimers).toBe(0)
    expect(clock!.now()).toBeGreaterThan(0)
  })

  it('waits for handlers that still have work of their own', async () => {
    let finished = false
    const module = serving(async ({ closed }) => {
      await closed
      await readFile(new URL(import.meta.url))
      finished = true
    })

    await withTestApplication(module, (t) => t.connect('/'))

    expect(finished).toBe(true)
  })

  it('rejects with HandlersStillRunningError when a handler never ends', async () => {
    let release = (): void => {}
    const module = serving(
      () =>
        new Promise((resolve) => {
          release = resolve
        }),
    )

    const test = withTestApplication(module, (t) => t.connect('/'))

    await expect(test).rejects.toMatchObject({
      code: 'TOWPATH_HANDLERS_STILL_RUNNING',
      paths: ['/'],
    })
    release()
  })

  it('ends upgrades that are still being decided', async () => {
    let connecting: Promise<unknown> = Promise.resolve()

    await withTestApplication((t) => {
      t.application.install(WebSockets)
      t.application.routing((route) => {
        route.intercept(() => new Promise(() => {}))
        route.webSocket('/', () => {})
      })
      connecting = t.connect('/').catch((error: unknown) => error)
    })

    expect(await connecting).toMatchObject({ status: 503 })
  })

  it('lets the block stop the application itself, with a grace of its own', async () => {
    const counts = await withTestApplication(echo, async (t) => {
      await t.connect('/')
      return { stopped: t.application.stop({ grace: 60_000, timeout: 120_000 }) }
    })

    expect(await counts.stopped).toEqual({ sessions: 1, closed: 1, aborted: 0 })
  })

  it('works while the test runner fakes its timers', async () => {
    vi.useFakeTimers()
    try {
      await withTestApplication(echo, async (t) => {
        const session = await t.connect('/')
        await session.send('hello')
        await t.clock.advance(1000)
        expect(textOf(await session.incoming.receive())).toBe('hello')
      })
    } finally {
      vi.useRealTimers()
    }
  })

  it('keeps two applications apart that run at the same time', async () => {
    const texts = await Promise.all(
      ['a', 'b'].map((name) =>
        withTestApplication(
          serving(({ send }) => send(name)),
          async (t) => textOf(await (await t.connect('/')).incoming.receive()),
        ),
      ),
    )

    expect(texts).toEqual(['a', 'b'])
  })
})

describe('t.clock', () => {
  it('moves pings: the first one period after the start, then about every period', async () => {
    const pings: number[] = []
    await withTestApplication(async (t) => {
      t.application.install(WebSockets, { pingPeriod: { seconds: 60 } })
      t.application.routing((route) => {
        route.webSocket('/', ({ closed }) => closed.then(() => {}))
      })
      const client = await t.connectRaw('/')
      client
        .launch(async () => {
          for await (const frame of client.incoming) {
            if (!(frame instanceof Frame.Ping)) continue
            pings.push(t.clock.now())
            await client.send(new Frame.Pong(frame.buffer))
          }
        })
        .catch(() => {})

      await t.clock.advance({ seconds: 59 })
      expect(pings).toEqual([])
      await t.clock.advance({ seconds: 1 })
      expect(pings).toEqual([60_000])
      await t.clock.advance({ minutes: 2 })
      expect(pings).toHaveLength(3)
    })
  })

  it('moves timeouts: a peer that is cut off is given up after period and timeout', async () => {
    await withTestApplication(async (t) => {
      const reasons: Array<[number, CloseReason]> = []
      t.application.install(WebSockets, { pingPeriod: { seconds: 60 }, timeout: { seconds: 15 } })
      t.application.monitor.on('sessionClosed', ({ info }) => {
        reasons.push([t.clock.now(), info.reason])
      })
      t.application.routing((route) => {
        route.webSocket('/', async ({ incoming }) => {
          for await (const _ of incoming);
        })
      })
      await t.connect('/')
      t.network.halfOpen()

      await t.clock.advance({ seconds: 74 })
      expect(reasons).toEqual([])
      await t.clock.advance({ seconds: 1 })
      expect(reasons).toEqual([[75_000, new CloseReason(1011, 'Ping timeout')]])
    })
  })

  it('moves deadlines: of handshakes and of closings', async () => {
    await withTestApplication(async (t) => {
      t.application.install(WebSockets, {
        handshakeTimeout: { seconds: 2 },
        closeTimeout: { seconds: 3 },
      })
      t.application.routing((route) => {
        route.webSocket('/', () => {})
        route.route('/slow', (slow) => {
          slow.intercept(() => new Promise(() => {}))
          slow.webSocket('/', () => {})
        })
      })

      const slow = t.connect('/slow').catch((error: unknown) => error)
      await t.clock.advance({ seconds: 2 })
      expect(await slow).toMatchObject({ status: 503 })

      const client = await t.connectRaw('/')
      await t.clock.advance({ seconds: 3 })
      expect(await client.closed).toMatchObject({ cause: { code: 'ECONNRESET' } })
    })
  })

  it('settles what is under way before it moves', async () => {
    await withTestApplication(async (t) => {
      const times: number[] = []
      t.application.install(WebSockets)
      t.application.routing((route) => {
        route.webSocket('/', async ({ incoming }) => {
          for await (const _ of incoming) times.push(t.clock.now())
        })
      })
      const session = await t.connect('/')

      await session.send('at 0')
      await t.clock.advance(100)

      expect(times).toEqual([0])
    })
  })
})

describe('t.settle()', () => {
  it('resolves when the frames that are under way have been handled', async () => {
    const texts: string[] = []
    const module = serving(async ({ incoming }) => {
      for await (const frame of incoming) texts.push(textOf(frame))
    })

    await withTestApplication(module, async (t) => {
      const session = await t.connect('/')
      for (const text of ['a', 'b', 'c']) await session.send(text)

      await t.settle()

      expect(texts).toEqual(['a', 'b', 'c'])
      expect(t.clock.now()).toBe(0)
    })
  })

  it('app.clock is the virtual time of the test, in the module too', async () => {
    const ticks: number[] = []
    await withTestApplication(
      (app) => {
        void app.clock.delay({ seconds: 1 }).then(() => ticks.push(app.clock.now()))
      },
      async (t) => {
        await t.clock.advance(2000)
        ticks.push(t.application.clock.now())
      },
    )

    expect(ticks).toEqual([1000, 2000])
  })
})
