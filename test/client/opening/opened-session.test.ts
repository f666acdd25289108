import { describe, expect, it, vi } from 'vitest'
import { LeaveSignals } from '../../../src/client/opening/leave-signals.ts'
import { OpenedSession } from '../../../src/client/opening/opened-session.ts'
import { CloseReason, Frame, HttpHeaders } from '../../../src/protocol/index.ts'
import { RawSession } from '../../support/bare-session.ts'
import { DEFAULT_SETTINGS } from '../../../src/session/internal.ts'
import { MemoryLink } from '../../../src/engines/memory/internal.ts'
import { memoryEnvironment, settled } from '../../support/memory-world.ts'
import { SETTINGS } from '../../support/session.ts'

function world(options: { readonly signal?: AbortSignal; readonly closeTimeout?: number } = {}) {
  const environment = memoryEnvironment()
  const link = new MemoryLink(environment)
  const silent = {
    handlerFailed() {},
    limitReached() {},
    frameDropped() {},
    buffered() {},
    closed() {},
  }
  const server = new RawSession(link.server, SETTINGS, environment, silent)
  server.start()
  const failures: unknown[] = []
  const session = new OpenedSession(
    {
      url: 'ws://example.com/',
      response: { status: 101, headers: new HttpHeaders(['Set-Cookie', 'a=1']) },
      protocol: 'v1',
      extensions: [],
      settings: {
        ...DEFAULT_SETTINGS,
        masking: true,
        closeTimeout: options.closeTimeout ?? 10_000,
      },
      environment,
      leave: new LeaveSignals(options.signal ?? null),
      id: 'mine',
      failed: (error) => failures.push(error),
      ended: () => {},
    },
    link.client,
  )
  return { session, server, link, failures, clock: environment.clock }
}

/** A server's end that answers Close frames, and ends TCP after it as a server does. */
async function polite(server: RawSession): Promise<CloseReason | null> {
  for await (const frame of server.incoming) {
    if (!(frame instanceof Frame.Close)) continue
    await server.send(frame)
    await server.run(() => {})
    return frame.readReason()
  }
  return null
}

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => null,
    (error: unknown) => error,
  )

describe('OpenedSession', () => {
  it('shows what it was opened by', () => {
    const { session } = world()

    expect([session.url, session.protocol, session.id]).toEqual(['ws://example.com/', 'v1', 'mine'])
    expect(session.response.status).toBe(101)
    expect(session.response.headers.getSetCookie()).toEqual(['a=1'])
    expect(session.response).toBe(session.response)
  })

  it('has everything that a session has, and may be taken apart', async () => {
    const { session, server } = world()
    const { send, incoming, outgoing, flush, close, launch, terminate, closed, closeReason } =
      session

    await send('one')
    await outgoing.send('two')
    await flush()
    expect(String(await server.incoming.receive())).toBe('Frame.Text "one"')
    expect(String(await server.incoming.receive())).toBe('Frame.Text "two"')
    await server.send('three')
    expect(String(await incoming.receive())).toBe('Frame.Text "three"')
    expect(await launch(() => 7)).toBe(7)
    expect(session.bufferedAmount).toBe(0)
    expect(session.roundTripTime).toBe(null)
    expect(session.signal.aborted).toBe(false)
    void close(new CloseReason(4000))
    terminate()
    expect((await closeReason).code).toBe(4000)
    expect((await closed).clean).toBe(false)
    expect(session.signal.aborted).toBe(true)
  })

  it('lets settings be changed while it lives', () => {
    const { session } = world()

    session.masking = false
    session.maxFrameSize = 5
    session.pingInterval = { seconds: 1 }
    session.timeout = { seconds: 2 }

    expect([session.masking, session.maxFrameSize]).toEqual([false, 5])
    expect([session.pingInterval, session.timeout]).toEqual([1000, 2000])
  })

  it('disposed of, closes with 1000 and waits until it is over', async () => {
    const { session, server } = world()
    const said = polite(server)

    await session[Symbol.asyncDispose]()

    expect((await said)?.code).toBe(1000)
    expect(await session.closed).toMatchObject({ clean: true, initiator: 'local' })
    await session[Symbol.asyncDispose]()
  })

  it('disposed of, gives up on a server that does not answer after closeTimeout', async () => {
    const { session, clock } = world({ closeTimeout: 3000 })
    const disposing = session[Symbol.asyncDispose]()
    await settled()

    await clock.advance(3000)

    await disposing
    expect((await session.closed).clean).toBe(false)
  })

  it('is closed with 1011 when a launched task fails, which closed tells', async () => {
    const { session, server, failures } = world()
    const boom = new Error('boom')
    const said = polite(server)

    session.launch(() => Promise.reject(boom)).catch(() => {})

    expect(await said).toEqual(new CloseReason(1011))
    expect((await session.closed).cause).toBe(boom)
    expect(failures).toEqual([boom])
  })
})

