import { describe, expect, it } from 'vitest'

import { CloseReason } from '../../../src/protocol/index.ts'
import { settled } from '../../support/memory-world.ts'
import { clientFrame } from '../../support/peer.ts'
import { defaultSession } from '../../support/session.ts'

// Close 1001 `Idle timeout` and `Session expired`.
const IDLE = '88 0e 03 e9 49 64 6c 65 20 74 69 6d 65 6f 75 74'
const EXPIRED = '88 11 03 e9 53 65 73 73 69 6f 6e 20 65 78 70 69 72 65 64'

describe('TimeLimits', () => {
  it('idleTimeout closes with 1001 when nobody has sent anything, and not before', async () => {
    const { session, peer, clock, heard } = defaultSession({ idleTimeout: 60_000 })
    await clock.advance(59_999)
    expect(heard.limits).toEqual([])
    await clock.advance(1)

    expect(await peer.read(16)).toBe(IDLE)
    expect(heard.limitNames).toEqual(['idleTimeout'])
    peer.close(1001)
    peer.end()
    expect(await session.closed).toMatchObject({
      reason: new CloseReason(1001, 'Idle timeout'),
      initiator: 'local',
      clean: true,
      cause: { code: 'TOWPATH_SESSION_TIMEOUT', limitName: 'idleTimeout', limitMs: 60_000 },
    })
    expect(clock.pendingTimers).toBe(0)
  })

  it('idleTimeout lets what has arrived be received, and ends incoming normally', async () => {
    const { session, peer, clock } = defaultSession({ idleTimeout: 1_000 })
    peer.text('unread')
    await clock.advance(1_000)

    expect((await session.incoming.toArray()).length).toBe(1)
  })

  it.each(['text', 'ping', 'pong'] as const)('idleTimeout begins again with a %s', async (kind) => {
    const { peer, clock, heard } = defaultSession({ idleTimeout: 1_000 })
    await clock.advance(900)
    peer.send(clientFrame(kind, 'x'))
    await clock.advance(900)
    expect(heard.limits).toEqual([])

    await clock.advance(100)

    expect(heard.limitNames).toEqual(['idleTimeout'])
  })

  it('idleTimeout begins again with what is sent', async () => {
    const { session, clock, heard } = defaultSession({ idleTimeout: 1_000 })
    await clock.advance(900)
    await session.send('tick')
    await clock.advance(900)
    session.outgoing.trySend('tick')
    await clock.advance(999)

    expect(heard.limits).toEqual([])
  })

  it('idleTimeout is not reached by a peer that answers our pings', async () => {
    const { peer, clock, heard } = defaultSession({ idleTimeout: 1_000, pingInterval: 500 })
    for (let time = 0; time < 10_000; time += 500) {
      await clock.advance(500)
      await peer.read(10)
      peer.send(clientFrame('pong', ''))
      await settled()
    }

    expect(heard.limits).toEqual([])
  })

  it('idleTimeout stands still while reading is held back', async () => {
    const { session, peer, clock, heard } = defaultSession({
      idleTimeout: 1_000,
      incoming: { capacity: 1, maxBytes: Infinity, onOverflow: 'suspend' },
      readAhead: 0,
    })
    for (let sent = 0; sent < 5; sent++) peer.text('x')
    await clock.advance(10_000)
    expect(heard.limits).toEqual([])

    for (let received = 0; received < 5; received++) await session.incoming.receive()
    await clock.advance(2_000)

    expect(heard.limitNames).toEqual(['idleTimeout'])
  })

  it('maxSessionDuration closes with 1001 at that time, however much is going on', async () => {
    const { session, peer, clock, heard } = defaultSession({ maxSessionDuration: 5_000 })
    for (let time = 0; time < 4_000; time += 1_000) {
      peer.text('x')
      await clock.advance(1_000)
    }
    await clock.advance(999)
    expect(heard.limits).toEqual([])
    await clock.advance(1)

    expect(await peer.read(19)).toBe(EXPIRED)
    expect(heard.limitNames).toEqual(['maxSessionDuration'])
    expect((await session.incoming.toArray()).length).toBe(4)
  })

  it('maxSessionDuration sends what was queued before its Close', async () => {
    const { session, peer, clock } = defaultSession({ maxSessionDuration: 1_000 })
    await clock.advance(999)
    await session.send('last')
    await clock.advance(1)

    expect(await peer.read(25)).toBe(`81 04 6c 61 73 74 ${EXPIRED}`)
  })

  it('an end for another reason takes both timers back', async () => {
    const { session, clock, heard } = defaultSession({
      maxSessionDuration: 5_000,
      idleTimeout: 5_000,
    })
    session.terminate()
    await session.closed

    expect(clock.pendingTimers).toBe(0)
    expect(heard.limits).toEqual([])
  })
})
