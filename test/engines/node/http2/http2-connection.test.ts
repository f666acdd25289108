import { EventEmitter } from 'node:events'
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2'
import { Socket } from 'node:net'
import { expect, it } from 'vitest'

import { TimerWheel } from '../../../../src/base/internal.ts'
import { VirtualClock } from '../../../../src/base/index.ts'
import { Http2Connection } from '../../../../src/engines/node/http2/http2-connection.ts'
import { HTTP2_OPTIONS } from '../../../../src/engines/node/http2/http2-options.ts'

/** As much of a session of Node as a connection uses. */
class FakeSession extends EventEmitter {
  readonly calls: string[] = []
  closed = false
  destroyed = false

  setLocalWindowSize(bytes: number): void {
    this.calls.push(`window ${bytes}`)
  }

  close(): void {
    this.closed = true
    this.calls.push('close')
  }

  ping(): void {
    this.calls.push('ping')
  }

  destroy(): void {
    this.destroyed = true
    this.calls.push('destroy')
  }
}

/** A stream of `session` that has begun. */
function streamOf(session: FakeSession): EventEmitter {
  const stream = new EventEmitter()
  session.emit('stream', stream)
  return stream
}

/** @param isOwn whether the server is one of ours. */
function connection(isOwn = true) {
  const clock = new VirtualClock()
  const session = new FakeSession()
  const socket = new Socket()
  let isClosed = false
  const made = new Http2Connection(
    session as unknown as ServerHttp2Session, // the parts that are used
    new TimerWheel(clock),
    {
      socket,
      settings: isOwn ? HTTP2_OPTIONS.defaults : null,
      closed: () => (isClosed = true),
    },
  )
  return { made, session, socket, clock, isClosed: () => isClosed }
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

it('a connection without a stream is closed after idleTimeout, and dropped a second later', async () => {
  const { session, clock } = connection()
  await clock.advance(119_999)
  expect(session.calls).toEqual(['window 4194304'])
  await clock.advance(2)
  expect(session.calls).toEqual(['window 4194304', 'close'])
  await clock.advance(1001)
  await turn()

  expect(session.calls).toEqual(['window 4194304', 'close', 'destroy'])
})

it('a connection with a stream stays, and is idle again when its last stream has ended', async () => {
  const { session, clock } = connection()
  const [first, second] = [streamOf(session), streamOf(session)]
  first.emit('close')
  await clock.advance(240_000)
  expect(session.calls).toEqual(['window 4194304'])
  second.emit('close')
  await clock.advance(120_001)

  expect(session.calls).toEqual(['window 4194304', 'close'])
})

it('a connection that said GOAWAY is dropped, too, when its last stream has ended', async () => {
  const { made, session, clock } = connection()
  const stream = streamOf(session)
  made.leave()
  stream.emit('close')
  await clock.advance(120_001)
  await clock.advance(1001)
  await turn()

  expect(session.calls).toEqual(['window 4194304', 'close', 'destroy'])
})

it('a refusal is followed by GOAWAY two seconds later, and only while the server stops', async () => {
  const { made, session, clock } = connection()
  const stream = streamOf(session)
  made.addSocket(stream as ServerHttp2Stream) // as much of one as is used
  made.refusedSocket()
  await clock.advance(5000)
  made.leaveAfterSessions()
  await clock.advance(5000)
  made.refusedSocket()
  await clock.advance(1000)
  made.refusedSocket()
  await clock.advance(999)
  expect(session.calls).toEqual(['window 4194304'])
  await clock.advance(2)

  expect(session.calls).toEqual(['window 4194304', 'close'])
})

it('GOAWAY follows the last session, whatever is left of those two seconds', () => {
  const { made, session } = connection()
  const stream = streamOf(session)
  made.addSocket(stream as ServerHttp2Stream) // as much of one as is used
  made.leaveAfterSessions()
  made.refusedSocket()
  expect(session.calls).toEqual(['window 4194304'])
  stream.emit('close')

  expect(session.calls).toEqual(['window 4194304', 'close'])
})

it('a connection of another server has a deadline from GOAWAY and its last stream on', async () => {
  const { session, clock } = connection(false)
  await clock.advance(3_600_000)
  expect(session.calls).toEqual([])
  const stream = streamOf(session)
  // As its server does, or Node at a GOAWAY of the peer.
  session.close()
  await clock.advance(3_600_000)
  expect(session.calls).toEqual(['close'])
  stream.emit('close')
  await clock.advance(120_001)
  await clock.advance(1001)
  await turn()

  expect(session.calls).toEqual(['close', 'destroy'])
})

it('a connection of another server that hears GOAWAY without a stream has the same deadline', async () => {
  const { session, clock } = connection(false)
  session.close()
  await clock.advance(120_001)
  await clock.advance(1001)
  await turn()

  expect(session.calls).toEqual(['close', 'destroy'])
})

it('is asked for a sign of life while a stream that it watches is open', async () => {
  const { made, session, clock } = connection(false)
  const stream = streamOf(session)
  made.watch(stream as ServerHttp2Stream) // the part that is used
  await clock.advance(30_001)
  expect(session.calls).toEqual(['ping'])
  stream.emit('close')
  await clock.advance(60_001)

  expect(session.calls).toEqual(['ping'])
})

it('a session is never destroyed inside the call that asks for it (nodejs/node#64850)', async () => {
  const { session } = connection()
  session.destroy()
  session.destroy()
  expect(session.calls).toEqual(['window 4194304'])
  await turn()

  expect(session.calls).toEqual(['window 4194304', 'destroy'])
})

it('a peer that does not end its side after the session is cut off a second later', async () => {
  const { session, socket, clock } = connection()
  session.destroy()
  await turn()
  expect(socket.destroyed).toBe(false)
  await clock.advance(1001)

  expect(socket.destroyed).toBe(true)
})

it('all streams of a connection that has ended get one failure', async () => {
  const { made, session, isClosed } = connection()
  expect(made.failure).toBe(null)
  session.emit('error', new Error('first'))
  session.destroy()
  await turn()
  session.emit('close')

  expect(made.failure).toMatchObject({ code: 'ECONNRESET', cause: { message: 'first' } })
  expect(made.failure).toBe(made.failure)
  expect(isClosed()).toBe(true)
})
