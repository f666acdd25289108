import { describe, expect, it } from 'vitest'

import { withHeartbeat } from '../../../src/client/reconnecting/heartbeat-session.ts'
import type { ClientSession } from '../../../src/client/index.ts'
import { Frame } from '../../../src/protocol/index.ts'
import { clientSession } from '../../support/client-session.ts'
import { settled } from '../../support/memory-world.ts'

const SETTINGS = { period: 20_000, timeout: 5_000 }

/** A client that beats, and a server that answers, or shows its handler what it is asked. */
function beating({ answers = true, isKnown = false } = {}) {
  const world = clientSession(undefined, {}, { answerHeartbeats: answers })
  const questions: string[] = []
  void world.server.incoming.consumeEach((frame) => {
    if (frame instanceof Frame.Text) questions.push(frame.readText())
  })
  const { session, heartbeat } = withHeartbeat(world.session, SETTINGS, world.clock, isKnown)
  return { ...world, inner: world.session, session, heartbeat, questions }
}

describe('withHeartbeat()', () => {
  it('asks at once, and shows no answers', async () => {
    const { session, server, heartbeat, questions } = beating()
    await settled()
    await server.send('hello')
    await server.send('\0towpath:pong:nonsense')

    expect(questions).toEqual([])
    expect(heartbeat.state).toBe('supported')
    expect(await session.incoming.receive()).toMatchObject({ frameType: 1 })
    expect(await session.incoming.receive()).toMatchObject({ frameType: 1 })
    expect(session.incoming.tryReceive().type).toBe('empty')
  })

  it('is the session that was given, but for its incoming and its end', async () => {
    const { session, inner, server } = beating()

    expect(session.url).toBe('ws://localhost/')
    expect(session.send).toBe(inner.send)
    expect(session).toBeInstanceOf(inner.constructor)
    expect('url' in session).toBe(true)
    await session.send(new Uint8Array(3))
    // What may be set is set on the session itself.
    Object.assign(session, { maxFrameSize: 1_000 })
    expect(inner).toMatchObject({ maxFrameSize: 1_000 })
    await settled()
    await server.close()
    expect((await session.closed).initiator).toBe('remote')
  })

  it('does not take a message that is still arriving for silence', async () => {
    const { session, server, clock } = beating()
    await settled()
    for (let round = 0; round < 10; round++) {
      await server.send(new Frame.Binary(new Uint8Array(10), { fin: false }))
      await clock.advance(5_000)
    }
    await server.send(new Frame.Binary(new Uint8Array(10)))
    await settled()

    expect(session.signal.aborted).toBe(false)
    expect((await session.incoming.receive()).buffer).toHaveLength(110)
  })

  it('ends at once when the server falls silent, and lets the session go', async () => {
    const { session, inner, link, clock } = beating()
    const task = session.launch((signal) => signal)
    await settled()
    link.cut()

    await clock.advance(25_000)

    const info = await session.closed
    expect(info).toMatchObject({
      reason: { code: 1006 },
      initiator: 'local',
      remote: null,
      clean: false,
      cause: { code: 'TOWPATH_PING_TIMEOUT', timeoutMs: 5_000 },
    })
    expect((await session.closeReason).code).toBe(1006)
    expect(session.signal.aborted).toBe(true)
    await expect(session.incoming.receive()).rejects.toBe(info.cause)
    await expect(session.send('x')).rejects.toMatchObject({ code: 'TOWPATH_CLOSED_SEND_CHANNEL' })
    expect(await inner.closed).toMatchObject({ clean: false, local: null })
    expect((await task).aborted).toBe(true)
    expect(clock.pendingTimers).toBe(0)
  })

  it('closes a session that cannot be dropped', async () => {
    const { session: inner, clock, link, server } = clientSession()
    void server.incoming.consumeEach(() => {})
    const bare: ClientSession = {
      url: inner.url,
      protocol: inner.protocol,
      incoming: inner.incoming,
      outgoing: inner.outgoing,
      send: inner.send,
      close: inner.close,
      launch: inner.launch,
      signal: inner.signal,
      closeReason: inner.closeReason,
      closed: inner.closed,
      bufferedAmount: 0,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }
    const { session } = withHeartbeat(bare, SETTINGS, clock, true)
    link.cut()

    await clock.advance(5_000)

    expect((await session.closed).reason.code).toBe(1006)
    expect((await inner.closeReason).code).toBe(1000)
  })

  it('ends as the session does, when that ends', async () => {
    const { session, server, clock } = beating()
    await settled()
    await server.send('last')
    await server.close()

    expect(await session.incoming.toArray()).toHaveLength(1)
    expect((await session.closeReason).code).toBe(1000)
    expect(await session.closed).toMatchObject({ initiator: 'remote', clean: true, cause: null })
    expect(session.signal.aborted).toBe(true)
    expect(clock.pendingTimers).toBe(0)
  })

  it('fails as the session does', async () => {
    const { session } = beating()
    // The first answer is larger than that.
    Object.assign(session, { maxFrameSize: 1 })

    await settled()

    expect(session.incoming.isClosedForReceive).toBe(true)
    await expect(session.incoming.receive()).rejects.toMatchObject({
      code: 'TOWPATH_FRAME_TOO_BIG',
    })
  })

  it('leaves a server alone that does not know heartbeats', async () => {
    const { session, server, heartbeat, questions, clock } = beating({ answers: false })
    await settled()
    await server.send('hello')

    await clock.advance({ hours: 1 })

    expect(heartbeat.state).toBe('unsupported')
    expect(questions).toEqual(['\0towpath:ping:0'])
    expect(session.signal.aborted).toBe(false)
  })

  it('holds as much as a session, makes the server wait, and judges nothing meanwhile', async () => {
    const { session, inner, server, link, clock } = beating()
    await settled()
    for (let index = 0; index < 200; index++) await server.send('x')

    await clock.advance({ minutes: 5 })

    expect(inner.incoming.tryReceive().type).toBe('value')
    expect(session.signal.aborted).toBe(false)
    let count = 0
    const consumed = session.incoming.consumeEach(() => count++)
    await clock.advance({ minutes: 5 })
    expect(count).toBe(199)
    expect(session.signal.aborted).toBe(false)
    link.cut()
    await Promise.all([
      clock.advance({ minutes: 1 }),
      expect(consumed).rejects.toMatchObject({ code: 'TOWPATH_PING_TIMEOUT' }),
    ])
  })

  it('judges nothing once the session is closing, which has a deadline of its own', async () => {
    const { session, heartbeat, link, clock } = beating()
    await settled()
    link.cut()
    heartbeat.ask()

    void session.close()
    await clock.advance(9_999)
    expect(session.signal.aborted).toBe(false)
    // The deadline of the session lets what has arrived be read first.
    await clock.advance(20_000)

    expect((await session.closed).reason.code).toBe(1000)
  })

  it('goes on beating when nobody wants to receive', async () => {
    const { session, server, link, heartbeat, clock } = beating()
    session.incoming.cancel()
    for (let index = 0; index < 200; index++) await server.send('x')
    await clock.advance({ minutes: 1 })
    expect(heartbeat.state).toBe('supported')
    expect(session.signal.aborted).toBe(false)

    link.cut()
    await clock.advance({ minutes: 1 })

    expect(session.signal.aborted).toBe(true)
  })

  it('takes silence for the end at once, of a server that is known', async () => {
    const { session, link, clock } = beating({ isKnown: true })
    link.cut()

    await clock.advance(5_000)

    expect((await session.closed).cause).toMatchObject({ code: 'TOWPATH_PING_TIMEOUT' })
  })

  it('is over when it is disposed of', async () => {
    const { session, inner } = beating()

    await session[Symbol.asyncDispose]()

    expect((await inner.closed).local?.code).toBe(1000)
  })
})
