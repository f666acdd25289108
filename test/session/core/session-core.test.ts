import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { loopShareOf } from '../../../src/base/internal.ts'
import { CloseReason, Frame } from '../../../src/protocol/index.ts'
import { MemoryBudgetError } from '../../../src/session/index.ts'
import { DefaultSession } from '../../support/bare-session.ts'
import type { SessionSettings } from '../../../src/session/internal.ts'
import { hex } from '../../support/bytes.ts'
import { Gate } from '../../support/gate.ts'
import { memoryEnvironment, settled } from '../../support/memory-world.ts'
import { clientClose, clientFrame } from '../../support/peer.ts'
import { defaultSession, SETTINGS } from '../../support/session.ts'

const FULL_AT_ONE = { capacity: 1, maxBytes: Infinity, onOverflow: 'suspend' } as const
const MINE = new CloseReason(4000, 'mine')

/** A session over a transport that a test holds in its hands. */
function gated(settings: Partial<SessionSettings> = {}) {
  const gate = new Gate()
  const environment = memoryEnvironment()
  const heard: string[] = []
  let told = 0
  const session = new DefaultSession(gate, { ...SETTINGS, ...settings }, environment, {
    handlerFailed: (error) => void heard.push(`failed: ${String(error)}`),
    limitReached: (limit) => void heard.push(`limit: ${limit}`),
    buffered: (bytes) => void (told += bytes),
    frameDropped: () => {},
    closed: () => void heard.push('closed'),
  })
  session.start()
  return { gate, session, heard, clock: environment.clock, environment, told: () => told }
}

/** Uses up the time that all sessions may send in this turn of the event loop. */
function useUp(environment: ReturnType<typeof memoryEnvironment>): void {
  const share = loopShareOf(environment)
  while (!share.isUsedUp) share.spend(0)
}

const together = (...frames: readonly Uint8Array[]): Uint8Array => Buffer.concat(frames)

