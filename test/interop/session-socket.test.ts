import { once } from 'node:events'
import { describe, expect, it } from 'vitest'

import {
  CloseReason,
  type DefaultWebSocketServerSession,
  Frame,
  WebSockets,
} from '../../src/index.ts'
import { Deferred } from '../../src/base/internal.ts'
import { SessionSocket } from '../../src/interop/session-socket.ts'
import type { WebSocketView, WebSocketViewEvent } from '../../src/interop/web-socket-view.ts'
import { type TestApplication, withTestApplication } from '../../src/testing/index.ts'

const UNLIMITED = { maxBufferedAmount: Infinity }

/** A client, and the socket with events over the server's session. */
interface World {
  readonly t: TestApplication
  readonly client: Awaited<ReturnType<TestApplication['connect']>>
  readonly socket: WebSocketView
  readonly session: DefaultWebSocketServerSession
}

function world(
  block: (world: World) => Promise<void>,
  maxBufferedAmount = Infinity,
): Promise<void> {
  return withTestApplication(async (t) => {
    t.application.install(WebSockets)
    const opened = new Deferred<readonly [DefaultWebSocketServerSession, WebSocketView]>()
    t.application.routing((route) => {
      route.webSocket('/', { protocols: ['library'] }, async (session) => {
        opened.resolve([session, new SessionSocket(session, { maxBufferedAmount })])
        await session.closed
      })
    })
    const client = await t.connect('/', { protocols: ['library'] })
    const [session, socket] = await opened.promise
    await block({ t, client, socket, session })
  })
}

/** The arguments of the event `close`. `once` of Node would listen for errors too. */
function closeOf(socket: WebSocketView): Promise<readonly [code: number, reason: Buffer]> {
  return new Promise((resolve) => {
    socket.once('close', (code: number, reason: Buffer) => resolve([code, reason]))
  })
}

async function textOf(client: World['client']): Promise<string> {
  const frame = await client.incoming.receive()
  return frame instanceof Frame.Text ? frame.readText() : `not text: ${String(frame)}`
}

