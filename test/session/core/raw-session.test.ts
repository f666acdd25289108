import { describe, expect, it } from 'vitest'
import { ClosedReceiveChannelError } from '../../../src/channels/index.ts'
import { CloseReason, Frame } from '../../../src/protocol/index.ts'
import type { WebSocketSession } from '../../../src/session/index.ts'
import { settled } from '../../support/memory-world.ts'
import { clientFrame } from '../../support/peer.ts'
import { defaultSession, rawSession } from '../../support/session.ts'

/** What a proxy or a getter does that nobody has expected. */
function trap(): never {
  throw new Error('trap')
}

describe('RawSession', () => {
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

describe('RawSession.launch', () => {
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

describe('RawSession.delay', () => {
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
