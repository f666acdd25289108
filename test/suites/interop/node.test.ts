/**
 * What `towpath/interop` promises, over real sockets: `ws` is the peer, as most libraries bring it.
 */

import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { type DefaultWebSocketServerSession, embeddedServer, WebSockets } from 'towpath'
import { asDuplex, asWebSocket, type WebSocketView } from 'towpath/interop'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { Deferred } from '../../../src/base/internal.ts'

const SILENT = { debug() {}, info() {}, warn() {}, error() {} }
const KIB = 1024

/** A peer, and what a library is given of the session of the server. */
interface World<View> {
  readonly peer: WebSocket
  readonly view: View
  readonly session: DefaultWebSocketServerSession
}

async function world<View>(
  show: (session: DefaultWebSocketServerSession) => View,
  block: (world: World<View>) => Promise<void>,
): Promise<void> {
  const opened = new Deferred<{
    readonly session: DefaultWebSocketServerSession
    readonly view: View
  }>()
  const options = { host: '127.0.0.1', port: 0, logger: SILENT, signals: false }
  const server = embeddedServer(options, (app) => {
    app.install(WebSockets)
    app.routing((route) => {
      route.webSocket('/', async (session) => {
        opened.resolve({ session, view: show(session) })
        await session.closed
      })
    })
  })
  await server.start()
  const peer = new WebSocket(`ws://127.0.0.1:${server.address.port}/`)
  await once(peer, 'open')
  peer.on('error', () => {}) // what a reset is to it
  try {
    await block({ peer, ...(await opened.promise) })
  } finally {
    peer.terminate()
    await server.stop({ grace: 0 })
  }
}

const withStream = (block: (world: World<Duplex>) => Promise<void>): Promise<void> =>
  world((session) => asDuplex(session), block)
const withSocket = (block: (world: World<WebSocketView>) => Promise<void>): Promise<void> =>
  world((session) => asWebSocket(session), block)

/** The code and reason of the event `close`, of either kind of socket. */
async function closeOf(socket: WebSocket | WebSocketView): Promise<readonly [number, string]> {
  return new Promise((resolve) => {
    socket.once('close', (code: number, reason: Buffer) => resolve([code, String(reason)]))
  })
}

async function allOf(stream: Duplex): Promise<string> {
  let text = ''
  for await (const chunk of stream) text += String(chunk)
  return text
}

describe('asDuplex() over a socket', () => {
  it('reads messages in order until the Close frame of the peer', () =>
    withStream(async ({ peer, view }) => {
      for (let n = 0; n < 1000; n++) peer.send(`${n},`)
      peer.close()

      const expected = Array.from({ length: 1000 }, (_, n) => `${n},`).join('')
      expect(await allOf(view)).toBe(expected)
    }))

  it('holds writes back while the peer does not read, and loses none of them', () =>
    withStream(async ({ peer, view }) => {
      peer.pause()
      let written = 0
      const first = new Promise<void>((resolve) => {
        // 64 MiB: the buffers of the system are smaller.
        for (let n = 0; n < 256; n++) {
          view.write(Buffer.alloc(256 * KIB), () => {
            written++
            resolve()
          })
        }
      })
      await first
      for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve))
      expect(written).toBeLessThan(256)

      let received = 0
      peer.on('message', (data: Buffer) => (received += data.length))
      const closed = closeOf(peer)
      view.end()
      peer.resume()
      await closed

      expect(received).toBe(256 * 256 * KIB)
    }))

  it('end() closes with 1000, and what the peer sends before its Close frame is read', () =>
    withStream(async ({ peer, view, session }) => {
      peer.on('message', () => peer.send('answer'))
      view.end('question')

      expect(await allOf(view)).toBe('answer')
      expect((await session.closed).clean).toBe(true)
    }))

  it('is destroyed with ConnectionCutError when the connection is lost', () =>
    withStream(async ({ peer, view }) => {
      const failed = once(view, 'close').catch((error: unknown) => error)
      peer.terminate()

      expect(await failed).toMatchObject({ code: 'TOWPATH_CONNECTION_CUT' })
    }))

  it('destroy() drops the connection', () =>
    withStream(async ({ peer, view }) => {
      view.destroy()

      expect(await closeOf(peer)).toEqual([1006, ''])
    }))
})

describe('asWebSocket() over a socket', () => {
  it('keeps messages until there is a listener, and while it is paused', () =>
    withSocket(async ({ peer, view }) => {
      for (let n = 0; n < 500; n++) peer.send(`${n}`)
      await new Promise((resolve) => {
        peer.send('last', resolve)
      })
      view.pause()
      const received: string[] = []
      const last = new Promise<void>((resolve) => {
        view.on('message', (data: Buffer) => {
          received.push(String(data))
          if (received.length === 501) resolve()
        })
      })
      expect(received).toEqual([])
      view.resume()
      await last

      expect(received.slice(-2)).toEqual(['499', 'last'])
    }))

  it('tells the code and the reason of a close, at both ends', () =>
    withSocket(async ({ peer, view }) => {
      const ends = Promise.all([closeOf(view), closeOf(peer)])
      view.close(4001, 'enough')

      expect(await ends).toEqual([
        [4001, 'enough'],
        [4001, 'enough'],
      ])
    }))

  it('tells a lost connection as 1006', () =>
    withSocket(async ({ peer, view }) => {
      const end = closeOf(view)
      peer.terminate()

      expect(await end).toEqual([1006, ''])
    }))

  it('closes with 1008 when the peer does not read and more waits than maxBufferedAmount', () =>
    world(
      (session) => asWebSocket(session, { maxBufferedAmount: 64 * KIB }),
      async ({ peer, view, session }) => {
        peer.pause()
        const chunk = Buffer.alloc(1024 * KIB)
        for (let sent = 0; sent < 64; sent++) view.send(chunk)

        expect((await session.closeReason).code).toBe(1008)
        peer.resume()
      },
    ))

  it('emits pong when the peer answers a ping', () =>
    withSocket(async ({ view }) => {
      const pong = once(view, 'pong') as Promise<[Buffer]>
      view.ping(Buffer.from('alive?'))

      expect(String((await pong)[0])).toBe('alive?')
    }))
})