describe('SessionCore', () => {
  it.each([
    ['and a Close', [clientClose(1000)], '88 02 03 e8'],
    ['and a violation', [hex('83 80 00 00 00 00')], '88 02 03 ea'],
    ['and an end', [], ''],
  ])('on a busy machine, messages %s in one chunk: all messages are answered', async (...of) => {
    const [, last, close] = of
    const { session, peer, environment } = defaultSession()
    void session.run(async () => {
      for await (const frame of session.incoming) {
        await session.send(frame)
        useUp(environment)
      }
    })
    const letters = 'abcdefgh'.split('')
    const messages = letters.map((letter) => clientFrame('text', letter))
    peer.send(together(...messages, ...last))
    peer.end()

    const echoes = letters.map((letter) => `81 01 ${letter.charCodeAt(0).toString(16)}`)
    expect(await peer.rest()).toBe([...echoes, close].join(' ').trim())
  })

  it.each([
    ['a Close', clientClose(4000, 'mine'), '88 02 0f a0', { code: 4000 }],
    ['a violation', hex('83 80 00 00 00 00'), '88 02 03 ea', { code: 1002 }],
  ])(
    'on a busy machine, %s that waits behind a full channel is answered before the end',
    async (...of) => {
      const [, last, close, reason] = of
      const { session, gate, environment } = gated({ incoming: FULL_AT_ONE, readAhead: 0 })
      void session.run(async () => {
        for await (const frame of session.incoming) {
          await session.send(frame)
          useUp(environment)
        }
      })
      const letters = 'abcdefgh'.split('')
      gate.receive(together(...letters.map((letter) => clientFrame('text', letter)), last))
      gate.receiveEnd()
      const told = await session.closeReason
      await settled()

      const echoes = letters.map((letter) => `81 01 ${letter.charCodeAt(0).toString(16)}`)
      expect(gate.writes.join(' ')).toBe([...echoes, close].join(' '))
      expect(told).toMatchObject(reason)
    },
  )

  it('a handler that sends without end holds no Close back', async () => {
    const { session, gate } = gated()
    let sent = 0
    void session.run(async () => {
      for (; sent < 1_000_000; sent++) await session.send('more')
    })
    gate.receive(together(clientFrame('text', 'a'), clientFrame('text', 'b'), clientClose(1000)))
    await session.closeReason

    expect(sent).toBeLessThan(1_000_000)
    expect(gate.writes.at(-1)?.endsWith('88 02 03 e8')).toBe(true)
  })

  it('S-20 receive() works on after our close(), until the peer has answered', async () => {
    const { session, peer } = defaultSession()
    void session.close(MINE)
    peer.text('still here')
    await settled()

    expect(await session.incoming.receive()).toBeInstanceOf(Frame.Text)
    peer.close(4000)

    await expect(session.incoming.receive()).rejects.toMatchObject({
      code: 'TOWPATH_CLOSED_RECEIVE_CHANNEL',
    })
  })

  it('our close() is reported with both reasons, and clean once the peer has answered', async () => {
    const { session, peer } = defaultSession()
    void session.close(MINE)
    await settled()
    peer.close(4001, 'yours')
    peer.end()

    expect(await session.closed).toEqual({
      reason: MINE,
      initiator: 'local',
      local: MINE,
      remote: new CloseReason(4001, 'yours'),
      clean: true,
      cause: null,
    })
  })

  it('the peer’s close is reported as its own, and we answer', async () => {
    const { session, peer } = defaultSession()
    peer.close(4001, 'yours')
    await settled()
    peer.end()

    expect(await session.closed).toEqual({
      reason: new CloseReason(4001, 'yours'),
      initiator: 'remote',
      local: new CloseReason(4001),
      remote: new CloseReason(4001, 'yours'),
      clean: true,
      cause: null,
    })
  })

  it('when two closes cross, one Close goes each way, and ours is reported', async () => {
    const { session, peer } = defaultSession()
    peer.close(4001)
    void session.close(MINE)

    expect(await peer.rest()).toBe('88 06 0f a0 6d 69 6e 65')
    expect(await session.closeReason).toEqual(MINE)
  })

  it('a server ends TCP when both have closed, a client waits for the server (§7.1.1)', async () => {
    const server = gated()
    server.gate.receive(clientClose(1000))
    await settled()
    expect(server.gate.ended).toBe(true)

    const client = gated({ role: 'client' })
    client.gate.receive(Uint8Array.of(0x88, 2, 3, 0xe8))
    await settled()
    expect(client.gate.ended).toBe(false)
  })

  it('S-19 a FIN without Close is 1006 from nobody, and ends what is received quietly', async () => {
    const { session, peer } = defaultSession()
    peer.text('last')
    peer.end()

    expect((await session.incoming.toArray()).length).toBe(1)
    expect(await session.closed).toMatchObject({
      reason: new CloseReason(1006),
      initiator: 'none',
      local: null,
      remote: null,
      clean: false,
    })
    await expect(session.send('a')).rejects.toMatchObject({ code: 'TOWPATH_CLOSED_SEND_CHANNEL' })
  })

  it('a reset is 1006 with its cause', async () => {
    const { session, gate } = gated()
    const cause = new Error('reset')
    gate.close(cause)

    expect((await session.closed).cause).toBe(cause)
    expect(await session.closeReason).toEqual(new CloseReason(1006))
  })

  it('what comes after both Close frames is no cause', async () => {
    const { session, gate } = gated()
    gate.receive(clientClose(1000))
    await settled()
    gate.close(new Error('reset'))

    expect(await session.closed).toMatchObject({ clean: true, cause: null })
  })

  it('the end of a peer whose frames are held back is seen at once, and they can still be received', async () => {
    const { session, gate } = gated({ incoming: FULL_AT_ONE, readAhead: 0 })
    for (const text of ['1', '2', '3']) gate.receive(clientFrame('text', text))
    gate.receiveEnd()

    expect(await session.closeReason).toEqual(new CloseReason(1006))
    expect(gate.ended).toBe(true)
    expect((await session.incoming.toArray()).length).toBe(3)
  })

  it('a reset of a peer whose frames are held back ends the session, and they can still be received', async () => {
    const { session, gate } = gated({ incoming: FULL_AT_ONE, readAhead: 0 })
    for (const text of ['1', '2', '3']) gate.receive(clientFrame('text', text))

    gate.close(new Error('reset'))

    expect(await session.closed).toMatchObject({ reason: new CloseReason(1006), clean: false })
    expect((await session.incoming.toArray()).length).toBe(3)
  })

  it('a FIN behind our own Close frame ends TCP, and not before that frame has been written', async () => {
    const { session, gate } = gated({ role: 'client' })
    gate.shut = true
    await session.send('a')
    await settled()
    void session.close(MINE)
    gate.receiveEnd()
    expect(gate.ended).toBe(false)

    gate.shut = false
    gate.drain()

    expect(gate.writes.at(-1)).toBe('88 06 0f a0 6d 69 6e 65')
    expect(gate.ended).toBe(true)
  })

  it('a FIN after our own Close frame has been written ends TCP', () => {
    const { session, gate } = gated({ role: 'client' })
    void session.close(MINE)
    expect(gate.ended).toBe(false)

    gate.receiveEnd()

    expect(gate.ended).toBe(true)
  })

  it('a violation ends with its Close, then TCP, whatever the peer says; nothing more is read', async () => {
    const { session, gate } = gated()
    gate.receive(Uint8Array.of(0x81, 0x01, 0x61))
    await settled()
    gate.receive(clientFrame('text', 'late'))

    expect(gate.writes).toEqual(['88 02 03 ea'])
    expect(gate.ended).toBe(true)
    await expect(session.incoming.receive()).rejects.toMatchObject({
      code: 'TOWPATH_PROTOCOL_VIOLATION',
    })
    expect(await session.closeReason).toEqual(new CloseReason(1002))
  })

  it('a violation after our own Close ends TCP, and what is reported is what was sent', async () => {
    const { session, gate } = gated()
    void session.close(MINE)
    gate.receive(Uint8Array.of(0x81, 0x01, 0x61))
    await settled()
    expect(gate.ended).toBe(true)
    gate.close()

    expect(gate.writes).toEqual(['88 06 0f a0 6d 69 6e 65'])
    expect(await session.closed).toMatchObject({ reason: MINE, local: MINE, clean: false })
  })

  it('a limit is told once, by the name of its setting', async () => {
    const { gate, heard } = gated({ maxFrameSize: 2 })
    gate.receive(clientFrame('text', 'long'))
    await settled()

    expect(heard).toEqual(['limit: maxFrameSize'])
    expect(gate.writes).toEqual(['88 02 03 f1'])
  })

  it('one deadline covers the closing of a peer that says little, and then the connection is dropped', async () => {
    const { session, gate, heard, clock } = gated({ closeTimeout: 1000 })
    void session.close(MINE)
    await clock.advance(600)
    gate.receive(clientFrame('text', 'talks on'))
    await clock.advance(399)
    expect(gate.aborted).toBe(false)

    await clock.advance(1)

    expect(gate.aborted).toBe(true)
    expect(heard).toEqual(['limit: closeTimeout', 'closed'])
    expect(await session.closed).toMatchObject({ reason: MINE, local: MINE, remote: null })
  })

  it('S-37 terminate() drops the connection at once, without a Close frame', async () => {
    const { session, gate } = gated()
    void session.send('lost')
    session.terminate()

    expect(gate.aborted).toBe(true)
    expect(gate.writes).toEqual([])
    expect(await session.closed).toMatchObject({
      reason: new CloseReason(1006),
      initiator: 'local',
      local: null,
      clean: false,
    })
  })

  it('goAway() closes with 1001 and ends the loop of the handler without waiting for the peer', async () => {
    const { session, gate } = gated()
    session.goAway()

    expect(gate.writes).toEqual(['88 02 03 e9'])
    expect(await session.incoming.toArray()).toEqual([])
  })

  it('heldBytes counts 1 KiB for a frame of which a byte has come, and it is told', () => {
    const { session, gate, told } = gated()
    gate.receive(hex('82 ff 00 00 00 00 00 10 00 00 00 00 00 00 00'))

    expect(session.heldBytes).toBe(1024)
    expect(told()).toBeGreaterThanOrEqual(1024)
  })

  it('measure() tells what is held by direction, and what has moved', async () => {
    const { session, gate } = gated()
    gate.receive(clientFrame('text', 'waits'))
    session.keptBytes = 7
    gate.shut = true
    await session.send('to be sent')
    await settled()

    expect(session.measure()).toEqual({
      incoming: 5 + 256,
      outgoing: 12,
      received: 11,
      handed: -12,
    })
    expect(session.heldBytes).toBe(261 + 12)
    expect(session.keptBytes).toBe(7)
    gate.drain()
    expect(session.measure()).toMatchObject({ outgoing: 0, handed: 2 ** 32 })
  })

  it('never holds more than it has told, whatever comes and however it is cut', () => {
    const frames = fc.array(
      fc.record({
        size: fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 9000 })),
        fragments: fc.integer({ min: 1, max: 3 }),
      }),
      { minLength: 1, maxLength: 10 },
    )
    const cuts = fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 10 })
    fc.assert(
      fc.property(frames, cuts, (messages, sizes) => {
        const { session, gate, told } = gated({ incoming: FULL_AT_ONE, readAhead: 2000 })
        const bytes = messages.flatMap(({ size, fragments }) =>
          Array.from({ length: fragments }, (_, at) => [
            ...clientFrame(at === 0 ? 'binary' : 'continuation', new Uint8Array(size), {
              fin: at === fragments - 1,
            }),
          ]).flat(),
        )
        for (let at = 0, cut = 0; at < bytes.length && !gate.paused; cut++) {
          const size = sizes[cut % sizes.length] ?? 1
          gate.receive(Uint8Array.from(bytes.slice(at, at + size)))
          at += size

          expect(session.heldBytes).toBeLessThanOrEqual(told())
        }
        session.terminate()
      }),
      { numRuns: 50 },
    )
  })

  it('shed() gives back what is held and fails with 1013', async () => {
    const { session, gate, heard } = gated()
    const cause = new MemoryBudgetError(300, 200)
    for (let sent = 0; sent < 3; sent++) gate.receive(clientFrame('text', 'waits'))
    expect(session.heldBytes).toBe(3 * (5 + 256))

    session.shed(cause)

    expect(session.heldBytes).toBe(0)
    expect(gate.writes).toEqual(['88 02 03 f5'])
    expect(gate.ended).toBe(true)
    expect(heard).toEqual(['limit: memoryBudget'])
    await expect(session.incoming.receive()).rejects.toBe(cause)
  })

  it('shed() drops a connection whose transport keeps much', async () => {
    const { session, gate } = gated()
    gate.shut = true
    await session.send(new Uint8Array(200_000))

    session.shed(new MemoryBudgetError(300, 200))

    expect(gate.aborted).toBe(true)
  })

  it('shed() drops what waits, which is no progress of the end: closeTimeout passes once', async () => {
    const { session, gate, clock, heard } = gated({ closeTimeout: 2000 })
    gate.shut = true
    await session.send(new Uint8Array(30_000))
    await settled()
    await session.send(new Uint8Array(50_000))
    session.shed(new MemoryBudgetError(300, 200))
    expect(gate.aborted).toBe(false)

    await clock.advance(1000)
    gate.queuedBytes -= 1000
    await clock.advance(1000)

    expect(heard).toContain('limit: closeTimeout')
  })

  it('shed() leaves a session alone that is ending', async () => {
    const { session, heard, gate } = gated()
    void session.close(MINE)

    session.shed(new MemoryBudgetError(300, 200))

    expect(heard).toEqual([])
    expect(gate.ended).toBe(false)
    expect(await session.closeReason).toEqual(MINE)
  })

  it('a write that stands still ends the session, which the peer cannot be told', async () => {
    const { session, gate, clock, heard } = gated({ writeTimeout: 1000 })
    gate.shut = true
    await session.send('a')
    await clock.advance(2500)

    expect(gate.aborted).toBe(true)
    expect(heard).toEqual(['limit: writeTimeout', 'closed'])
    expect(await session.closed).toMatchObject({
      reason: new CloseReason(1006),
      local: null,
      cause: { code: 'TOWPATH_SESSION_TIMEOUT', limitName: 'writeTimeout' },
    })
  })

  describe('while a large message moves to a slow peer', () => {
    /** A message of 1 MB of which the peer takes 20 kB each half second, for ten seconds. */
    async function moving(
      settings: Partial<SessionSettings>,
      end: (session: DefaultSession) => void = () => {},
    ) {
      const opened = gated(settings)
      const { gate, session, clock } = opened
      gate.shut = true
      await session.send(new Uint8Array(1_000_000))
      await settled()
      end(session)
      for (let time = 0; time < 10_000; time += 500) {
        gate.queuedBytes -= 20_000
        await clock.advance(500)
      }
      return opened
    }

    it('idleTimeout is not reached, and is once nothing moves', async () => {
      const { heard, clock } = await moving({ idleTimeout: 1000 })
      expect(heard).toEqual([])

      await clock.advance(2000)

      expect(heard).toEqual(['limit: idleTimeout'])
    })

    it('no ping times out, and one does once nothing moves', async () => {
      const { heard, clock, session } = await moving({ pingInterval: 500, timeout: 1000 })
      expect(session.outgoing.isClosedForSend).toBe(false)

      await clock.advance(2000)

      expect(heard).toEqual(['closed'])
      expect(await session.closeReason).toEqual(new CloseReason(1011, 'Ping timeout'))
    })

    it('closeTimeout begins again, and is reached once nothing moves', async () => {
      const end = (session: DefaultSession): void => void session.close(MINE)
      const { heard, clock, gate } = await moving({ closeTimeout: 2000 }, end)
      expect(heard).toEqual([])

      await clock.advance(4000)

      expect(heard).toEqual(['limit: closeTimeout', 'closed'])
      expect(gate.aborted).toBe(true)
    })

    it('closeTimeout is reached by a peer that takes one byte at a time', async () => {
      const { gate, session, clock, heard } = gated({ closeTimeout: 2000 })
      gate.shut = true
      await session.send(new Uint8Array(1_000_000))
      await settled()
      void session.close(MINE)
      for (let time = 0; time < 2000; time += 100) {
        gate.queuedBytes -= 1
        await clock.advance(100)
      }

      expect(heard).toEqual(['limit: closeTimeout', 'closed'])
    })
  })

  it('an idle session is closed with 1001', async () => {
    const { gate, clock, heard } = gated({ idleTimeout: 1000 })

    await clock.advance(2000)

    expect(heard[0]).toBe('limit: idleTimeout')
    expect(gate.writes).toEqual(['88 0e 03 e9 49 64 6c 65 20 74 69 6d 65 6f 75 74'])
  })

  it('reading stops and goes on with the channel of the handler', async () => {
    const { session, gate } = gated({ incoming: FULL_AT_ONE, readAhead: 0 })
    gate.receive(clientFrame('text', '1'))
    expect(gate.paused).toBe(false)
    gate.receive(clientFrame('text', '2'))
    expect(gate.paused).toBe(true)

    await session.incoming.receive()
    await session.incoming.receive()

    expect(gate.paused).toBe(false)
  })

  it('trySend() of a Close frame is close()', async () => {
    const { session, gate } = gated()

    expect(session.outgoing.trySend(new Frame.Close(MINE))).toBe('sent')
    expect(session.outgoing.trySend(new Frame.Close())).toBe('closed')

    expect(gate.writes).toEqual(['88 06 0f a0 6d 69 6e 65'])
    expect(await session.closeReason).toEqual(MINE)
  })

  it('leaves no timer behind', async () => {
    const { session, gate, environment } = gated({ pingInterval: 1000, idleTimeout: 5000 })
    gate.shut = true
    await session.send('a')
    await settled()
    expect(environment.timers.size).toBeGreaterThan(0)

    gate.close()

    expect(environment.timers.size).toBe(0)
  })
})
