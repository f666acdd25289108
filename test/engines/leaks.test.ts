import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createServer } from 'node:http'
import { connect, type Socket } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'

import {
  type Application,
  createApplication,
  type DefaultWebSocketServerSession,
  WebSockets,
} from '../../src/application/index.ts'
import { Deferred } from '../../src/base/internal.ts'
import { attachIn } from '../../src/engines/node/attach.ts'
import { createEnvironment } from '../../src/engines/node/environment.ts'
import { listen } from '../support/loopback.ts'

const CONNECTIONS = 10_000
/**
 * Connections before the first count, until compilation, caches and pools have settled. (On Node 22
 * the heap grows once by 1.2 MB after about 4000 connections, and then not before 34 000.)
 */
const WARM_UP = 12_000
/** Growth of the heap that is noise: 100 bytes a connection. A listener or a timer holds more. */
const HEAP_NOISE_BYTES = 100 * CONNECTIONS

const REQUEST =
  'GET /echo HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
const LOST_REQUEST = REQUEST.replace('/echo', '/nowhere')
/** Masked text "Hello" (RFC 6455 §5.7), and how the echo ends. */
const HELLO = Buffer.from('818537fa213d7f9f4d5158', 'hex')
const ECHOED = 'Hello'
/** Masked Close 1000. */
const CLOSE = Buffer.from('88820000000003e8', 'hex')
/** Masked text "bye", at which the server closes. */
const BYE = Buffer.from('818300000000627965', 'hex')

/** Close 1000, as the server sends it. */
const SERVER_CLOSE = Buffer.from('880203e8', 'hex').toString('latin1')

function sayBye(socket: Socket): void {
  socket.write(BYE)
}

/** What a client does once it has its echo; the connection ends by that. */
const ENDINGS: ReadonlyArray<(socket: Socket) => void> = [
  (socket) => void socket.write(CLOSE),
  sayBye,
  (socket) => void socket.end(),
  (socket) => void socket.resetAndDestroy(),
  (socket) => void socket.destroy(),
]

function echo(app: Application): void {
  app.install(WebSockets, { pingPeriod: 60_000 })
  app.routing((route) => {
    route.webSocket('/echo', async ({ incoming, send, launch, signal }) => {
      void launch(() => once(signal, 'abort'))
      for await (const frame of incoming) {
        if (Buffer.from(frame.buffer).toString() === 'bye') return
        await send(frame)
      }
    })
  })
}

/** Handlers that take no care, by what they do. None of them reads. */
const CARELESS: Readonly<
  Record<string, (session: DefaultWebSocketServerSession) => Promise<void>>
> = {
  'read nothing': ({ closed }) => closed.then(() => {}),
  'only push': async ({ send }) => {
    for (;;) await send('x'.repeat(1000))
  },
  'forget their sends': ({ send, closed }) => {
    for (let sent = 0; sent < 200; sent++) void send('x'.repeat(1000))
    return closed.then(() => {})
  },
}

/** How their peers leave. */
const LEAVING: Readonly<Record<string, (socket: Socket) => void>> = {
  FIN: (socket) => void socket.end(),
  'a reset': (socket) => void socket.resetAndDestroy(),
  Close: (socket) => void socket.end(CLOSE),
}

describe.each(Object.entries(CARELESS))('100 sessions whose handlers %s', (_, handler) => {
  it.each(Object.entries(LEAVING))(
    'leave no timer behind when their peers leave by %s',
    async (_name, leave) => {
      const environment = createEnvironment()
      const application = createApplication((app) => {
        app.install(WebSockets)
        app.routing((route) => route.webSocket('/echo', handler))
      })
      const server = createServer()
      const attachment = attachIn(environment, application, server, {})
      const over = new Deferred<void>()
      let left = 100
      application.monitor.on('sessionClosed', () => void (--left === 0 && over.resolve()))
      const port = await listen(server)
      const unread = Buffer.concat(Array.from({ length: 1200 }, () => HELLO))

      for (let opened = 0; opened < 100; opened++) {
        const socket = connect(port, '127.0.0.1').on('error', () => {})
        socket.write(REQUEST)
        socket.once('data', () => socket.write(unread, () => leave(socket)))
        socket.resume()
      }
      await over.promise
      await attachment.stop({ grace: 0 })
      server.close()
      await once(server, 'close')

      expect(application.sessions.size).toBe(0)
      expect(environment.timers.size).toBe(0)
      expect(environment.waitingTimers.size).toBe(0)
    },
  )
})