describe('SessionSocket', () => {
  it('is open from the beginning and says so by an event', () =>
    world(async ({ session }) => {
      const socket = new SessionSocket(session, UNLIMITED)

      expect(socket.readyState).toBe(socket.OPEN)
      expect(socket.protocol).toBe('library')
      await once(socket, 'open')
    }))

  it('keeps messages until a listener for them is attached', () =>
    world(async ({ client, socket }) => {
      await client.send('early')
      await client.send(Uint8Array.of(1, 2))
      await client.flush()

      const received: unknown[] = []
      socket.on('message', (data: Buffer, isBinary: boolean) => received.push([data, isBinary]))
      await client.send('late')
      await client.close()
      await closeOf(socket)

      expect(received).toEqual([
        [Buffer.from('early'), false],
        [Buffer.from([1, 2]), true],
        [Buffer.from('late'), false],
      ])
    }))

  it('gives listeners of the browser’s kind text as a string and bytes as binaryType says', () =>
    world(async ({ client, socket }) => {
      const received: unknown[] = []
      socket.binaryType = 'arraybuffer'
      socket.onmessage = ({ data }) => received.push(data)
      const second = new Promise<WebSocketViewEvent>((resolve) => {
        socket.addEventListener('message', {
          handleEvent: (event) => {
            if (typeof event.data !== 'string') resolve(event)
          },
        })
      })

      await client.send('text')
      await client.send(Uint8Array.of(7))

      expect((await second).target).toBe(socket)
      expect(received).toEqual(['text', Uint8Array.of(7).buffer])
    }))

  it('calls a listener once, a removed listener never, and a listener that is added twice once', () =>
    world(async ({ client, socket }) => {
      const calls: string[] = []
      const listener = (name: string) => (): void => void calls.push(name)
      const twice = listener('twice')
      const removed = listener('removed')
      socket.addEventListener('message', listener('once'), { once: true })
      socket.addEventListener('message', twice)
      socket.addEventListener('message', twice)
      socket.addEventListener('message', removed)
      socket.removeEventListener('message', removed)
      socket.onmessage = listener('replaced')
      socket.onmessage = listener('handler')

      await client.send('one')
      await client.send('two')
      await client.close()
      await closeOf(socket)

      expect(calls).toEqual(['once', 'twice', 'handler', 'twice', 'handler'])
    }))

  it('sends strings as text and bytes of any kind as binary, and calls back when they are queued', () =>
    world(async ({ client, socket }) => {
      const queued = new Promise<unknown>((resolve) => socket.send('hello', resolve))
      socket.send(Uint8Array.of(1).buffer)
      socket.send(new DataView(Uint8Array.of(2).buffer), { binary: true })
      socket.send(Buffer.from('as text'), { binary: false })

      expect(await queued).toBe(undefined)
      expect(await client.incoming.receive()).toEqual(new Frame.Text('hello'))
      expect(await client.incoming.receive()).toEqual(new Frame.Binary(Uint8Array.of(1)))
      expect(await client.incoming.receive()).toEqual(new Frame.Binary(Uint8Array.of(2)))
      expect(await textOf(client)).toBe('as text')
    }))

  it('throws a TypeError for data that it cannot send', () =>
    world(async ({ socket }) => {
      // @ts-expect-error -- a program without types
      expect(() => socket.send({ toString: () => 'no' })).toThrow(TypeError)
      await Promise.resolve()
    }))

  it('calls back with the error of a message that comes after the end', () =>
    world(async ({ client, socket }) => {
      await client.close()
      await closeOf(socket)

      const error = await new Promise<unknown>((resolve) => socket.send('late', resolve))
      expect(error).toMatchObject({ code: 'TOWPATH_CLOSED_SEND_CHANNEL' })
      expect(socket.readyState).toBe(socket.CLOSED)
    }))

  it('closes with code and reason after what was sent, and emits close', () =>
    world(async ({ client, socket }) => {
      const closed = closeOf(socket)
      socket.send('last')
      socket.close(4400, 'Bad request')

      expect(socket.readyState).toBe(socket.CLOSING)
      expect(await textOf(client)).toBe('last')
      expect(await client.closeReason).toEqual(new CloseReason(4400, 'Bad request'))
      expect(await closed).toEqual([4400, Buffer.from('Bad request')])
    }))

  it('tells the close of the peer with its code, reason and that it was clean', () =>
    world(async ({ client, socket }) => {
      const closed = new Promise<WebSocketViewEvent>((resolve) => {
        socket.onclose = resolve
      })
      await client.close(new CloseReason(4001, 'bye'))

      expect(await closed).toMatchObject({ code: 4001, reason: 'bye', wasClean: true })
    }))

  it('tells a lost connection as 1006, without an error', () =>
    world(async ({ client, socket }) => {
      const errors: unknown[] = []
      socket.on('error', (error) => errors.push(error))
      client.terminate()

      expect((await closeOf(socket))[0]).toBe(1006)
      expect(errors).toEqual([])
    }))

  it('tells a broken rule as an error, and without a listener for errors as a close alone', async () => {
    await world(async ({ client, socket, session }) => {
      const error = once(socket, 'error')
      session.maxFrameSize = 1
      await client.send('too long')

      expect((await error)[0]).toMatchObject({ code: 'TOWPATH_FRAME_TOO_BIG' })
    })
    await world(async ({ client, socket, session }) => {
      session.maxFrameSize = 1
      await client.send('too long')

      expect((await closeOf(socket))[0]).toBe(1009)
    })
  })

  it('emits pong when the peer answers a ping', () =>
    world(async ({ socket }) => {
      const pong = once(socket, 'pong')
      socket.ping('are you there')

      expect(await pong).toEqual([Buffer.from('are you there')])
    }))

  it('delivers nothing while it is paused, and everything after resume()', () =>
    world(async ({ client, socket, session }) => {
      const received: string[] = []
      socket.on('message', (data: Buffer) => received.push(data.toString()))
      await client.send('one')
      await once(socket, 'message')
      socket.pause()
      expect(socket.isPaused).toBe(true)

      await client.send('two')
      await client.close()
      await session.closed
      expect(received).toEqual(['one'])

      socket.resume()
      await closeOf(socket)
      expect(received).toEqual(['one', 'two'])
    }))

  it('emits close after terminate() and close() while it is paused', async () => {
    for (const leave of ['terminate', 'close'] as const) {
      await world(async ({ client, socket }) => {
        socket.on('message', () => {})
        await client.send('one')
        await once(socket, 'message')
        socket.pause()
        await client.send('two')

        const closed = closeOf(socket)
        socket[leave]()
        await closed
      })
    }
  })

  it('closes with 1008 when more waits to be sent than maxBufferedAmount', () =>
    world(
      async ({ t, client, socket }) => {
        t.network.slowReader()
        const closed = closeOf(socket)
        for (let sent = 0; sent < 100; sent++) socket.send(Buffer.alloc(1024 * 1024))
        expect(socket.readyState).toBe(socket.CLOSING)
        t.network.restore()
        await client.incoming.toArray()

        expect((await closed)[0]).toBe(1008)
      },
      2 * 1024 * 1024,
    ))

  it('fails the session with 1011 when a listener throws', async () => {
    const failed = world(async ({ client, socket }) => {
      socket.on('message', () => {
        throw new Error('of the library')
      })
      await client.send('hello')

      expect((await client.closeReason).code).toBe(1011)
    })

    await expect(failed).rejects.toThrow('of the library')
  })

  it('fails the session with 1011 for a message that cannot be sent, without a callback', async () => {
    const failed = world(async ({ client, socket }) => {
      const error = once(socket, 'error')
      socket.send(Uint8Array.of(0xff), { binary: false })

      expect((await client.closeReason).code).toBe(1011)
      expect((await error)[0]).toMatchObject({ code: 'TOWPATH_LOCAL_PROTOCOL' })
    })

    await expect(failed).rejects.toThrow('it is not UTF-8')
  })

  it('gives the callback of send the error of a message that cannot be sent', () =>
    world(async ({ socket }) => {
      const error = await new Promise<unknown>((resolve) =>
        socket.send(Uint8Array.of(0xff), { binary: false }, resolve),
      )

      expect(error).toMatchObject({ code: 'TOWPATH_LOCAL_PROTOCOL' })
      expect(socket.readyState).toBe(socket.OPEN)
    }))

  it('drops messages that wait for room when the session ends, and goes on', () =>
    world(async ({ t, socket }) => {
      t.network.slowReader()
      const closed = closeOf(socket)
      for (let sent = 0; sent < 100; sent++) socket.send(Buffer.alloc(1024 * 1024))
      socket.terminate()

      expect((await closed)[0]).toBe(1006)
    }))

  it('is connecting until the promise of a session resolves', () =>
    world(async ({ t, session }) => {
      const opening = t.client.openWebSocket('ws://localhost/', { protocols: ['library'] })
      const socket = new SessionSocket(opening, UNLIMITED)

      expect(socket.readyState).toBe(socket.CONNECTING)
      expect(() => socket.send('early')).toThrow('still connecting')
      await once(socket, 'open')
      expect(socket.readyState).toBe(socket.OPEN)
      expect(socket.protocol).toBe('library')
      expect(session.protocol).toBe('library')
      socket.close()
      await closeOf(socket)
    }))

  it('tells a session that cannot be opened as an error and a close', () =>
    world(async ({ t }) => {
      const socket = new SessionSocket(t.client.openWebSocket('ws://localhost/missing'), UNLIMITED)
      const closed = closeOf(socket)
      const error = once(socket, 'error')

      expect((await error)[0]).toMatchObject({ code: 'TOWPATH_UPGRADE_REFUSED' })
      expect((await closed)[0]).toBe(1006)
    }))

  it('closes a session that opens after close() was called', () =>
    world(async ({ t }) => {
      const socket = new SessionSocket(t.client.openWebSocket('ws://localhost/'), UNLIMITED)
      socket.close(4000)

      expect(socket.readyState).toBe(socket.CLOSING)
      expect((await closeOf(socket))[0]).toBe(4000)
    }))
})
