import { describe, expect, it } from 'vitest'
import { Deferred } from '../../../src/base/internal.ts'
import { ClosedReceiveChannelError } from '../../../src/channels/index.ts'
import { CloseReason, Frame, LocalProtocolError } from '../../../src/protocol/index.ts'
import type { WebSocketSession } from '../../../src/session/index.ts'
import type { SessionSettings } from '../../../src/session/internal.ts'
import { DefaultSession } from '../../support/bare-session.ts'
import { memoryEnvironment, memoryPeer, settled } from '../../support/memory-world.ts'
import { clientFrame } from '../../support/peer.ts'
import { defaultSession, rawSession, SETTINGS } from '../../support/session.ts'
import { letsLoopTurn } from '../../support/turns.ts'

/** What a proxy or a getter does that nobody has expected. */
function trap(): never {
  throw new Error('trap')
}

describe('LiveSession, raw', () => {
  it('incoming shows every fragment, typed as its message, with its own fin', async () => {
    const { session, peer } = rawSession()

    peer.send(clientFrame('text', 'a', { fin: false }))
    peer.send(clientFrame('continuation', 'b', { fin: false }))
    peer.send(clientFrame('continuation', 'c'))

    const frames = [
      await session.incoming.receive(),
      await session.incoming.receive(),
      await session.incoming.receive(),
    ]
    expect(frames.map((frame) => [frame.frameType, frame.fin])).toEqual([
      [1, false],
      [1, false],
      [1, true],
    ])
  })

  it('incoming shows pings and pongs, and answers neither', async () => {
    const { session, peer } = rawSession()

    peer.send(clientFrame('ping', 'p'))
    peer.send(clientFrame('pong', 'q'))
    expect(await session.incoming.receive()).toBeInstanceOf(Frame.Ping)
    expect(await session.incoming.receive()).toBeInstanceOf(Frame.Pong)
    await settled()

    expect(peer.inbox.unread.length).toBe(0)
  })

  it('incoming shows the Close as its last frame, and it is not answered', async () => {
    const { session, peer } = rawSession()

    peer.close(4000, 'bye')

    const frame = await session.incoming.receive()
    expect(frame instanceof Frame.Close && frame.readReason()).toEqual(new CloseReason(4000, 'bye'))
    await expect(session.incoming.receive()).rejects.toBeInstanceOf(ClosedReceiveChannelError)
    await settled()
    expect(peer.inbox.unread.length).toBe(0)
  })

  it('close() after the peer has closed answers it', async () => {
    const { session, peer } = rawSession()
    peer.close(4000)
    await session.incoming.receive()

    await session.close(new CloseReason(4000))

    expect(await peer.rest()).toBe('88 02 0f a0')
    peer.end()
    expect(await session.closed).toMatchObject({ initiator: 'remote', clean: true })
  })

  it('run() flushes the queue and drops the connection when the handler returns', async () => {
    const { session, peer } = rawSession()

    const done = session.run(async () => {
      await session.send('last')
    })

    expect(await peer.rest()).toBe('81 04 6c 61 73 74')
    peer.end()
    await done
    expect((await session.closed).reason).toEqual(new CloseReason(1006))
  })

  it('a violation is failed with its code all the same', async () => {
    const { session, peer } = rawSession()

    peer.send('81 01 61')

    expect(await peer.rest()).toBe('88 02 03 ea')
    await expect(session.incoming.receive()).rejects.toMatchObject({
      code: 'TOWPATH_PROTOCOL_VIOLATION',
    })
  })

  it('maxMessageSize bounds each frame but not the sum of the fragments', async () => {
    const { session, peer } = rawSession({ maxMessageSize: 3 })

    for (let sent = 0; sent < 5; sent++) {
      peer.send(clientFrame(sent === 0 ? 'binary' : 'continuation', 'abc', { fin: false }))
      await session.incoming.receive()
    }
    peer.send(clientFrame('continuation', 'abcd'))

    expect(await peer.rest()).toBe('88 02 03 f1')
  })

  it('S-20 receive() works after a local close(), and throws once the peer has answered', async () => {
    const { session, peer } = defaultSession()
    void session.close()
    peer.text('on its way')
    peer.close(1000)

    expect(await session.incoming.receive()).toBeInstanceOf(Frame.Text)
    await expect(session.incoming.receive()).rejects.toBeInstanceOf(ClosedReceiveChannelError)
  })

  it('S-20 receive() throws after a local close() when TCP ends', async () => {
    const { session, peer } = defaultSession()
    void session.close()
    const pending = session.incoming.receive()
    peer.end()

    await expect(pending).rejects.toBeInstanceOf(ClosedReceiveChannelError)
  })

  it('S-19 receive() throws when TCP drops, pending calls included', async () => {
    const { session, link } = defaultSession()
    const pending = [session.incoming.receive(), session.incoming.receive()]

    link.reset()

    for (const call of pending) {
      await expect(call).rejects.toBeInstanceOf(ClosedReceiveChannelError)
    }
  })

  it('S-35 closeReason is a promise that is settled once and never rejects', async () => {
    const { session, peer } = defaultSession()
    const before = session.closeReason
    peer.close(1001, 'gone')

    expect(await before).toEqual(new CloseReason(1001, 'gone'))
    expect(await session.closeReason).toEqual(new CloseReason(1001, 'gone'))
  })

  it('S-37 terminate() drops at once, without a Close frame', async () => {
    const { session, peer } = defaultSession()
    session.terminate()
    session.terminate()

    expect(await peer.rest()).toBe('')
    expect(await session.closeReason).toEqual(new CloseReason(1006))
  })

  it('the functions of a session can be taken off it, and are made once', async () => {
    const { session, peer } = defaultSession()
    const { send, close, flush, terminate, launch } = session
    await send('x')
    await flush()
    await close()

    expect(await peer.read(7)).toBe('81 01 78 88 02 03 e8')
    expect(session.send).toBe(send)
    expect(session.close).toBe(close)
    expect(session.flush).toBe(flush)
    expect(session.terminate).toBe(terminate)
    expect(session.launch).toBe(launch)
  })
})