describe('OpenedSession and its signal', () => {
  it('is closed with 1001, and incoming ends at once', async () => {
    const leaving = new AbortController()
    const { session, server } = world({ signal: leaving.signal })
    const said = polite(server)

    leaving.abort()

    for await (const _ of session.incoming);
    expect((await said)?.code).toBe(1001)
    expect((await session.closed).clean).toBe(true)
  })

  it('is closed when that has fired before', async () => {
    const { session, server } = world({ signal: AbortSignal.abort() })

    expect((await polite(server))?.code).toBe(1001)
    expect((await session.closeReason).code).toBe(1001)
  })

  it('leaves no listener behind once it is over', async () => {
    const { signal } = new AbortController()
    const added = vi.spyOn(signal, 'addEventListener')
    const removed = vi.spyOn(signal, 'removeEventListener')
    const { session } = world({ signal })

    session.terminate()
    await session.closed

    expect(added).toHaveBeenCalledTimes(1)
    expect(removed.mock.calls).toEqual(added.mock.calls)
  })
})

describe('runBlock()', () => {
  it('resolves with what the block returned, after Close 1000 and its answer', async () => {
    const { session, server } = world()
    const said = polite(server)

    const result = await session.runBlock(async ({ send }) => {
      await send('hello')
      return 7
    })

    expect(result).toBe(7)
    expect((await said)?.code).toBe(1000)
    expect((await session.closed).clean).toBe(true)
  })

  it('resolves with undefined for a block that returns nothing', async () => {
    const { session, server } = world()
    void polite(server)

    expect(await session.runBlock(() => {})).toBe(undefined)
  })

  it('waits for the answer as long as closeTimeout', async () => {
    const { session, clock } = world({ closeTimeout: 3000 })
    const running = session.runBlock(() => 'done')
    await settled()

    await clock.advance(3000)

    expect(await running).toBe('done')
  })

  it('rejects with what the block threw; the server sees 1011 without a word', async () => {
    const { session, server, failures } = world()
    const boom = new Error('secret')
    const said = polite(server)

    expect(await failure(session.runBlock(() => Promise.reject(boom)))).toBe(boom)

    expect(await said).toEqual(new CloseReason(1011, ''))
    expect((await session.closed).cause).toBe(boom)
    expect(failures).toEqual([boom])
  })

  it('rejects with what a launched task failed with, rather than what the block made of it', async () => {
    const { session, server } = world()
    const boom = new Error('boom')
    void polite(server)

    const error = await failure(
      session.runBlock(async ({ launch, incoming }) => {
        launch(() => Promise.reject(boom)).catch(() => {})
        await incoming.receive()
      }),
    )

    expect(error).toBe(boom)
  })

  it('rejects when a task fails after the block has returned', async () => {
    const { session, server } = world()
    const boom = new Error('boom')
    void polite(server)

    const error = await failure(
      session.runBlock(({ launch, signal }) => {
        launch(async () => {
          await new Promise((resolve) => {
            signal.addEventListener('abort', resolve)
          })
          throw boom
        }).catch(() => {})
      }),
    )

    expect(error).toBe(boom)
  })

  it('waits for launched tasks', async () => {
    const { session, server } = world()
    const done: string[] = []
    void polite(server)

    await session.runBlock(({ launch, closed }) => {
      void launch(async () => {
        await closed
        await settled()
        done.push('task')
      })
    })

    expect(done).toEqual(['task'])
  })

  it('rejects with the closed error of a block that the server has left', async () => {
    const { session, link } = world()

    const error = await failure(
      session.runBlock(async ({ incoming }) => {
        link.reset()
        await incoming.receive()
      }),
    )

    expect(error).toMatchObject({ name: 'ClosedReceiveChannelError' })
    expect((await session.closeReason).code).toBe(1006)
  })

  it('resolves when a loop has ended because the server has left', async () => {
    const { session, link } = world()

    const result = await session.runBlock(async ({ incoming }) => {
      link.reset()
      for await (const _ of incoming);
      return 'left'
    })

    expect(result).toBe('left')
  })

  it('rejects with the reason of the signal that fires before the block ends', async () => {
    const leaving = new AbortController()
    const { session, server } = world({ signal: leaving.signal })
    const said = polite(server)

    const error = await failure(
      session.runBlock(async ({ incoming }) => {
        leaving.abort('enough')
        for await (const _ of incoming);
        return 'ignored'
      }),
    )

    expect(error).toBe('enough')
    expect((await said)?.code).toBe(1001)
  })

  it('takes no notice of a signal that fires once the block has ended', async () => {
    const leaving = new AbortController()
    const { session, server } = world({ signal: leaving.signal })
    const running = session.runBlock(() => 'done')
    await settled()

    leaving.abort('late')
    void polite(server)

    expect(await running).toBe('done')
  })

  it('rejects with the block’s own failure, whatever the signal says', async () => {
    const leaving = new AbortController()
    const { session, server } = world({ signal: leaving.signal })
    const boom = new Error('boom')
    void polite(server)

    const error = await failure(
      session.runBlock(() => {
        leaving.abort('enough')
        throw boom
      }),
    )

    expect(error).toBe(boom)
  })

  it('lets a block dispose of its own session', async () => {
    const { session, server } = world()
    void polite(server)

    const result = await session.runBlock(async (own) => {
      await own[Symbol.asyncDispose]()
      return 'disposed'
    })

    expect(result).toBe('disposed')
  })
})
