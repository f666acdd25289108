import { describe, expect, it } from 'vitest'

import { CloseReason } from '../../../src/protocol/index.ts'
import { SessionTimeoutError } from '../../../src/session/errors.ts'
import type { Transport } from '../../../src/session/transport.ts'
import { WriteProgress } from '../../../src/session/writing/write-progress.ts'
import { WriteWatch } from '../../../src/session/writing/write-watch.ts'
import { memoryEnvironment, settled } from '../../support/memory-world.ts'
import { defaultSession } from '../../support/session.ts'

const BIG = new Uint8Array(300_000)

describe('WriteWatch', () => {
  it('writeTimeout drops a peer that never reads, at that time and not before', async () => {
    const { session, peer, clock, heard } = defaultSession({ writeTimeout: 30_000 })
    peer.pause()
    await session.send(BIG)
    await settled()

    await clock.advance(29_999)
    expect(heard.closed).toEqual([])
    await clock.advance(1)

    const { reason, initiator, local, cause } = await session.closed
    expect(reason).toEqual(new CloseReason(1006))
    expect(initiator).toBe('local')
    expect(local).toBe(null)
    expect(cause).toMatchObject({
      code: 'TOWPATH_SESSION_TIMEOUT',
      limitName: 'writeTimeout',
      limitMs: 30_000,
    })
    expect(heard.limitNames).toEqual(['writeTimeout'])
    expect(clock.pendingTimers).toBe(0)
  })

  it('writeTimeout lets what has arrived be received, then fails incoming', async () => {
    const { session, peer, clock } = defaultSession()
    peer.pause()
    peer.text('before')
    await session.send(BIG)
    await clock.advance(30_000)

    await session.incoming.receive()

    await expect(session.incoming.receive()).rejects.toBeInstanceOf(SessionTimeoutError)
  })

  it('writeTimeout rejects senders that wait', async () => {
    const { session, peer, clock } = defaultSession({
      outgoing: { capacity: 1, maxBytes: Infinity, onOverflow: 'suspend' },
    })
    peer.pause()
    await session.send(BIG)
    await session.send('queued')
    const waiting = session.send('waits').catch((error: unknown) => error)

    await clock.advance(30_000)

    expect(await waiting).toMatchObject({ code: 'TOWPATH_CLOSED_SEND_CHANNEL', value: 'waits' })
  })

  it('begins again when some bytes have gone', async () => {
    const environment = memoryEnvironment()
    const transport = { queuedBytes: 1_000 }
    let stoodStill = 0
    // It asks the transport for nothing else.
    const progress = new WriteProgress(environment.clock, transport as Transport)
    const watch = new WriteWatch(environment, progress, 30_000, () => stoodStill++)
    progress.queued()
    watch.queued()

    await environment.clock.advance(29_999)
    transport.queuedBytes = 500
    await environment.clock.advance(30_000)
    expect(stoodStill).toBe(0)
    await environment.clock.advance(1)

    expect(stoodStill).toBe(1)
    expect(environment.clock.pendingTimers).toBe(0)
  })

  it('writeTimeout is not reached by a peer that reads, however often writes have to wait', async () => {
    const { session, clock, heard } = defaultSession({ writeTimeout: 1_000 })
    for (let round = 0; round < 10; round++) {
      await session.send(BIG)
      await clock.advance(900)
    }
    await clock.advance(10_000)

    expect(heard.limits).toEqual([])
    session.terminate()
    await session.closed
    expect(clock.pendingTimers).toBe(0)
  })

  it('writeTimeout of null waits for ever', async () => {
    const { session, peer, clock, heard } = defaultSession({ writeTimeout: null })
    peer.pause()
    await session.send(BIG)

    await clock.advance(86_400_000)

    expect(heard.limits).toEqual([])
    expect(heard.closed).toEqual([])
  })

  it('closeTimeout takes over when the end begins, and is told as a limit', async () => {
    const { session, peer, clock, heard } = defaultSession({ closeTimeout: 5_000 })
    peer.pause()
    await session.send(BIG)
    void session.close(new CloseReason(4000))

    await clock.advance(4_999)
    expect(heard.limitNames).toEqual([])
    await clock.advance(1)

    expect((await session.closed).reason).toEqual(new CloseReason(4000))
    expect(heard.limitNames).toEqual(['closeTimeout'])
    expect(clock.pendingTimers).toBe(0)
  })
})