describe('LiveSession.launch', () => {
  it('a task is aborted when the session is over, and awaited before run() resolves', async () => {
    const { session, peer } = defaultSession()
    const steps: string[] = []
    const done = session.run(async () => {
      void session.launch(async (signal) => {
        await new Promise((resolve) => {
          signal.addEventListener('abort', resolve)
        })
        await settled()
        steps.push('task ended')
      })
      for await (const _ of session.incoming);
      steps.push('handler ended')
    })

    peer.close(1000)
    peer.end()
    await done
    steps.push('run ended')

    expect(steps).toEqual(['handler ended', 'task ended', 'run ended'])
  })

  it('a signal ends one task, and the session goes on', async () => {
    const { session, heard } = defaultSession()
    const own = new AbortController()
    const reason = new Error('enough')
    const task = session.launch((signal) => session.incoming.receive({ signal }), {
      signal: own.signal,
    })

    own.abort(reason)

    await expect(task).rejects.toBe(reason)
    expect(session.signal.aborted).toBe(false)
    expect(session.outgoing.isClosedForSend).toBe(false)
    expect(heard.failures).toEqual([])
  })

  it('the first failure fails the session with 1011 and is reported once', async () => {
    const { session, peer, heard } = defaultSession()
    const boom = new Error('boom')
    const done = session.run(async () => {
      void session.launch(() => Promise.reject(boom))
      void session.launch(async () => {
        await session.closed
        throw new Error('later')
      })
      await session.closed
    })

    expect(await peer.read(4)).toBe('88 02 03 f3')
    peer.close(1011)
    peer.end()
    await done

    expect(heard.failures).toEqual([boom])
    expect(await session.closeReason).toEqual(new CloseReason(1011))
  })

  it('a task that fails because the session is ending has not failed', async () => {
    const { session, peer, heard } = defaultSession()
    const done = session.run(async () => {
      void session.launch(async () => {
        await session.closeReason
        await session.send('too late')
      })
      await session.closed
    })

    peer.close(1000)
    expect(await peer.rest()).toBe('88 02 03 e8')
    peer.end()
    await done

    expect(heard.failures).toEqual([])
  })

  it('the result of a task is the caller’s', async () => {
    const { session } = defaultSession()

    expect(await session.launch(() => Promise.resolve(42))).toBe(42)
  })

  it('signal fires when the session is over, also when it is first touched then', async () => {
    const { session, peer } = defaultSession()
    expect(session.signal.aborted).toBe(false)
    peer.reset()
    await session.closed
    expect(session.signal.aborted).toBe(true)

    const other = defaultSession()
    other.peer.reset()
    await other.session.closed
    expect(other.session.signal.aborted).toBe(true)
  })

  it('a handler that launches too late, or waited on a signal of the session, has not failed', async () => {
    for (const late of [
      (session: WebSocketSession) => session.launch(() => {}),
      () => Promise.reject(new DOMException('gone', 'AbortError')),
    ]) {
      const { session, peer, heard } = defaultSession()
      const done = session.run(async () => {
        await session.closed
        await late(session)
      })
      peer.reset()
      await done

      expect(heard.failures).toEqual([])
    }
  })

  it('an AbortError while the session is open is a failure like any other', async () => {
    const { session, peer, heard } = defaultSession()
    const done = session.run(() => Promise.reject(new DOMException('mine', 'AbortError')))
    peer.reset()
    await done

    expect(heard.failures.length).toBe(1)
  })
})

