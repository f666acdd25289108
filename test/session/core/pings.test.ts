import { describe, expect, it } from 'vitest'

import { defaultSession } from '../../support/session.ts'

describe('Pings', () => {
  it('pings, and fails with 1011 when nothing is heard', async () => {
    const { session, peer, clock } = defaultSession({ pingInterval: 1000, timeout: 500 })
    await clock.advance(1500)

    expect(await peer.rest()).toBe(
      '89 08 01 02 03 04 05 06 07 08 88 0e 03 f3 50 69 6e 67 20 74 69 6d 65 6f 75 74',
    )
    expect((await session.closed).cause).toMatchObject({
      code: 'TOWPATH_PING_TIMEOUT',
      timeoutMs: 500,
    })
    await expect(session.incoming.receive()).rejects.toMatchObject({ code: 'TOWPATH_PING_TIMEOUT' })
  })

  it('set() replaces the pinger that runs', async () => {
    const { session, peer, clock } = defaultSession({ pingInterval: 1000 })
    await clock.advance(900)
    session.pingInterval = 2000

    await clock.advance(1999)
    expect(peer.inbox.unread.length).toBe(0)
    await clock.advance(1)

    expect(peer.inbox.unread.length).toBe(10)
  })

  it('no ping is sent once the end has begun, whatever is set then', async () => {
    const { session, peer, clock, environment } = defaultSession({ pingInterval: 1000 })
    void session.close()
    session.pingInterval = { milliseconds: 10 }

    await clock.advance(9000)

    expect(peer.inbox.unread.length).toBe(4)
    expect(environment.timers.size).toBe(1)
  })

  it('a session that was opened without pings begins to ping when an interval is set', async () => {
    const { session, peer, clock } = defaultSession({ pingInterval: null })
    await clock.advance(5000)
    session.pingInterval = 1000

    await clock.advance(1000)

    expect(peer.inbox.unread.length).toBe(10)
  })
})
