import { describe, expect, it } from 'vitest'
import { CloseReason, Frame, LocalProtocolError } from '../../../src/protocol/index.ts'
import { clientFrame } from '../../support/peer.ts'
import type { SessionSettings } from '../../../src/session/internal.ts'
import { settled } from '../../support/memory-world.ts'
import { defaultSession } from '../../support/session.ts'

/** A session that has read as far ahead as it may, and whose peer has sent 200 frames of 1 KiB and says no more. */
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

describe('DefaultSession', () => {
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

      session[name] = 600
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
    session.timeout = 200

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