describe('LiveSession.delay', () => {
  it('delay() resolves when the duration has passed on the clock of the session', async () => {
    const { session, clock } = rawSession()
    let resolved = false
    void session.delay({ seconds: 1 }).then(() => (resolved = true))

    await clock.advance(999)
    const before = resolved
    await clock.advance(1)

    expect([before, resolved]).toEqual([false, true])
  })

  it('delay() rejects when the session is over, and need not be awaited', async () => {
    const { session } = rawSession()
    const { delay } = session
    void delay({ hours: 1 })
    const waiting = delay({ hours: 1 })

    session.terminate()

    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
    await expect(delay(0)).rejects.toMatchObject({ name: 'AbortError' })
  })

  it('delay() lets the event loop turn in a loop after the end', async () => {
    const { session } = rawSession()
    session.terminate()
    await session.closed

    expect(await letsLoopTurn(() => session.delay({ seconds: 1 }))).toBe(true)
  })

  it('delay() rejects with the reason of its own signal', async () => {
    const { session } = rawSession()
    const reason = new Error('enough')

    await expect(session.delay(1000, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })

  it('a handler that lets a delay pass which the end of the session gave up has not failed', async () => {
    const { session, peer, heard } = defaultSession()
    const run = session.run(async () => session.delay({ hours: 1 }))

    peer.close(1000)
    peer.end()
    await run

    expect(heard.failures).toEqual([])
    expect(heard.closed.map(({ reason }) => reason.code)).toEqual([1000])
  })

  it('incoming.receive({ timeout }) runs on the clock of the session', async () => {
    const { session, clock } = defaultSession()
    const receiving = session.incoming.map((frame) => frame).receive({ timeout: { seconds: 10 } })

    await clock.advance(10_000)

    await expect(receiving).rejects.toMatchObject({
      code: 'TOWPATH_RECEIVE_TIMEOUT',
      timeoutMs: 10_000,
    })
  })

  it.each([
    ['proxy', () => new Proxy({}, { getPrototypeOf: () => trap() })],
    ['error with a getter', () => Object.defineProperty(new Error(), 'name', { get: trap })],
    ['null', () => null],
  ])('a handler that throws a hostile %s ends with 1011', async (_, make) => {
    const { session, peer, heard } = rawSession()
    const thrown: unknown = make()
    session.launch(() => Promise.reject(thrown as Error)).catch(() => {}) // an Error, or anything

    const over = session.run(() => {
      throw thrown
    })
    expect(await peer.read(4)).toBe('88 02 03 f3')
    peer.close(1011)
    peer.end()
    await over

    expect(heard.failures.length).toBe(1)
    expect(heard.failures[0]).toBe(thrown)
  })

  it('handle() reports left once, after closed and after the tasks have settled', async () => {
    const { session, peer, observer, heard } = defaultSession()
    const task = new Deferred<void>()
    const order: string[] = []
    observer.left = () => void order.push(`left after ${heard.closed.length} closed`)

    session.handle(() => {
      void session.launch(() => task.promise.then(() => void order.push('task')))
    })
    expect(await peer.read(4)).toBe('88 02 03 e8')
    peer.close(1000)
    peer.end()
    await settled()
    expect(heard.closed.length).toBe(1)
    expect(order).toEqual([])
    task.resolve()
    await settled()

    expect(order).toEqual(['task', 'left after 1 closed'])
  })

  it('a hostile error that comes while the session is ending ends it all the same', async () => {
    const { session, peer } = rawSession()
    peer.end()
    await settled()
    const hostile: unknown = new Proxy(new Error('x'), { get: () => trap() })

    await session.run(() => {
      throw hostile
    })
    expect(await session.closeReason).toEqual(new CloseReason(1006))
  })

  it.each([
    ['a code', 1000],
    ['null', null],
    ['a look-alike', { code: 4000, message: 'x'.repeat(200) }],
  ])('close() throws a TypeError for %s, and the session stays open', async (_, reason) => {
    const { session } = rawSession()

    expect(() => session.close(reason as unknown as CloseReason)).toThrow(TypeError)
    await session.send('still open')
  })

  it('close(1000) names the class that is expected', () => {
    const { session } = rawSession()

    expect(() => session.close(1000 as unknown as CloseReason)).toThrow(
      "Cannot close with 1000, expected a CloseReason: new CloseReason(1000, 'bye')",
    )
  })

  it('masking throws a TypeError for anything but a boolean', () => {
    const { session } = rawSession()

    expect(() => (session.masking = 'yes' as unknown as boolean)).toThrow(TypeError)
    expect(session.masking).toBe(false)
  })

  it('signal and calls that take it have any number of listeners, and Node warns of no leak', async () => {
    const warnings: Error[] = []
    const note = (warning: Error): void => void warnings.push(warning)
    process.on('warning', note)
    const { session, link } = rawSession()
    const { signal } = session
    const own = new AbortController()
    for (let count = 0; count < 20; count++) {
      signal.addEventListener('abort', () => count)
      void session.incoming.receive({ signal })
      void session.incoming.receive({ signal: own.signal })
      void session.delay(1000, { signal: own.signal })
    }
    link.toClient({ stalled: true })
    while (session.outgoing.trySend(new Uint8Array(65_536)) === 'sent');
    for (let count = 0; count < 20; count++) {
      void session.send('x', { signal })
      void session.send('x', { signal: own.signal })
      void session.outgoing.whenWritable({ signal: own.signal })
    }

    session.terminate()
    own.abort()
    await settled()
    process.off('warning', note)

    expect(warnings).toEqual([])
  })

  it("a failure because of another session's closed channel is reported, and names that session", async () => {
    const { session, heard, peer } = rawSession()
    const other = rawSession({ id: 'other' })
    other.session.terminate()

    const over = session.run(async () => {
      await other.session.send('x')
    })
    await peer.read(4)
    peer.end()
    await over

    expect(heard.failures).toMatchObject([
      { code: 'TOWPATH_CLOSED_SEND_CHANNEL', sessionId: 'other' },
    ])
    expect(await session.closeReason).toMatchObject({ code: 1011 })
    await expect(other.session.incoming.receive()).rejects.toMatchObject({ sessionId: 'other' })
  })
})

/**
 * A session that has read as far ahead as it may, and whose peer has sent 200 frames of 1 KiB and
 * says no more.
 */
function unread(settings: Partial<SessionSettings>) {
  const opened = defaultSession({
    incoming: { capacity: 1, maxBytes: 1000, onOverflow: 'suspend' },
    readAhead: 0,
    ...settings,
  })
  for (let sent = 0; sent < 200; sent++) {
    opened.peer.send(clientFrame('binary', new Uint8Array(1000)))
  }
  return opened
}

/** A session whose settings have no id, with the number of random bytes that it has taken. */
function sessionWithoutId(environment = memoryEnvironment()) {
  const { id: _, ...settings } = SETTINGS
  const taken = { bytes: 0 }
  const { random } = environment
  const counting = (target: Uint8Array): Uint8Array => {
    taken.bytes += target.length
    return random(target)
  }
  const session = new DefaultSession(
    memoryPeer(environment).transport,
    settings,
    { ...environment, random: counting },
    defaultSession().observer,
  )
  return { session, taken }
}

describe('LiveSession, default', () => {
  it('id is 16 bytes in base64url, another one for each session, and the same each time', () => {
    const environment = memoryEnvironment()
    const all = Array.from({ length: 10 }, () => sessionWithoutId(environment).session)

    const ids = all.map(({ id }) => id)

    expect(new Set(ids).size).toBe(10)
    for (const id of ids) expect(id).toMatch(/^[\w-]{22}$/)
    expect(all.map(({ id }) => id)).toEqual(ids)
  })

  it('id takes random bytes only when it is read', () => {
    const { session, taken } = sessionWithoutId()
    const before = taken.bytes

    void session.id
    void session.id

    expect([before, taken.bytes]).toEqual([0, 16])
  })

  it('incoming holds what arrived before anybody listened', async () => {
    const { session, peer } = defaultSession()
    peer.text('early')
    await settled()

    const frame = await session.incoming.receive()

    expect(frame).toBeInstanceOf(Frame.Text)
    expect(frame instanceof Frame.Text && frame.readText()).toBe('early')
  })

  it('a fragmented message arrives whole, with a ping in the middle answered', async () => {
    const { session, peer } = defaultSession()

    peer.send(clientFrame('text', 'Hel', { fin: false }))
    peer.send(clientFrame('ping', 'x'))
    peer.send(clientFrame('continuation', 'lo'))

    const frame = await session.incoming.receive()
    expect(frame.fin).toBe(true)
    expect(frame instanceof Frame.Text && frame.readText()).toBe('Hello')
    expect(await peer.read(3)).toBe('8a 01 78')
  })

  it('a ping is answered while the handler is not reading and incoming is full', async () => {
    const { peer, session } = defaultSession({
      incoming: { capacity: 2, maxBytes: Infinity, onOverflow: 'suspend' },
    })
    for (let sent = 0; sent < 20; sent++) peer.text('data')
    peer.send(clientFrame('ping', 'p'))

    expect(await peer.read(3)).toBe('8a 01 70')
    expect(session.incoming.isClosedForReceive).toBe(false)
  })

  it('a Close frame is answered while the handler is not reading and incoming is full', async () => {
    const { peer, session } = defaultSession({
      incoming: { capacity: 2, maxBytes: Infinity, onOverflow: 'suspend' },
    })
    for (let sent = 0; sent < 20; sent++) peer.text('data')
    peer.close(1000)

    expect(await peer.read(4)).toBe('88 02 03 e8')
    expect((await session.incoming.toArray()).length).toBe(20)
  })

  it('reading stops past the read-ahead, and goes on when the handler receives', async () => {
    const { peer, session, link } = defaultSession({
      incoming: { capacity: 2, maxBytes: Infinity, onOverflow: 'suspend' },
      readAhead: 1000,
    })
    for (let sent = 0; sent < 1000; sent++) peer.send(clientFrame('binary', new Uint8Array(1000)))
    await settled()
    expect(link.client.queuedBytes).toBeGreaterThan(500_000)

    for (let received = 0; received < 1000; received++) await session.incoming.receive()

    expect(link.client.queuedBytes).toBe(0)
  })

  it('many frames of one chunk past the read-ahead are held, and none is lost', async () => {
    const { peer, session } = defaultSession({
      incoming: { capacity: 1, maxBytes: Infinity, onOverflow: 'suspend' },
      readAhead: 0,
    })
    peer.send(
      Uint8Array.from(Array.from({ length: 500 }, () => [...clientFrame('text', 'x')]).flat()),
    )
    peer.end()
    await settled()

    expect((await session.incoming.toArray()).length).toBe(500)
  })

  it('pings begin one period after the start and carry random payloads', async () => {
    const { peer, clock } = defaultSession({ pingInterval: 60_000 })

    await clock.advance(59_999)
    expect(peer.inbox.unread.length).toBe(0)
    await clock.advance(1)

    expect((await peer.read(10)).slice(0, 5)).toBe('89 08')
  })

  it('a pong proves life and gives the round-trip time', async () => {
    const { peer, session, clock } = defaultSession({ pingInterval: 1000, timeout: 500 })
    expect(session.roundTripTime).toBe(null)
    await clock.advance(1000)
    const ping = await peer.read(10)

    await clock.advance(20)
    peer.send(`8a 88 00 00 00 00 ${ping.slice(6)}`)
    await clock.advance(600)

    expect(session.roundTripTime).toBe(20)
    expect(session.outgoing.isClosedForSend).toBe(false)
  })

  it('any other traffic after a ping proves life too', async () => {
    const { peer, session, clock } = defaultSession({ pingInterval: 1000, timeout: 500 })
    await clock.advance(1000)
    peer.text('I am here')

    await clock.advance(600)

    expect(session.outgoing.isClosedForSend).toBe(false)
  })

  it('timeout stands still while nothing is read', async () => {
    const { session, clock } = unread({ pingInterval: 1000, timeout: 500 })
    await clock.advance(60_000)
    expect(session.outgoing.isClosedForSend).toBe(false)

    for (let received = 0; received < 200; received++) await session.incoming.receive()
    await clock.advance(60_000)

    expect(await session.closeReason).toEqual(new CloseReason(1011, 'Ping timeout'))
  })

  it.each(['pingInterval', 'timeout'] as const)(
    'setting %s while nothing is read does not start the timeout',
    async (name) => {
      const { session, clock } = unread({ pingInterval: 1000, timeout: 500 })
      await clock.advance(5000)

      session[name] = { milliseconds: 600 }
      await clock.advance(60_000)

      expect(session.outgoing.isClosedForSend).toBe(false)
      for (let received = 0; received < 200; received++) await session.incoming.receive()
      await clock.advance(60_000)
      expect(await session.closeReason).toEqual(new CloseReason(1011, 'Ping timeout'))
    },
  )

  it('setting pingInterval after the end has begun starts no pings', async () => {
    const { session, clock, peer } = defaultSession()
    void session.close()

    session.pingInterval = 1000
    await clock.advance(5000)

    expect(await peer.read(4)).toBe('88 02 03 e8')
    session.terminate()
    expect(await peer.rest()).toBe('')
  })

  it('S-31 pingInterval is writable, and the next ping comes one period from then', async () => {
    const { peer, session, clock } = defaultSession()
    await clock.advance(100_000)
    session.pingInterval = { seconds: 2 }

    await clock.advance(2000)
    expect((await peer.read(10)).slice(0, 5)).toBe('89 08')
    session.pingInterval = null
    await clock.advance(1_000_000)

    expect(session.pingInterval).toBe(null)
    expect(peer.inbox.unread.length).toBe(0)
  })

  it('S-32 timeout is writable on the live session', async () => {
    const { session, clock } = defaultSession({ pingInterval: 1000, timeout: 1_000_000 })
    session.timeout = { milliseconds: 200 }

    await clock.advance(1000)
    await clock.advance(200)

    expect((await session.closed).cause).toMatchObject({
      code: 'TOWPATH_PING_TIMEOUT',
      timeoutMs: 200,
    })
  })

  it('S-33 masking is writable and counts from the next frame serialised', async () => {
    const { peer, session } = defaultSession()
    await session.send('a')
    session.masking = true
    await session.send('a')

    expect(await peer.read(3)).toBe('81 01 61')
    const masked = await peer.read(7)
    expect(masked.slice(0, 5)).toBe('81 81')
    expect(session.masking).toBe(true)
  })

  it('S-34 maxFrameSize is writable and counts from the next header', async () => {
    const { peer, session } = defaultSession()
    peer.text('long enough')
    await session.incoming.receive()
    session.maxFrameSize = 4

    peer.text('12345')

    expect(await peer.rest()).toBe('88 02 03 f1')
    expect(() => (session.maxFrameSize = 0)).toThrow(RangeError)
  })

  it('a live setting refuses what makes no sense', () => {
    const { session } = defaultSession()

    expect(() => (session.pingInterval = 0)).toThrow(RangeError)
    expect(() => (session.pingInterval = -1)).toThrow(RangeError)
    expect(() => (session.timeout = { seconds: -1 })).toThrow(RangeError)
    expect(() => (session.pingInterval = 30)).toThrow(
      'Cannot set pingInterval: option "pingInterval" is 30, in milliseconds; did you mean seconds(30)? Expected 1000 or more, or { milliseconds: 30 }',
    )
    expect(() => (session.timeout = 15)).toThrow('did you mean seconds(15)?')
  })

  it('a ping timeout ends the session at once, without waiting for the peer', async () => {
    const { session, clock, heard } = defaultSession({ pingInterval: 1000, timeout: 500 })

    await clock.advance(1500)

    expect(heard.closed.length).toBe(1)
    expect(session.signal.aborted).toBe(true)
  })

  it('the pings of many sessions drift apart after the first', async () => {
    const times = new Set<number>()
    for (let index = 0; index < 8; index++) {
      const { clock, peer, environment } = defaultSession({ pingInterval: 1000, timeout: 100_000 })
      environment.random(new Uint8Array(index * 31))
      await clock.advance(1000)
      await peer.read(10)
      const before = clock.now()
      while (peer.inbox.unread.length === 0 && clock.now() < before + 1000) await clock.advance(1)
      times.add(clock.now() - before)
    }

    expect(times.size).toBeGreaterThan(2)
    for (const time of times) expect(time).toBeGreaterThanOrEqual(875)
  })

  it('send() refuses another type in the middle of a fragmented message', async () => {
    const { session } = defaultSession()
    await session.send(new Frame.Text('a', { fin: false }))

    await expect(session.send(Uint8Array.of(1))).rejects.toBeInstanceOf(LocalProtocolError)
    await session.send(new Frame.Ping())
    await session.send(new Frame.Text('b'))
  })
})
