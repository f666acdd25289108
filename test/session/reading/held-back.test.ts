import { describe, expect, it } from 'vitest'

import { CloseReason } from '../../../src/protocol/index.ts'
import { DefaultSession, RawSession } from '../../support/bare-session.ts'
import type { SessionSettings } from '../../../src/session/internal.ts'
import { Deferred } from '../../../src/base/internal.ts'
import { custom } from '../../support/extensions.ts'
import { Gate } from '../../support/gate.ts'
import { memoryEnvironment, settled } from '../../support/memory-world.ts'
import { clientClose, clientFrame } from '../../support/peer.ts'
import { defaultSession, rawSession, SETTINGS } from '../../support/session.ts'

const GONE = new CloseReason(1006)
const TIGHT = { capacity: 1, maxBytes: 1000, onOverflow: 'suspend' } as const
const KIB = clientFrame('binary', new Uint8Array(1024))
const PONG = '8a 00'

/** A session whose handler reads nothing, over a transport that a test holds in its hands. */
function held(settings: Partial<SessionSettings> = {}, Level = DefaultSession) {
  const gate = new Gate()
  const environment = memoryEnvironment()
  const observer = {
    handlerFailed: () => {},
    limitReached: () => {},
    buffered: () => {},
    frameDropped: () => {},
    closed: () => {},
  }
  const all = { ...SETTINGS, incoming: TIGHT, readAhead: 0, ...settings }
  const session = new Level(gate, all, environment, observer)
  session.start()
  return { gate, session, environment, clock: environment.clock }
}

/** Sends frames of 1 KiB until reading stops. @returns how many. */
function fill(gate: Gate): number {
  for (let sent = 0; sent < 10_000; sent++) {
    if (gate.paused) return sent
    gate.receive(KIB)
  }
  throw new Error('Cannot fill the session: it reads without a bound')
}

