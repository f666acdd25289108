/**
 * The page, "Interface": the members of WebSocketSession and Frame, on one engine.
 */

import { describe, expect, it } from 'vitest'
import {
  type Application,
  type ApplicationCall,
  ClosedReceiveChannelError,
  ClosedSendChannelError,
  CloseReason,
  Frame,
  FrameType,
  LocalProtocolError,
  seconds,
  WebSockets,
} from '../../src/index.ts'
import { clientFrame } from '../support/peer.ts'
import { Page, readText, type SeedHost } from './served.ts'

/** Runs this part of the page on the engine of `createHost`. */
export function interfaces(createHost: () => SeedHost): void {
  const page = new Page(createHost())

  describe(`The WebSocketSession interface, on ${page.host.name}`, () => {
    it('S-12 S-25 S-26 S-27 gives incoming, outgoing and close, which may be destructured', async () => {
      const peer = await page.connect(async ({ incoming, outgoing, close }) => {
        const frame = await incoming.receive()
        await outgoing.send(frame)
        await close(new CloseReason(4001))
      })

      peer.text('over')

      expect(await readText(peer)).toBe('over')
      expect(await peer.read(4)).toBe('88 02 0f a1')
    })

    it('S-26 S-28 send is outgoing.send: one order, one end, strings and bytes too', async () => {
      const [peer, { send, outgoing, close }] = await page.open()

      await send(new Frame.Text('a'))
      await outgoing.send(new Frame.Text('b'))
      await send('c')
      await outgoing.send(Uint8Array.of(0xff))
      expect(outgoing.trySend('d')).toBe('sent')
      void close()

      expect(await peer.read(15)).toBe('81 01 61 81 01 62 81 01 63 82 01 ff 81 01 64')
      expect(outgoing.isClosedForSend).toBe(true)
      expect(outgoing.trySend('late')).toBe('closed')
      for (const late of [send('late'), outgoing.send('late')]) {
        await expect(late).rejects.toBeInstanceOf(ClosedSendChannelError)
        await expect(late).rejects.toMatchObject({ value: 'late' })
      }
    })

    it('S-28 send waits while the outgoing queue is full', async () => {
      const [peer, { outgoing, send, closed }] = await page.open({
        channels: { outgoing: { capacity: 2 } },
      })
      peer.pause()
      const message = new Uint8Array(256 * 1024)
      while (outgoing.trySend(message) === 'sent');

      let isSent = false
      const waiting = send('patience').then(() => {
        isSent = true
      })
      await Promise.resolve()
      expect(isSent).toBe(false)
      peer.resume()
      await waiting

      peer.reset()
      await closed
    })

    it('S-27 close() may be awaited or not, never rejects, and only the first counts', async () => {
      const [peer, { close, closeReason }] = await page.open()

      void close(new CloseReason(4001, 'first'))
      await close(new CloseReason(4002, 'second'))
      await expect(close()).resolves.toBe(undefined)

      expect(await peer.read(9)).toBe('88 07 0f a1 66 69 72 73 74')
      peer.reset()
      expect(await closeReason).toEqual(new CloseReason(4001, 'first'))
      await expect(close()).resolves.toBe(undefined)
    })

    it('S-29 S-30 gives the call and the application', async () => {
      let call: ApplicationCall | null = null
      let application: Application | null = null
      let own: Application | null = null
      const served = await page.serve((app) => {
        own = app
        app.install(WebSockets)
        app.routing((route) => {
          route.webSocket('/rooms/:room', (session) => {
            call = session.call
            application = session.application
            return session.send(session.call.parameters.room)
          })
        })
      })

      expect(await readText(await served.connect('/rooms/a%20b?x=1'))).toBe('a b')
      expect(application).toBe(own)
      expect(call).toMatchObject({ application: own, request: { uri: '/rooms/a%20b?x=1' } })
    })

    it('S-31 pingInterval can be changed: pings begin one period from then', async () => {
      const [peer, session] = await page.open()

      session.pingInterval = { milliseconds: 20 }
      await page.host.advance?.(20)

      expect(session.pingInterval).toBe(20)
      expect((await peer.read(10)).slice(0, 5)).toBe('89 08')
      session.pingInterval = null
      expect(session.pingInterval).toBe(null)
    })

    it('S-32 timeout can be changed: the peer then has that long to answer', async () => {
      const [peer, session] = await page.open({
        pingPeriod: { milliseconds: 20 },
        timeout: seconds(15),
      })

      session.timeout = { milliseconds: 10 }
      await page.host.advance?.(30)

      expect(await session.closeReason).toEqual(new CloseReason(1011, 'Ping timeout'))
      await peer.rest()
      expect(session.timeout).toBe(10)
    })

    it('S-33 masking can be changed: it counts from the next frame', async () => {
      const [peer, session] = await page.open()

      await session.send('a')
      session.masking = true
      await session.send('b')
      session.masking = false
      await session.send('c')

      expect(await peer.read(3)).toBe('81 01 61')
      const [kind, length, ...rest] = (await peer.read(7)).split(' ')
      expect([kind, length]).toEqual(['81', '81'])
      const [key, , , , masked] = rest.map((byte) => Number.parseInt(byte, 16))
      expect((key ?? 0) ^ (masked ?? 0)).toBe(0x62)
      expect(await peer.read(3)).toBe('81 01 63')
    })

    it('S-34 maxFrameSize can be changed: it counts from the next header', async () => {
      const [peer, session] = await page.open()
      peer.text('12345')
      await session.incoming.receive()

      session.maxFrameSize = 4
      peer.text('12345')

      expect(await peer.rest()).toBe('88 02 03 f1')
      await expect(session.incoming.receive()).rejects.toMatchObject({ size: 5, limit: 4 })
    })

    it('S-35 S-54 closeReason is a promise: of the reason that the peer gave', async () => {
      const [peer, { closeReason, incoming }] = await page.open()
      let isSettled = false
      void closeReason.then(() => {
        isSettled = true
      })

      peer.text('still open')
      await incoming.receive()
      expect(isSettled).toBe(false)
      peer.close(4321, 'because')

      expect(await closeReason).toEqual(new CloseReason(4321, 'because'))
    })

    it.each([
      ['our own, when we began', 4000],
      ['1005, when the peer gave none', 1005],
      ['1006, when there was no Close frame', 1006],
    ] as const)('S-54 closeReason is %s; it never rejects', async (_what, code) => {
      const [peer, { close, closeReason }] = await page.open()

      if (code === 4000) void close(new CloseReason(4000))
      if (code === 1005) peer.send('88 80 00 00 00 00')
      if (code === 1006) peer.reset()

      expect(await closeReason).toEqual(new CloseReason(code))
    })

    it('S-36 flush() waits until what was sent is on its way, at any time, after close too', async () => {
      const [peer, { send, flush, close, closed, bufferedAmount: before }] = await page.open()

      await flush()
      await send('one')
      await flush()
      void close()
      await flush()
      peer.reset()
      await closed
      await flush()

      expect(before).toBe(0)
      await expect(flush()).resolves.toBe(undefined)
    })

    it('S-37 terminate() drops the connection at once, without a Close frame', async () => {
      const [peer, { terminate, incoming, closeReason }] = await page.open()
      const waiting = incoming.receive()

      terminate()
      terminate()

      await expect(waiting).rejects.toBeInstanceOf(ClosedReceiveChannelError)
      expect(await peer.rest()).toBe('')
      expect(await closeReason).toEqual(new CloseReason(1006))
    })

    it('S-38 call.request.origin says the host asked for, and the peer', async () => {
      let origin: unknown = null
      const served = await page.serve((app) => {
        app.install(WebSockets)
        app.routing((route) => {
          route.webSocket('/', ({ call }) => {
            const { host, port, remoteHost, scheme } = call.request.origin
            origin = { host, port, remoteHost, scheme }
          })
        })
      })

      const peer = await served.connect('/')
      await peer.read(4)

      expect(origin).toEqual({
        host: 'localhost',
        port: 80,
        remoteHost: '127.0.0.1',
        scheme: 'http',
      })
    })
  })

  describe(`The Frame interface, on ${page.host.name}`, () => {
    it('S-39 S-44 FrameType has two kinds of message and three of control', () => {
      const { TEXT, BINARY, CLOSE, PING, PONG } = FrameType
      const all = [TEXT, BINARY, CLOSE, PING, PONG]

      expect(all).toEqual([1, 2, 8, 9, 10])
      expect(all.filter((type) => FrameType.controlFrame(type))).toEqual([8, 9, 10])
    })

    it('S-40 a frame says fin, frameType and buffer, and may be disposed of', async () => {
      const [peer, { incoming }] = await page.open()

      peer.send(clientFrame('binary', Uint8Array.of(1, 2, 3)))
      const frame = await incoming.receive()

      expect(frame.fin).toBe(true)
      expect(frame.frameType).toBe(FrameType.BINARY)
      expect(frame.buffer).toEqual(Uint8Array.of(1, 2, 3))
      frame.disposableHandle[Symbol.dispose]()
      expect(() => frame.buffer).toThrow(LocalProtocolError)
    })

    it('frames that are disposed by `using` are echoed, whatever their size and kind', async () => {
      const [peer, { incoming, send }] = await page.open()
      for (const bytes of [3, 5000, 60_000, 60_000, 120_000]) {
        for (const kind of ['text', 'binary'] as const) {
          const payload = new Uint8Array(bytes).fill(0x61)
          peer.send(clientFrame(kind, payload))
          using frame = await incoming.receive()
          await send(frame)
          const header = bytes < 126 ? 2 : bytes < 65_536 ? 4 : 10

          const sent = await peer.inbox.take(header + bytes)

          expect(sent[0]).toBe(kind === 'text' ? 0x81 : 0x82)
          expect(sent.subarray(header)).toEqual(payload)
        }
      }
    })

    it('S-41 S-42 S-43 frames of each class are received; text and reason are read', async () => {
      const seen: unknown[] = []
      const served = await page.serve((app) => {
        app.install(WebSockets)
        app.routing((route) => {
          route.webSocketRaw('/', async ({ incoming }) => {
            for await (const frame of incoming) {
              if (frame instanceof Frame.Text) seen.push(frame.readText())
              if (frame instanceof Frame.Binary) seen.push(frame.buffer.length)
              if (frame instanceof Frame.Ping) seen.push('ping')
              if (frame instanceof Frame.Pong) seen.push('pong')
              if (frame instanceof Frame.Close) seen.push(frame.readReason())
            }
          })
        })
      })
      const peer = await served.connect('/')

      peer.text('grüß dich')
      peer.send(clientFrame('binary', Uint8Array.of(1, 2)))
      peer.send(clientFrame('ping', ''))
      peer.send(clientFrame('pong', ''))
      peer.close(4000, 'bye')
      await peer.rest()

      const reason = new CloseReason(4000, 'bye')
      expect(seen).toEqual(['grüß dich', 2, 'ping', 'pong', reason])
    })

    it('S-42 readText() throws on a fragment that is not final', async () => {
      const seen: unknown[] = []
      const served = await page.serve((app) => {
        app.install(WebSockets)
        app.routing((route) => {
          route.webSocketRaw('/', async ({ incoming }) => {
            const frame = await incoming.receive()
            try {
              if (frame instanceof Frame.Text) frame.readText()
            } catch (error) {
              seen.push(error)
            }
          })
        })
      })
      const peer = await served.connect('/')

      peer.send(clientFrame('text', 'a', { fin: false }))
      await peer.rest()

      expect(seen).toMatchObject([{ code: 'TOWPATH_LOCAL_PROTOCOL' }])
    })

    it('S-43 readReason() is null when the peer gave no code', async () => {
      const seen: unknown[] = []
      const served = await page.serve((app) => {
        app.install(WebSockets)
        app.routing((route) => {
          route.webSocketRaw('/', async ({ incoming }) => {
            const frame = await incoming.receive()
            if (frame instanceof Frame.Close) seen.push(frame.readReason())
          })
        })
      })
      const peer = await served.connect('/')

      peer.send('88 80 00 00 00 00')
      await peer.rest()

      expect(seen).toEqual([null])
    })
  })
}
