import { describe, expect, it } from 'vitest'
import { Deferred } from '../../../src/base/internal.ts'
import { Heartbeat } from '../../../src/client/reconnecting/heartbeat.ts'
import {
  type BrowserClientOptions,
  readBrowserOptions,
} from '../../../src/engines/browser/browser-options.ts'
import type { BrowserSession } from '../../../src/engines/browser/browser-session.ts'
import { openSession } from '../../../src/engines/browser/open.ts'
import {
  type CloseInfo,
  CloseReason,
  Frame,
  type WebSocketServerSession,
  WebSockets,
} from '../../../src/index.ts'
import { type TestApplication, withTestApplication } from '../../../src/testing/index.ts'
import { browserPlatform } from '../../support/browser-platform.ts'

/** A session of a page with a handler, and what the server saw of its end. */
interface World {
  readonly t: TestApplication
  readonly session: BrowserSession
  /** How the session of the server ended. */
  readonly served: () => Promise<CloseInfo>
}

describe.each([true, false])('BrowserSession with WebSocketStream: %s', (hasStream) => {
  function within(
    handler: (session: WebSocketServerSession) => Promise<void> | void,
    test: (world: World) => Promise<void>,
    options: BrowserClientOptions = {},
  ): Promise<void> {
    readBrowserOptions(options)
    return withTestApplication(async (t) => {
      let served: Promise<CloseInfo> | null = null
      t.application.install(WebSockets)
      t.application.routing((route) => {
        route.webSocket('/', (session) => {
          served = session.closed
          return handler(session)
        })
      })
      const session = await openSession(browserPlatform(t, { hasStream }), '/', options)
      await t.settle()
      const ended = async (): Promise<CloseInfo> => {
        if (served === null) throw new Error('the handler has not run')
        return served
      }
      await test({ t, session, served: ended })
    })
  }

  const echo = async ({ incoming, send }: WebSocketServerSession): Promise<void> => {
    for await (const frame of incoming) await send(frame)
  }
  const listen = async ({ incoming }: WebSocketServerSession): Promise<void> => {
    for await (const _ of incoming);
  }

  it('what is sent arrives, and what is received comes, in order, as frames of its kind', () =>
    within(echo, async ({ session: { incoming, send, outgoing, close } }) => {
      await send('text')
      await send(Uint8Array.of(1, 2))
      await outgoing.send(new Frame.Text('frame'))
      expect(outgoing.trySend(new Frame.Binary(Uint8Array.of(3)))).toBe('sent')

      expect(await incoming.receive()).toEqual(new Frame.Text('text'))
      expect(await incoming.receive()).toEqual(new Frame.Binary(Uint8Array.of(1, 2)))
      expect(await incoming.receive()).toEqual(new Frame.Text('frame'))
      expect(await incoming.receive()).toEqual(new Frame.Binary(Uint8Array.of(3)))
      await close()
    }))

  it('bytes may be changed as soon as send() has resolved', () =>
    within(echo, async ({ session }) => {
      const bytes = Uint8Array.of(1)
      await session.send(bytes)
      bytes[0] = 9

      expect(await session.incoming.receive()).toEqual(new Frame.Binary(Uint8Array.of(1)))
      await session.close()
    }))

  it('what comes before anybody reads is kept, and the end comes behind it', () =>
    within(
      async ({ send, close }) => {
        for (const n of [1, 2, 3]) await send(`${n}`)
        await close(new CloseReason(4000, 'enough'))
      },
      async ({ session }) => {
        await session.closed
        const frames = await session.incoming.toArray()

        expect(frames.map(String)).toEqual(['1', '2', '3'].map((n) => `Frame.Text "${n}"`))
        await expect(session.incoming.receive()).rejects.toMatchObject({
          code: 'TOWPATH_CLOSED_RECEIVE_CHANNEL',
        })
        await expect(session.send('late')).rejects.toMatchObject({
          code: 'TOWPATH_CLOSED_SEND_CHANNEL',
        })
      },
    ))

  it('a Close of the server is its reason and its beginning', () =>
    within(
      ({ close }) => void close(new CloseReason(4000, 'enough')),
      async ({ session }) => {
        const reason = new CloseReason(4000, 'enough')

        expect(await session.closed).toEqual({
          reason,
          initiator: 'remote',
          local: new CloseReason(4000),
          remote: reason,
          clean: true,
          cause: null,
        })
        expect(await session.closeReason).toEqual(reason)
        expect(session.signal.aborted).toBe(true)
      },
    ))

  it('a Close of the page is its reason and its beginning, what was sent before it first', () =>
    within(echo, async ({ session, served }) => {
      const reason = new CloseReason(3001, 'done')
      await session.send('before')
      await session.close(reason)
      void session.close(new CloseReason(3002))

      expect(await session.incoming.receive()).toEqual(new Frame.Text('before'))
      expect(await session.closeReason).toBe(reason)
      expect(await session.closed).toMatchObject({
        reason,
        initiator: 'local',
        local: reason,
        clean: true,
      })
      expect((await served()).remote).toEqual(reason)
    }))

  it('close() is 1000 without a reason, and refuses at the call what a browser refuses', () =>
    within(listen, async ({ session, served }) => {
      expect(() => session.close(new CloseReason(1001))).toThrow(RangeError)
      await session.close()

      expect((await session.closed).reason).toEqual(new CloseReason(1000))
      expect((await served()).remote).toEqual(new CloseReason(1000))
    }))

  it('close() refuses anything but a CloseReason at the call, and then works', () =>
    within(listen, async ({ session }) => {
      // As JavaScript may call it. The browser refuses the length of the message.
      const plain = { code: 4000, message: 'x'.repeat(200) } as unknown as CloseReason
      expect(() => session.close(plain)).toThrow(TypeError)
      expect(() => session.close(1000 as unknown as CloseReason)).toThrow(TypeError)
      void session.close()

      expect(await session.closed).toMatchObject({ reason: new CloseReason(1000), clean: true })
    }))

  it('a connection that breaks is 1006, and no failure of incoming', () =>
    within(listen, async ({ t, session }) => {
      t.network.reset()
      const info = await session.closed

      expect(info).toEqual({
        reason: new CloseReason(1006),
        initiator: 'none',
        local: null,
        remote: null,
        clean: false,
        cause: null,
      })
      expect(await session.incoming.toArray()).toEqual([])
    }))

  it('a server that answers no Close is waited for until closeTimeout', () =>
    within(
      listen,
      async ({ t, session }) => {
        t.network.halfOpen()
        void session.close()
        let isOver = false
        void session.closed.then(() => (isOver = true))
        await t.clock.advance(2_999)
        expect(isOver).toBe(false)
        await t.clock.advance(1)

        expect(isOver).toBe(true)
        expect(await session.closed).toMatchObject({
          reason: new CloseReason(1000),
          initiator: 'local',
          remote: null,
          clean: false,
        })
      },
      { closeTimeout: 3_000 },
    ))

  it('outgoing.close() is close(), and with a cause 4011 with that cause', () =>
    within(listen, async ({ session, served }) => {
      const cause = new Error('trouble')

      expect(session.outgoing.close(cause)).toBe(true)
      expect(session.outgoing.close()).toBe(false)
      expect(await session.closed).toMatchObject({ reason: { code: 4011, message: '' }, cause })
      expect((await served()).remote).toEqual(new CloseReason(4011))
    }))

  it('what a page cannot send is refused, and the session goes on', () =>
    within(echo, async ({ session }) => {
      await expect(session.send(new Frame.Ping())).rejects.toThrow(TypeError)
      await expect(session.send(new Frame.Text('a', { fin: false }))).rejects.toMatchObject({
        code: 'TOWPATH_LOCAL_PROTOCOL',
      })
      await session.send('on')

      expect(await session.incoming.receive()).toEqual(new Frame.Text('on'))
      await session.close()
    }))

  it('send() waits while a server does not read, and bufferedAmount has a bound', async () => {
    const gate = new Deferred<void>()
    await within(
      async ({ incoming }) => {
        await gate.promise
        for await (const _ of incoming);
      },
      async ({ t, session }) => {
        const bytes = new Uint8Array(64 * 1024)
        let sent = 0
        const sending = session.launch(async () => {
          for (; sent < 400; sent++) await session.send(bytes)
        })
        await t.settle()
        const stuckAt = sent
        expect(stuckAt).toBeLessThan(400)
        expect(session.bufferedAmount).toBeGreaterThan(0)
        expect(session.bufferedAmount).toBeLessThan(5 * 1024 * 1024)

        gate.resolve()
        while (sent < 400) await t.clock.advance(10)
        await sending
        await session.close()
      },
    )
  })

  it('senders that wait are let in in the order of their calls', async () => {
    const gate = new Deferred<void>()
    const received: string[] = []
    await within(
      async ({ incoming }) => {
        await gate.promise
        for await (const frame of incoming) {
          if (frame instanceof Frame.Text) received.push(frame.readText().slice(0, 2))
        }
      },
      async ({ t, session }) => {
        const padding = 'x'.repeat(256 * 1024)
        while (session.outgoing.trySend(new Uint8Array(256 * 1024)) === 'sent') await t.settle()
        const numbers = Array.from({ length: 20 }, (_, index) => `${index + 10}`)
        const sending = numbers.map((number) => session.send(number + padding))
        gate.resolve()
        await t.clock.advance(1000)
        await Promise.all(sending)
        await session.close()
        await session.closed

        expect(received).toEqual(numbers)
      },
    )
  })

  it('close() lets senders that wait for room go out before the Close frame', async () => {
    const gate = new Deferred<void>()
    const received: string[] = []
    await within(
      async ({ incoming }) => {
        await gate.promise
        for await (const frame of incoming) {
          if (frame instanceof Frame.Text) received.push(frame.readText().slice(0, 2))
        }
      },
      async ({ t, session }) => {
        const padding = 'x'.repeat(256 * 1024)
        while (session.outgoing.trySend(new Uint8Array(256 * 1024)) === 'sent') await t.settle()
        const numbers = Array.from({ length: 20 }, (_, index) => `${index + 10}`)
        const sending = numbers.map((number) => session.send(number + padding))
        void session.close()
        gate.resolve()
        await t.clock.advance(1000)
        await Promise.all(sending)
        await session.closed

        expect(received).toEqual(numbers)
      },
    )
  })

  it('an abandoned send() has not been sent', async () => {
    const gate = new Deferred<void>()
    await within(
      async ({ incoming }) => {
        await gate.promise
        for await (const _ of incoming);
      },
      async ({ t, session }) => {
        const bytes = new Uint8Array(256 * 1024)
        while (session.outgoing.trySend(bytes) === 'sent') await t.settle()
        const reason = new Error('enough')
        const controller = new AbortController()
        const sending = session.send(bytes, { signal: controller.signal })
        controller.abort(reason)

        await expect(sending).rejects.toBe(reason)
        gate.resolve()
        const closing = session.close()
        await t.clock.advance(1000)
        await closing
      },
    )
  })

  it('the policy close fails the session with 4008, in both directions', async () => {
    const gate = new Deferred<void>()
    await within(
      async ({ send, incoming }) => {
        for (const n of [1, 2, 3]) await send(`${n}`)
        await incoming.receiveCatching()
      },
      async ({ session, served }) => {
        await session.closed
        const read = session.incoming.toArray()

        await expect(read).rejects.toMatchObject({ code: 'TOWPATH_CHANNEL_OVERFLOW' })
        expect((await served()).remote).toEqual(new CloseReason(4008))
      },
      { channels: { incoming: { capacity: 2, onOverflow: 'close' } } },
    )
    await within(
      async ({ incoming }) => {
        await gate.promise
        for await (const _ of incoming);
      },
      async ({ t, session, served }) => {
        const bytes = new Uint8Array(512 * 1024)
        while (session.outgoing.trySend(bytes) === 'sent') await t.settle()
        gate.resolve()
        await t.clock.advance(100)

        expect((await session.closed).cause).toMatchObject({ code: 'TOWPATH_CHANNEL_OVERFLOW' })
        expect((await served()).remote).toEqual(new CloseReason(4008))
        await expect(session.incoming.receive()).rejects.toMatchObject({
          code: 'TOWPATH_CHANNEL_OVERFLOW',
        })
      },
      { channels: { outgoing: { onOverflow: 'close' } } },
    )
  })

  it('the policies that drop keep the newest, or the oldest', async () => {
    for (const [onOverflow, kept] of [
      ['drop-oldest', ['2', '3']],
      ['drop-latest', ['1', '2']],
    ] as const) {
      await within(
        async ({ send }) => {
          for (const n of [1, 2, 3]) await send(`${n}`)
        },
        async ({ session }) => {
          await session.closed
          const frames = await session.incoming.toArray()
          expect(frames.map(String)).toEqual(kept.map((n) => `Frame.Text "${n}"`))
        },
        { channels: { incoming: { capacity: 2, onOverflow } } },
      )
    }
  })

  /** 200 small messages, for a page that reads none of them yet. */
  const burst = async ({ send, incoming }: WebSocketServerSession): Promise<void> => {
    for (let n = 1; n <= 200; n++) await send(`${n}`)
    await incoming.receiveCatching()
  }

  it.runIf(hasStream)('past maxUnread the server waits', () =>
    within(
      burst,
      async ({ session }) => {
        for (let n = 1; n <= 200; n++) {
          expect(String(await session.incoming.receive())).toBe(`Frame.Text "${n}"`)
        }
        await session.close()
      },
      { maxUnread: 640 },
    ),
  )

  it.skipIf(hasStream)('past maxUnread the session fails where no server can be made to wait', () =>
    within(
      burst,
      async ({ session, served }) => {
        expect((await served()).remote).toEqual(new CloseReason(4008))
        expect((await session.closed).cause).toMatchObject({ code: 'TOWPATH_CHANNEL_OVERFLOW' })
        for (let n = 1; n <= 10; n++) await session.incoming.receive()
        await expect(session.incoming.receive()).rejects.toMatchObject({
          code: 'TOWPATH_CHANNEL_OVERFLOW',
        })
      },
      { maxUnread: 640 },
    ),
  )

  it.runIf(hasStream)(
    'an end that comes while the server is held back says that messages are missing',
    () =>
      within(
        async ({ send, close }) => {
          for (let n = 1; n <= 200; n++) await send(`${n}`)
          await close(new CloseReason(4000))
        },
        async ({ session }) => {
          expect(await session.closed).toMatchObject({
            reason: { code: 4000 },
            cause: { code: 'TOWPATH_MESSAGES_LOST' },
          })
          await expect(session.incoming.toArray()).rejects.toMatchObject({
            code: 'TOWPATH_MESSAGES_LOST',
          })
        },
        { maxUnread: 640 },
      ),
  )

  it('a page that reads no more lets the server send on', () =>
    within(
      async ({ send, close, incoming }) => {
        await incoming.receive()
        for (let n = 1; n <= 500; n++) await send(`${n}`)
        await close(new CloseReason(4000))
      },
      async ({ session }) => {
        await session.send('begin')
        session.incoming.cancel()

        expect((await session.closed).reason).toEqual(new CloseReason(4000))
      },
      { maxUnread: 640 },
    ))

  it('a heartbeat takes its answers, which the reader does not see', () =>
    within(echo, async ({ t, session }) => {
      const heartbeat = new Heartbeat(t.clock, { period: 20_000, timeout: 5_000 }, session, false)
      await session.send('seen')
      await t.settle()

      expect(heartbeat.state).toBe('supported')
      expect(String(await session.incoming.receive())).toBe('Frame.Text "seen"')
      expect(session.incoming.tryReceive().type).toBe('empty')
      heartbeat.stop()
      await session.close()
    }))

  it('a heartbeat without answers ends the session at once, whether or not anybody reads', () =>
    within(
      async ({ send, incoming }) => {
        for (let index = 0; index < 100; index++) await send('unread')
        await incoming.toArray()
      },
      async ({ t, session }) => {
        const heartbeat = new Heartbeat(t.clock, { period: 20_000, timeout: 5_000 }, session, false)
        await t.settle()
        expect(heartbeat.state).toBe('supported')
        t.network.halfOpen()
        await t.clock.advance(24_999)
        expect(session.signal.aborted).toBe(false)
        await t.clock.advance(1)

        const info = await session.closed
        expect(info).toMatchObject({
          reason: { code: 1006 },
          initiator: 'local',
          local: null,
          remote: null,
          clean: false,
          cause: { code: 'TOWPATH_PING_TIMEOUT', timeoutMs: 5_000 },
        })
        expect(await session.incoming.receive()).toMatchObject({ frameType: 1 })
        await expect(session.send('late')).rejects.toMatchObject({
          code: 'TOWPATH_CLOSED_SEND_CHANNEL',
        })
        await expect(session.incoming.toArray()).rejects.toBe(info.cause)
        heartbeat.stop()
        t.network.reset()
      },
    ))

  it('launch() runs a task of the session: its failure is 4011, and its cause', () =>
    within(listen, async ({ session, served }) => {
      const failure = new Error('of the task')
      const task = session.launch(() => Promise.reject(failure))

      await expect(task).rejects.toBe(failure)
      expect(await session.closed).toMatchObject({ reason: { code: 4011 }, cause: failure })
      expect((await served()).remote).toEqual(new CloseReason(4011))
      expect(() => session.launch(() => 1)).toThrow(
        expect.objectContaining({ code: 'TOWPATH_SCOPE_ENDED' }),
      )
    }))

  it('launch() with a signal ends one task, and the session goes on', () =>
    within(listen, async ({ session }) => {
      const reason = new Error('enough')

      const task = session.launch(() => 1, { signal: AbortSignal.abort(reason) })

      await expect(task).rejects.toBe(reason)
      expect(session.signal.aborted).toBe(false)
      await session.close()
    }))

  it('a task that is told of the end has not failed', () =>
    within(
      async ({ close, incoming }) => {
        await incoming.receive()
        await close()
      },
      async ({ session }) => {
        const task = session.launch(() => session.incoming.receive())
        await session.send('go')

        await expect(task).rejects.toMatchObject({ code: 'TOWPATH_CLOSED_RECEIVE_CHANNEL' })
        expect((await session.closed).cause).toBeNull()
      },
    ))

  it('run() returns what the block returns, and closes with 1000', () =>
    within(echo, async ({ session, served }) => {
      const value = await session.run(async ({ send, incoming }) => {
        await send('a')
        return incoming.receive()
      })

      expect(value).toEqual(new Frame.Text('a'))
      expect((await served()).remote).toEqual(new CloseReason(1000))
    }))

  it('run() rejects with what the block throws, and closes with 4011', () =>
    within(listen, async ({ session, served }) => {
      const failure = new Error('of the block')

      await expect(
        session.run(() => {
          throw failure
        }),
      ).rejects.toBe(failure)
      expect((await served()).remote).toEqual(new CloseReason(4011))
      expect((await session.closed).cause).toBe(failure)
    }))

  it('run() waits for tasks, and rejects with what the first of them failed with', () =>
    within(listen, async ({ session }) => {
      const failure = new Error('of the task')
      const running = session.run(async ({ launch, incoming }) => {
        void launch(() => Promise.reject(failure))
        await incoming.receive()
      })

      await expect(running).rejects.toBe(failure)
    }))

  it('run() rejects with what the block threw because the server had left, and that is no failure', () =>
    within(
      ({ close }) => void close(),
      async ({ session }) => {
        const running = session.run(({ incoming }) => incoming.receive())

        await expect(running).rejects.toMatchObject({ code: 'TOWPATH_CLOSED_RECEIVE_CHANNEL' })
        expect(await session.closed).toMatchObject({ reason: { code: 1000 }, cause: null })
      },
    ))

  it('the signal of the options closes with 4001, ends incoming, and is what run() rejects with', async () => {
    const reason = new Error('left')
    const controller = new AbortController()
    await within(
      listen,
      async ({ session, served }) => {
        const running = session.run(async ({ incoming }) => {
          controller.abort(reason)
          for await (const _ of incoming);
        })

        await expect(running).rejects.toBe(reason)
        expect((await served()).remote).toEqual(new CloseReason(4001))
      },
      { signal: controller.signal },
    )
  })

  it('`await using` closes, and waits until the session is over', () =>
    within(listen, async ({ session, served }) => {
      await session[Symbol.asyncDispose]()

      expect(session.signal.aborted).toBe(true)
      expect((await served()).remote).toEqual(new CloseReason(1000))
    }))
})