describe('10 000 sequential connections', () => {
  it('leave no timer, listener, file descriptor or memory behind', async () => {
    const environment = createEnvironment()
    const application = createApplication(echo)
    const server = createServer()
    const attachment = attachIn(environment, application, server, {})
    const accepted = countOpen(server)
    const ended = nextEnd(application)
    const port = await listen(server)
    const collectGarbage = exposeGarbageCollector()

    async function count(): Promise<Counts> {
      await accepted.whenNone()
      // A session outlives its socket where it has taken the handle out of it.
      while (environment.timers.size > 0 || application.sessions.size > 0) await ended.next()
      await new Promise((resolve) => setImmediate(resolve))
      collectGarbage()
      return {
        sessions: application.sessions.size,
        timers: environment.timers.size,
        files: readdirSync('/proc/self/fd').length,
        resources: process.getActiveResourcesInfo().sort(),
        serverListeners: server.eventNames().map((event) => [event, server.listenerCount(event)]),
        processListeners: process
          .eventNames()
          .map((event) => [event, process.listenerCount(event)]),
      }
    }

    for (let index = 0; index < WARM_UP; index++) await connectOnce(port, index)
    const before = await count()
    const heapBefore = process.memoryUsage().heapUsed
    for (let index = 0; index < CONNECTIONS; index++) await connectOnce(port, index)
    const after = await count()
    const heapAfter = process.memoryUsage().heapUsed

    expect(after).toEqual(before)
    expect(after.sessions).toBe(0)
    expect(after.timers).toBe(0)
    expect(heapAfter - heapBefore).toBeLessThan(HEAP_NOISE_BYTES)

    await attachment.stop()
    server.close()
    await once(server, 'close')
  })
})

/** Resolves with the end of the next session, or in the next turn of the event loop. */
function nextEnd(application: Application): { next(): Promise<unknown> } {
  let ended = new Deferred<void>()
  application.monitor.on('sessionClosed', () => {
    ended.resolve()
    ended = new Deferred()
  })
  return {
    next: () => Promise.race([ended.promise, new Promise((resolve) => setImmediate(resolve))]),
  }
}

interface Counts {
  readonly sessions: number
  readonly timers: number
  readonly files: number
  readonly resources: readonly string[]
  readonly serverListeners: ReadonlyArray<readonly [string | symbol, number]>
  readonly processListeners: ReadonlyArray<readonly [string | symbol, number]>
}

/**
 * Makes one connection and ends it. Connections end in different ways in turn; some are refused.
 */
async function connectOnce(port: number, index: number): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' })
  const ending = ENDINGS[index % (ENDINGS.length + 1)]
  const closed = new Promise((resolve) => socket.once('close', resolve))
  let received = ''
  socket.on('error', () => {})
  socket.on('data', (bytes) => {
    const hadEcho = received.endsWith(ECHOED)
    received += bytes.toString('latin1')
    if (!hadEcho && received.endsWith(ECHOED)) ending?.(socket)
    if (received.endsWith(SERVER_CLOSE) && ending === sayBye) socket.write(CLOSE)
  })
  socket.write(ending === undefined ? LOST_REQUEST : REQUEST)
  if (ending !== undefined) socket.write(HELLO)
  await closed
  expect(received).toMatch(ending === undefined ? /^HTTP\/1\.1 404 / : /^HTTP\/1\.1 101 [^]*Hello/)
}

/** Keeps count of the accepted sockets that are still open. */
function countOpen(server: ReturnType<typeof createServer>): { whenNone(): Promise<void> } {
  let open = 0
  let none = new Deferred<void>()
  server.on('connection', (socket) => {
    open++
    socket.once('close', () => {
      open--
      if (open === 0) none.resolve()
    })
  })
  return {
    whenNone() {
      if (open === 0) return Promise.resolve()
      none = new Deferred()
      return none.promise
    },
  }
}

function exposeGarbageCollector(): () => void {
  setFlagsFromString('--expose-gc')
  // V8 puts the function into contexts that are made after the flag is set.
  return runInNewContext('gc') as () => void
}
