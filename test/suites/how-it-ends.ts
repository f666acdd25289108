/**
 * The table "How it ends" of the contract, row by row, for every engine: the bytes on the wire,
 * `closeReason` and `closed`, and the results of `receive()` and `send`.
 */

import { afterEach, describe, expect, it } from 'vitest'
import {
  type CloseInfo,
  CloseReason,
  ClosedReceiveChannelError,
  ClosedSendChannelError,
  type DefaultWebSocketServerSession,
  Frame,
  FrameTooBigError,
  PingTimeoutError,
  ProtocolViolationError,
  WebSockets,
  type WebSocketsOptions,
} from '../../src/index.ts'
import { clientFrame, type Peer } from '../support/peer.ts'
import type { Host, Served } from '../support/hosts.ts'

type Handler = (session: DefaultWebSocketServerSession) => Promise<void> | void

/** A session whose handler has been called, and what its application has heard of it. */
interface Opened {
  readonly peer: Peer
  readonly session: DefaultWebSocketServerSession
  readonly failures: unknown[]
}

/** Runs the table on one engine. `advance` moves its time, where it has one that can be moved. */
export function howItEnds(
  createHost: () => Host & { advance?: (ms: number) => Promise<void> },
): void {
  const host = createHost()
  let served: Served | null = null

  afterEach(async () => {
    await served?.stop()
    served = null
  })

  /** Opens one session; its handler waits for the end unless one is given. */
  async function open(
    handler: Handler = untilOver,
    options: WebSocketsOptions = {},
  ): Promise<Opened> {
    const failures: unknown[] = []
    let opened: (session: DefaultWebSocketServerSession) => void = () => {}
    const session = new Promise<DefaultWebSocketServerSession>((resolve) => {
      opened = resolve
    })
    served = await host.serve((app) => {
      app.install(WebSockets, options)
      app.monitor.on('handlerFailed', ({ error }) => failures.push(error))
      app.routing((route) => {
        route.webSocket('/', (session) => {
          opened(session)
          return handler(session)
        })
      })
    })
    const peer = await served.connect('/')
    return { peer, session: await session, failures }
  }

  describe(`how it ends, on ${host.name}`, () => {
    it('peer sends Close(c, m): the code comes back, incoming ends normally, send rejects', async () => {
      const { peer, session } = await open()

      peer.close(4001, 'bye')

      expect(await peer.rest()).toBe('88 02 0f a1')
      expect(await session.closeReason).toEqual(new CloseReason(4001, 'bye'))
      await expect(session.incoming.receive()).rejects.toBeInstanceOf(ClosedReceiveChannelError)
      await expect(session.send('late')).rejects.toBeInstanceOf(ClosedSendChannelError)
      peer.end()
      expect(await session.closed).toEqual({
        reason: new CloseReason(4001, 'bye'),
        initiator: 'remote',
        local: new CloseReason(4001),
        remote: new CloseReason(4001, 'bye'),
        clean: true,
        cause: null,
      } satisfies CloseInfo)
    })

    it('peer sends Close(c, m): what was queued goes out before the answer', async () => {
      const { peer } = await open(async ({ incoming, send }) => {
        await incoming.receive()
        await send('one')
        await send('two')
        await incoming.toArray()
      })

      peer.send(clientFrame('text', 'go'))
      peer.close(1000)

      expect(await peer.rest()).toBe('81 03 6f 6e 65 81 03 74 77 6f 88 02 03 e8')
    })

    it('peer sends Close(c, m): what is buffered can still be received', async () => {
      const received: string[] = []
      const { peer, session } = await open(async ({ incoming, closeReason }) => {
        await closeReason
        for await (const frame of incoming) {
          if (frame instanceof Frame.Text) received.push(frame.readText())
        }
      })

      peer.text('a')
      peer.text('b')
      peer.close(1000)
      await peer.rest()
      peer.end()
      await session.closed

      expect(received).toEqual(['a', 'b'])
    })

    it('peer sends an empty Close: an empty one comes back, and 1005 is reported', async () => {
      const { peer, session } = await open()

      peer.send('88 80 00 00 00 00')

      expect(await peer.rest()).toBe('88 00')
      expect(await session.closeReason).toEqual(new CloseReason(1005))
    })

    it('close(c, m): what was queued, then Close; incoming goes on until the peer answers', async () => {
      const texts: string[] = []
      const { peer, session } = await open(async ({ incoming, send, close }) => {
        await send('last words')
        void close(new CloseReason(4000, 'enough'))
        for await (const frame of incoming) {
          if (frame instanceof Frame.Text) texts.push(frame.readText())
        }
      })

      expect(await peer.read(12)).toBe('81 0a 6c 61 73 74 20 77 6f 72 64 73')
      expect(await peer.read(10)).toBe('88 08 0f a0 65 6e 6f 75 67 68')
      expect(await session.closeReason).toEqual(new CloseReason(4000, 'enough'))
      await expect(session.send('x')).rejects.toBeInstanceOf(ClosedSendChannelError)
      peer.text('on its way')
      peer.close(4000)
      expect(await peer.rest()).toBe('')
      peer.end()

      const info = await session.closed
      expect(texts).toEqual(['on its way'])
      expect(info).toMatchObject({ initiator: 'local', clean: true, remote: new CloseReason(4000) })
    })

    it('handler returns: Close 1000, and the rest of what comes is discarded', async () => {
      const { peer, session } = await open(async ({ send }) => {
        await send('hi')
      })

      expect(await peer.read(8)).toBe('81 02 68 69 88 02 03 e8')
      peer.text('ignored')
      peer.close(1000)
      expect(await peer.rest()).toBe('')
      peer.end()

      expect(await session.closed).toMatchObject({ reason: new CloseReason(1000), clean: true })
    })

    it('handler throws: Close 1011 without detail, reported once', async () => {
      const boom = new Error('secret detail')
      const { peer, session, failures } = await open(() => {
        throw boom
      })

      expect(await peer.read(4)).toBe('88 02 03 f3')
      peer.close(1011)
      expect(await peer.rest()).toBe('')
      peer.end()

      expect(await session.closed).toMatchObject({ reason: new CloseReason(1011), cause: boom })
      expect(failures).toEqual([boom])
    })

    it('handler throws because the peer had left: as the peer closed, and not reported', async () => {
      const { peer, session, failures } = await open(async ({ incoming }) => {
        for (;;) await incoming.receive()
      })

      peer.close(1001, 'tab closed')
      expect(await peer.rest()).toBe('88 02 03 e9')
      peer.end()

      expect((await session.closed).reason).toEqual(new CloseReason(1001, 'tab closed'))
      await served?.settle()
      expect(failures).toEqual([])
    })

    it('EOF without Close: 1006, incoming ends normally and receive() throws', async () => {
      const { peer, session, failures } = await open(async ({ incoming }) => {
        for (;;) await incoming.receive()
      })

      peer.end()

      expect(await peer.rest()).toBe('')
      expect(await session.closeReason).toEqual(new CloseReason(1006))
      expect(await session.closed).toMatchObject({
        initiator: 'none',
        local: null,
        remote: null,
        clean: false,
      })
      await expect(session.send('x')).rejects.toBeInstanceOf(ClosedSendChannelError)
      expect(failures).toEqual([])
    })

    it('reset without Close: 1006, and closed has the cause', async () => {
      const { peer, session } = await open()

      peer.reset()

      const info = await session.closed
      expect(info.reason).toEqual(new CloseReason(1006))
      expect(info.cause).toMatchObject({ code: 'ECONNRESET' })
      await expect(session.incoming.receive()).rejects.toBeInstanceOf(ClosedReceiveChannelError)
    })

    it('no pong in timeout: Close 1011 "Ping timeout", incoming fails with PingTimeoutError', async () => {
      const { peer, session } = await open(untilOver, {
        pingPeriod: { milliseconds: 20 },
        timeout: { milliseconds: 30 },
      })

      await host.advance?.(20)
      await host.advance?.(40)

      expect((await peer.read(2 + 8)).slice(0, 5)).toBe('89 08')
      const info = await session.closed
      expect(info.reason).toEqual(new CloseReason(1011, 'Ping timeout'))
      expect(info.cause).toBeInstanceOf(PingTimeoutError)
      await expect(session.incoming.receive()).rejects.toBeInstanceOf(PingTimeoutError)
      await expect(session.send('x')).rejects.toBeInstanceOf(ClosedSendChannelError)
      const rest = await peer.rest()
      expect(rest.endsWith('88 0e 03 f3 50 69 6e 67 20 74 69 6d 65 6f 75 74')).toBe(true)
      peer.end()
    })

    it('no pong in timeout: the same if pings are sent more often than that', async () => {
      const { session } = await open(untilOver, {
        pingPeriod: { milliseconds: 10 },
        timeout: { milliseconds: 300 },
      })

      await host.advance?.(400)

      const info = await session.closed
      expect(info.reason).toEqual(new CloseReason(1011, 'Ping timeout'))
    })

    it('frame too big: Close 1009, incoming fails with FrameTooBigError of size and limit', async () => {
      const { peer, session } = await open(untilOver, { maxFrameSize: 5 })

      peer.text('123456')

      expect(await peer.rest()).toBe('88 02 03 f1')
      expect(await session.closeReason).toEqual(new CloseReason(1009))
      const failure = session.incoming.receive()
      await expect(failure).rejects.toBeInstanceOf(FrameTooBigError)
      await expect(failure).rejects.toMatchObject({ size: 6, limit: 5 })
    })

    it('message too big: the sum of the fragments counts', async () => {
      const { peer, session } = await open(untilOver, { maxMessageSize: 5 })

      peer.send(clientFrame('text', '123', { fin: false }))
      peer.send(clientFrame('continuation', '456'))

      expect(await peer.rest()).toBe('88 02 03 f1')
      await expect(session.incoming.receive()).rejects.toMatchObject({ size: 6, limit: 5 })
    })

    it('protocol violation: Close 1002, incoming fails with ProtocolViolationError', async () => {
      const { peer, session } = await open()

      peer.send('81 05 48 65 6c 6c 6f')

      expect(await peer.rest()).toBe('88 02 03 ea')
      expect(await session.closeReason).toEqual(new CloseReason(1002))
      await expect(session.incoming.receive()).rejects.toBeInstanceOf(ProtocolViolationError)
      peer.end()
      expect((await session.closed).cause).toBeInstanceOf(ProtocolViolationError)
    })

    it('text that is not UTF-8: Close 1007', async () => {
      const { peer, session } = await open()

      peer.send('81 82 00 00 00 00 c0 80')

      expect(await peer.rest()).toBe('88 02 03 ef')
      expect(await session.closeReason).toEqual(new CloseReason(1007))
      await expect(session.incoming.receive()).rejects.toBeInstanceOf(ProtocolViolationError)
    })

    it('a violation is answered although the peer goes on sending', async () => {
      const { peer } = await open()

      peer.send('83 80 00 00 00 00')
      for (let sent = 0; sent < 64; sent++) peer.send(new Uint8Array(16_384))

      expect(await peer.rest()).toBe('88 02 03 ea')
    })

    it('queue full under policy close: Close 1008, incoming fails with ChannelOverflowError', async () => {
      const { peer, session } = await open(({ closed }) => closed.then(() => {}), {
        channels: { incoming: { capacity: 2, onOverflow: 'close' } },
      })

      for (const text of ['a', 'b', 'c']) peer.text(text)

      expect(await peer.read(4)).toBe('88 02 03 f0')
      expect(await session.closeReason).toEqual(new CloseReason(1008))
      expect(await session.incoming.receive()).toBeInstanceOf(Frame.Text)
      expect(await session.incoming.receive()).toBeInstanceOf(Frame.Text)
      await expect(session.incoming.receive()).rejects.toMatchObject({
        code: 'TOWPATH_CHANNEL_OVERFLOW',
        capacity: 2,
      })
      peer.end()
    })

    it('server stops: Close 1001, incoming ends normally', async () => {
      let ended = false
      const { peer, session } = await open(async ({ incoming }) => {
        for await (const _ of incoming);
        ended = true
      })

      const stopped = served?.stop()
      expect(await peer.read(4)).toBe('88 02 03 e9')
      peer.close(1001)
      peer.end()
      await stopped

      expect(await session.closeReason).toEqual(new CloseReason(1001))
      expect(ended).toBe(true)
    })

    it('terminate(): no Close, 1006, receive() throws', async () => {
      const { peer, session } = await open()

      const pending = session.incoming.receive()
      session.terminate()

      await expect(pending).rejects.toBeInstanceOf(ClosedReceiveChannelError)
      expect(await peer.rest()).toBe('')
      expect(await session.closed).toMatchObject({
        reason: new CloseReason(1006),
        initiator: 'local',
        local: null,
      })
    })

    it('two closes cross: one Close each way, and ours is reported', async () => {
      const { peer, session } = await open(async ({ incoming, close }) => {
        await incoming.receive()
        void close(new CloseReason(4100))
        await incoming.toArray()
      })

      peer.text('go')
      peer.close(4200)

      expect(await peer.rest()).toBe('88 02 10 04')
      peer.end()
      expect(await session.closed).toMatchObject({
        reason: new CloseReason(4100),
        local: new CloseReason(4100),
        remote: new CloseReason(4200),
        clean: true,
      })
    })

    it('a peer that never answers a Close is dropped when closeTimeout has passed', async () => {
      const { peer, session } = await open(({ close }) => close(), {
        closeTimeout: { milliseconds: 50 },
      })

      expect(await peer.read(4)).toBe('88 02 03 e8')
      await host.advance?.(50)

      expect(await session.closed).toMatchObject({ reason: new CloseReason(1000), clean: false })
    })

    it('a peer that never answers is dropped then, too, if a message went out before the Close', async () => {
      const { peer, session } = await open(
        ({ close, send }) => {
          void send('bye')
          return close()
        },
        { closeTimeout: { milliseconds: 50 } },
      )

      expect(await peer.read(9)).toBe('81 03 62 79 65 88 02 03 e8')
      await host.advance?.(50)

      expect(await session.closed).toMatchObject({ reason: new CloseReason(1000), clean: false })
    })

    // A handler that only sends. Reading stops after 64 frames and 64 KiB, but still detects the
    // end.
    it('EOF behind frames that the handler does not read: 1006 within two seconds, and they can be received', async () => {
      let received = 0
      const { peer, session } = await open(async ({ closed, incoming }) => {
        await closed
        received = (await incoming.toArray()).length
      })

      peer.send(ones(1200))
      peer.end()
      await host.advance?.(2000)

      expect(await session.closed).toMatchObject({ reason: new CloseReason(1006), cause: null })
      await served?.settle()
      expect(received).toBe(1200)
    })

    it('Close behind frames that the handler does not read: answered within two seconds, clean', async () => {
      const { peer, session } = await open()

      peer.send(ones(1200))
      peer.close(4001)
      await host.advance?.(2000)
      expect(await peer.rest()).toBe('88 02 0f a1')
      peer.end()

      expect(await session.closed).toMatchObject({ reason: new CloseReason(4001), clean: true })
    })

    it('reset behind frames that the handler does not read: 1006 within two seconds', async () => {
      const { peer, session } = await open(({ send, closed }) => {
        void send('opened')
        return closed.then(() => {})
      })
      peer.send(ones(1200))
      await peer.read(8)

      peer.reset()
      await host.advance?.(2000)

      expect(await session.closed).toMatchObject({ reason: new CloseReason(1006) })
    })

    it('server stops while the handler does not read: Close 1001, and the answer is seen at once', async () => {
      const { peer, session } = await open()
      peer.send(ones(1200))
      await served?.settle()

      const stopped = served?.stop()
      expect(await peer.read(4)).toBe('88 02 03 e9')
      peer.close(1001)
      peer.end()
      await stopped

      expect(await session.closed).toMatchObject({ reason: new CloseReason(1001), clean: true })
    })

    it('close(c, m) while the handler does not read: clean once the peer has answered', async () => {
      const { peer, session } = await open()
      peer.send(ones(1200))
      await served?.settle()

      void session.close(new CloseReason(4000))
      expect(await peer.read(4)).toBe('88 02 0f a0')
      peer.close(4000)
      expect(await peer.rest()).toBe('')
      peer.end()

      expect(await session.closed).toMatchObject({ reason: new CloseReason(4000), clean: true })
    })

    it('nothing is read after a Close', async () => {
      const { peer, session } = await open(async ({ incoming }) => {
        await incoming.toArray()
      })

      peer.close(1000)
      peer.send('83 80 00 00 00 00')

      expect(await peer.rest()).toBe('88 02 03 e8')
      peer.end()
      expect((await session.closed).cause).toBe(null)
    })
  })
}

/** So many messages of one byte, as a heartbeat of a client's own may be. */
function ones(count: number): Uint8Array {
  const frame = clientFrame('text', 'x')
  return Uint8Array.from({ length: count * frame.length }, (_, at) => frame[at % frame.length] ?? 0)
}

async function untilOver({ closed }: DefaultWebSocketServerSession): Promise<void> {
  await closed
}
