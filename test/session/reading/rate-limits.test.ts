import { describe, expect, it } from 'vitest'

import { Frame } from '../../../src/protocol/index.ts'
import { RateLimitError } from '../../../src/session/errors.ts'
import { settled } from '../../support/memory-world.ts'
import { clientFrame } from '../../support/peer.ts'
import { defaultSession, rawSession } from '../../support/session.ts'

/** Many frames as one chunk. */
function frames(count: number, kind: 'text' | 'ping' | 'pong' = 'text', payload = 'x'): Uint8Array {
  const frame = clientFrame(kind, payload)
  const bytes = new Uint8Array(frame.length * count)
  for (let index = 0; index < count; index++) bytes.set(frame, index * frame.length)
  return bytes
}

describe('RateLimits', () => {
  it('maxMessagesPerSecond lets as many messages through as there may be', async () => {
    const { peer, session, heard } = defaultSession({
      maxMessagesPerSecond: 5,
      onRateLimit: 'close',
    })
    peer.send(frames(5))
    peer.close(1000)

    expect((await session.incoming.toArray()).length).toBe(5)
    expect(heard.limits).toEqual([])
  })

  it('maxMessagesPerSecond with `close` fails the session with 1008 at one more, and loses none before it', async () => {
    const { peer, session, heard } = defaultSession({
      maxMessagesPerSecond: 5,
      onRateLimit: 'close',
    })
    peer.send(frames(7))

    expect(await peer.rest()).toBe('88 02 03 f0')
    for (let received = 0; received < 5; received++) await session.incoming.receive()
    await expect(session.incoming.receive()).rejects.toMatchObject({
      code: 'TOWPATH_RATE_LIMIT',
      limitName: 'maxMessagesPerSecond',
      perSecond: 5,
    })
    expect(heard.limitNames).toEqual(['maxMessagesPerSecond'])
    expect(heard.limits[0]).toBeInstanceOf(RateLimitError)
  })

  it('maxMessagesPerSecond with `wait` reads on at the rate, and loses nothing', async () => {
    const { peer, session, clock, heard } = defaultSession({ maxMessagesPerSecond: 5 })
    let received = 0
    const reading = session.incoming.consumeEach(() => {
      received++
    })
    peer.send(frames(20))
    peer.close(1000)

    await settled()
    expect(received).toBe(5)
    await clock.advance(199)
    expect(received).toBe(5)
    await clock.advance(1)
    expect(received).toBe(6)
    await clock.advance(1_000)
    expect(received).toBe(11)
    await clock.advance(5_000)
    await reading
    expect(received).toBe(20)
    expect(heard.limits).toEqual([])
    expect(await peer.read(4)).toBe('88 02 03 e8')
  })

  it('maxMessagesPerSecond with `wait` slows the peer by TCP: its bytes stay where they are', async () => {
    const { peer, link, session } = defaultSession({ maxMessagesPerSecond: 5 })
    const reading = session.incoming.consumeEach(() => {})
    for (let sent = 0; sent < 1000; sent++) peer.send(clientFrame('binary', new Uint8Array(1000)))

    await settled()

    expect(link.client.queuedBytes).toBeGreaterThan(500_000)
    session.terminate()
    await reading
  })

  it('`wait` does not let the ping timeout run, and leaves no timer when the connection goes', async () => {
    const { peer, session, clock } = defaultSession({
      maxMessagesPerSecond: 1,
      pingInterval: 1_000,
      timeout: 500,
    })
    peer.send(frames(100))
    await clock.advance(20_000)
    expect(session.incoming.isClosedForReceive).toBe(false)

    peer.reset()
    await session.closed

    expect(clock.pendingTimers).toBe(0)
  })

  it('`wait` and a full incoming hold reading back together, until both have gone', async () => {
    const { peer, session, clock } = defaultSession({
      maxMessagesPerSecond: 2,
      incoming: { capacity: 1, maxBytes: Infinity, onOverflow: 'suspend' },
      readAhead: 0,
    })
    peer.send(frames(6))
    await settled()

    // Two were let in, and then the rate was spent.
    let received = 0
    while (session.incoming.tryReceive().type === 'value') received++
    expect(received).toBe(2)
    await clock.advance(500)
    while (session.incoming.tryReceive().type === 'value') received++
    expect(received).toBe(3)
    const reading = session.incoming.consumeEach(() => {
      received++
    })
    await clock.advance(10_000)

    expect(received).toBe(6)
    session.terminate()
    await reading
  })

  it('`wait` goes on only when both rates are met again', async () => {
    const { peer, session, clock } = defaultSession({
      maxMessagesPerSecond: 10,
      maxBytesPerSecond: 10,
    })
    let received = 0
    const reading = session.incoming.consumeEach(() => {
      received++
    })
    // The tenth message spends the first rate, and then the bytes of all are counted: 70, of which
    // 10 were there.
    peer.send(frames(10))
    await settled()
    peer.send(frames(1))
    await settled()

    await clock.advance(6_099)
    expect(received).toBe(10)
    await clock.advance(1)

    expect(received).toBe(11)
    session.terminate()
    await reading
  })

  it('`wait` slows a peer down although much of what it sent has been read to find its end', async () => {
    const { peer, session, clock } = defaultSession({ maxMessagesPerSecond: 10 })
    let received = 0
    const reading = session.incoming.consumeEach(() => {
      received++
    })
    for (let sent = 0; sent < 100; sent++) peer.send(frames(1))

    await clock.advance(5_000)

    expect(received).toBe(60)
    session.terminate()
    await reading
  })

  it('maxBytesPerSecond counts headers too, and fails with `close` at one byte more', async () => {
    const below = defaultSession({ maxBytesPerSecond: 70, onRateLimit: 'close' })
    below.peer.send(frames(10))
    await settled()
    expect(below.heard.limits).toEqual([])

    const above = defaultSession({ maxBytesPerSecond: 69, onRateLimit: 'close' })
    above.peer.send(frames(10))

    expect(await above.peer.rest()).toBe('88 02 03 f0')
    expect(above.heard.limitNames).toEqual(['maxBytesPerSecond'])
    for (let received = 0; received < 10; received++) await above.session.incoming.receive()
  })

  it('maxBytesPerSecond with `wait` holds reading back until the rate is met', async () => {
    const { peer, session, clock } = defaultSession({ maxBytesPerSecond: 100 })
    let received = 0
    const reading = session.incoming.consumeEach(() => {
      received++
    })
    // 7 bytes each: the first 30 are read at once, and paid for in the time after.
    peer.send(frames(30))
    await settled()
    peer.send(frames(1))
    await settled()
    expect(received).toBe(30)

    await clock.advance(1_109)
    expect(received).toBe(30)
    await clock.advance(1)
    expect(received).toBe(31)
    session.terminate()
    await reading
  })

  it.each(['ping', 'pong'] as const)(
    'maxControlFramesPerSecond fails the session with 1008 at one %s more',
    async (kind) => {
      const { peer, session, heard } = defaultSession({ maxControlFramesPerSecond: 10 })
      peer.send(frames(10, kind))
      peer.text('still there')
      const frame = await session.incoming.receive()
      expect(frame instanceof Frame.Text && frame.readText()).toBe('still there')

      peer.send(frames(1, kind))

      expect((await session.closeReason).code).toBe(1008)
      expect(heard.limitNames).toEqual(['maxControlFramesPerSecond'])
    },
  )

  it('maxControlFramesPerSecond is renewed as time goes on', async () => {
    const { peer, clock, heard } = defaultSession({ maxControlFramesPerSecond: 10 })
    for (let second = 0; second < 20; second++) {
      peer.send(frames(10, 'ping'))
      await clock.advance(1_000)
    }

    expect(heard.limits).toEqual([])
  })

  it('rateBurst is how much time may be saved up', async () => {
    const { peer, heard } = defaultSession({ maxControlFramesPerSecond: 10, rateBurst: 3_000 })
    peer.send(frames(30, 'ping'))
    await settled()
    expect(heard.limits).toEqual([])

    peer.send(frames(1, 'ping'))
    await settled()

    expect(heard.limitNames).toEqual(['maxControlFramesPerSecond'])
  })

  it('holds for raw sessions: fragments count as messages, pings as control frames', async () => {
    const { peer, session, heard } = rawSession({
      maxMessagesPerSecond: 2,
      maxControlFramesPerSecond: 1,
      onRateLimit: 'close',
    })
    peer.send(clientFrame('text', 'a', { fin: false }))
    peer.send(clientFrame('ping', ''))
    peer.send(clientFrame('continuation', 'b'))
    for (let received = 0; received < 3; received++) await session.incoming.receive()
    expect(heard.limits).toEqual([])

    peer.send(clientFrame('text', 'c'))

    await expect(session.incoming.receive()).rejects.toBeInstanceOf(RateLimitError)
    expect(heard.limitNames).toEqual(['maxMessagesPerSecond'])
  })
})