describe('HeldBack', () => {
  describe.each([
    ['a default session', defaultSession],
    ['a raw session', rawSession],
  ])('of %s', (_, open) => {
    it('meets a FIN behind what a handler does not read within two seconds', async () => {
      const { session, peer, clock } = open()
      for (let sent = 0; sent < 3000; sent++) peer.text('x'.repeat(50))
      peer.end()

      await clock.advance(2000)

      expect(await session.closed).toMatchObject({ reason: GONE, initiator: 'none' })
      expect((await session.incoming.toArray()).length).toBe(3000)
    })

    it('meets a Close frame behind what a handler does not read within two seconds', async () => {
      const { session, peer, clock } = open()
      for (let sent = 0; sent < 1200; sent++) peer.text('x')
      peer.close(4000)

      await clock.advance(2000)

      expect(await session.closeReason).toEqual(new CloseReason(4000))
      session.terminate()
    })

    it.each(['maxMessagesPerSecond', 'maxBytesPerSecond'] as const)(
      'meets a FIN behind what %s holds back within two seconds',
      async (rate) => {
        const { session, peer, clock } = open({ [rate]: 10 })
        for (let sent = 0; sent < 300; sent++) peer.text('x'.repeat(50))
        peer.end()

        await clock.advance(2000)

        expect(await session.closed).toMatchObject({ reason: GONE, initiator: 'none' })
        expect((await session.incoming.toArray()).length).toBe(300)
      },
    )
  })

  it('goes on once for a handler that does not read, and no further than the bound', async () => {
    const { gate, clock, session } = held({ incoming: { ...TIGHT, maxBytes: 200_000 } })
    expect(fill(gate)).toBe(2)

    await clock.advance(450)
    expect(gate.paused).toBe(false)
    fill(gate)
    expect(session.heldBytes).toBeGreaterThan(199_000)
    expect(session.heldBytes).toBeLessThan(202_000)

    await clock.advance(60_000)
    expect(gate.paused).toBe(true)
  })

  it('goes on 64 KiB at least, and 1 MiB at most', async () => {
    const small = held()
    fill(small.gate)
    await small.clock.advance(450)
    expect(fill(small.gate)).toBeGreaterThan(50)

    const large = held({ incoming: { ...TIGHT, maxBytes: Infinity } })
    fill(large.gate)
    await large.clock.advance(450)
    expect(fill(large.gate)).toBeLessThan(1024)
  })

  it.each([
    ['a Close frame', (gate: Gate) => gate.receive(clientClose(4000)), new CloseReason(4000)],
    ['the FIN of a peer that still reads', (gate: Gate) => gate.receiveEnd(), GONE],
  ])('meets %s behind the bound once the handler has read up to it', async (_, leave, reason) => {
    const { gate, clock, session } = held()
    fill(gate)
    await clock.advance(450)
    fill(gate)
    await clock.advance(60_000)
    expect(gate.paused).toBe(true)

    // It waits in the operating system: the transport is not read.
    while (gate.paused) await session.incoming.receive()
    leave(gate)
    await clock.advance(0)

    expect(await session.closeReason).toEqual(reason)
  })

  it('meets a peer that closes its socket behind the bound, by a probe each half second', async () => {
    const { gate, clock, session } = held()
    fill(gate)
    await clock.advance(450)
    fill(gate)
    const probesBefore = gate.probes
    await clock.advance(1800)
    expect(gate.probes).toBe(probesBefore + 4)
    expect(gate.writes.filter((bytes) => bytes === PONG).length).toBeGreaterThanOrEqual(2)

    gate.close(new Error('read ECONNRESET'))

    expect(await session.closed).toMatchObject({ reason: GONE, clean: false })
  })

  it('goes on for a slow handler too, which reads a frame now and then', async () => {
    const { session, peer, clock } = defaultSession()
    for (let sent = 0; sent < 3000; sent++) peer.text('x'.repeat(50))
    peer.end()

    for (let turn = 0; turn < 20; turn++) {
      await session.incoming.receive()
      await clock.advance(100)
    }

    expect(await session.closeReason).toEqual(GONE)
    expect((await session.incoming.toArray()).length).toBe(2980)
  })

  it('is as it was once the handler has caught up', async () => {
    const { gate, clock, session } = held()
    fill(gate)
    await clock.advance(450)
    fill(gate)

    while (session.incoming.tryReceive().type === 'value');
    expect(gate.paused).toBe(false)

    expect(fill(gate)).toBe(2)
  })

  it.each([
    ['a default session', DefaultSession],
    ['a raw session', RawSession],
  ])(
    'of %s probes the transport twice a second past the bound, and sends a Pong once a second at most',
    async (_, Level) => {
      const { gate, clock } = held({}, Level)
      fill(gate)
      await clock.advance(450)
      fill(gate)
      await clock.advance(9000)

      expect(gate.probes).toBe(21)
      expect(gate.writes.length).toBeGreaterThan(9)
      expect(gate.writes.length).toBeLessThan(12)
      expect(new Set(gate.writes)).toEqual(new Set([PONG]))
    },
  )

  it('sends no Pong behind a write that is under way', async () => {
    const { gate, clock, session } = held()
    gate.shut = true
    await session.send('a')
    fill(gate)
    await clock.advance(450)
    fill(gate)

    await clock.advance(5000)

    expect(gate.writes).toEqual(['81 01 61'])
  })

  it('reads on after a rate has held it back, whether something has come meanwhile or not', async () => {
    const { session, peer, clock } = defaultSession({ maxMessagesPerSecond: 1 })
    peer.text('1')
    await clock.advance(450)
    peer.text('2')
    await clock.advance(5000)
    peer.text('3')
    await settled()

    for (let received = 0; received < 3; received++) await session.incoming.receive()
    expect(session.heldBytes).toBe(0)
  })

  it('keeps what a rate holds back in one piece, however small the pieces are that it comes in', async () => {
    const { gate, session, clock } = held({ maxMessagesPerSecond: 1 })
    const bytes = clientFrame('text', 'x')
    gate.receive(bytes)
    await clock.advance(450)
    for (let sent = 0; sent < 1000; sent++) {
      for (const byte of bytes) gate.receive(Uint8Array.of(byte))
    }

    expect(session.heldBytes).toBeLessThan(3 * 7000)
    gate.receiveEnd()
    expect((await session.incoming.toArray()).length).toBe(1001)
  })

  it('stays stopped when what was held is more than the handler has made room for', async () => {
    const { gate, session } = held({ incoming: { ...TIGHT, maxBytes: Infinity } })
    const frame = clientFrame('text', 'x')
    const chunk = new Uint8Array(frame.length * 6)
    for (let index = 0; index < 6; index++) chunk.set(frame, index * frame.length)
    gate.receive(chunk)
    expect(gate.paused).toBe(true)

    await session.incoming.receive()
    await session.incoming.receive()

    expect(gate.paused).toBe(true)
  })

  describe.each([
    ['goAway()', (session: DefaultSession) => session.goAway()],
    ['maxSessionDuration', () => {}],
    ['close()', (session: DefaultSession) => void session.close()],
  ])('after %s', (_, end) => {
    it('goes on, so that the answer of the peer is seen', async () => {
      const { session, peer, clock } = defaultSession({ maxSessionDuration: 100 })
      for (let sent = 0; sent < 3000; sent++) peer.text('x'.repeat(50))
      await settled()

      end(session)
      await clock.advance(100)
      peer.close(1000)
      peer.end()
      await settled()

      expect(await session.closed).toMatchObject({ clean: true, initiator: 'local' })
    })

    it('goes on although a rate holds the peer back', async () => {
      const { session, peer, clock } = defaultSession({
        maxMessagesPerSecond: 1,
        maxSessionDuration: 100,
      })
      for (let sent = 0; sent < 3000; sent++) peer.text('x'.repeat(50))
      await settled()

      end(session)
      await clock.advance(100)
      peer.close(1000)
      peer.end()
      await settled()

      expect(await session.closed).toMatchObject({ clean: true, initiator: 'local' })
    })
  })

  it('drops what comes past the bound after our close(), and sees the answer behind it', async () => {
    const { session, peer } = defaultSession()
    void session.close()
    for (let sent = 0; sent < 3000; sent++) peer.send(KIB)
    peer.close(1000)
    peer.end()
    await settled()
    await session.closed

    expect(session.heldBytes).toBeLessThan(1_300_000)
    expect((await session.incoming.toArray()).length).toBeGreaterThan(800)
  })

  it('a raw session whose handler has returned keeps nothing that the peer still sends', async () => {
    const { gate, session } = held({ maxBytesPerSecond: 1000 }, RawSession)
    void session.run(() => {})
    gate.shut = true
    for (let sent = 0; sent < 3; sent++) gate.receive(KIB)
    await settled()

    for (let sent = 0; sent < 100; sent++) gate.receive(KIB)

    expect(session.heldBytes).toBe(0)
    expect(gate.paused).toBe(false)
  })

  it('a FIN behind a message that an extension works on is looked at when the extension is done', async () => {
    const work = new Deferred<void>()
    const { session, peer, clock } = defaultSession({
      extensions: [custom(0, { incoming: () => work.promise })],
    })
    peer.text('a')
    peer.text('b')
    peer.end()
    await clock.advance(460)
    expect(session.outgoing.isClosedForSend).toBe(false)

    work.resolve()
    await settled()

    expect(await session.closeReason).toEqual(GONE)
    expect((await session.incoming.toArray()).length).toBe(2)
  })

  it('a FIN behind messages that an extension is slow with is looked at when all of them are through', async () => {
    const { session, peer, clock } = defaultSession({
      extensions: [
        custom(0, { incoming: () => new Promise((done) => void clock.setTimer(300, done)) }),
      ],
    })
    for (let sent = 0; sent < 10; sent++) peer.text('a')
    peer.end()

    await clock.advance(2900)
    expect(session.outgoing.isClosedForSend).toBe(false)
    await clock.advance(100)

    expect(await session.closeReason).toEqual(GONE)
    expect((await session.incoming.toArray()).length).toBe(10)
  })

  it('a FIN behind a message that an extension never gets done with ends the session all the same', async () => {
    const { session, peer, clock } = defaultSession({
      extensions: [custom(0, { incoming: () => new Promise(() => {}) })],
    })
    peer.text('a')
    peer.text('b')
    peer.end()

    await clock.advance(2000)

    expect(await session.closed).toMatchObject({ reason: GONE })
    expect(await session.incoming.toArray()).toEqual([])
  })

  it('keeps a timer that keeps the process alive while it is stopped, and none afterwards', async () => {
    const { gate, session, environment, clock } = held()
    expect(environment.waitingTimers.size).toBe(0)
    fill(gate)
    expect(environment.waitingTimers.size).toBe(1)
    await clock.advance(450)
    fill(gate)
    await clock.advance(10_000)
    expect(environment.waitingTimers.size).toBe(1)

    gate.close()
    await session.closed

    expect(environment.waitingTimers.size).toBe(0)
  })
})
