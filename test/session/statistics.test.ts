import { describe, expect, it } from 'vitest'
import { seconds } from '../../src/base/index.ts'
import { settled } from '../support/memory-world.ts'
import { clientFrame } from '../support/peer.ts'
import { defaultSession, rawSession } from '../support/session.ts'

describe('session.statistics', () => {
  it('D-07 counts whole messages by direction, and neither control frames nor heartbeats', async () => {
    const { session, peer } = defaultSession()

    peer.send(clientFrame('text', 'a'))
    peer.send(clientFrame('binary', 'b', { fin: false }))
    peer.send(clientFrame('continuation', 'c'))
    peer.send(clientFrame('ping', 'p'))
    await session.send('one')
    await settled()

    expect(session.statistics.messages).toEqual({ incoming: 2, outgoing: 1 })
  })

  it('counts the bytes on the connection, with the headers of frames', async () => {
    const { session, peer } = defaultSession()

    peer.send(clientFrame('text', 'abc')) // 2 of header, 4 of mask
    await session.send('hello') // 2 of header
    await settled()

    expect(session.statistics.bytes).toEqual({ incoming: 9, outgoing: 7 })
  })

  it('counts messages that had to wait once, when they are written', async () => {
    const { session, peer } = defaultSession()
    peer.pause()
    const large = 'x'.repeat(300_000)
    await session.send(large)
    await settled()
    void session.send('waits')
    await settled()
    const waiting = session.statistics

    peer.resume()
    await settled()

    expect(waiting.messages.outgoing).toBe(1)
    expect(waiting.queued.outgoing.frames).toBe(1)
    expect(waiting.queued.outgoing.bytes).toBeGreaterThan(5)
    expect(session.statistics.messages.outgoing).toBe(2)
    expect(session.statistics.queued.outgoing).toEqual({ frames: 0, bytes: 0 })
  })

  it('tells when the session began and when bytes last arrived, by its clock', async () => {
    const { session, peer, clock } = defaultSession()
    const openedAt = clock.now()
    await clock.advance(seconds(3))
    peer.send(clientFrame('text', 'a'))
    await settled()
    await clock.advance(seconds(2))

    expect(session.statistics).toMatchObject({ openedAt, lastReceivedAt: openedAt + 3000 })
  })

  it('tells what waits for the handler', async () => {
    const { session, peer } = defaultSession()

    peer.send(clientFrame('text', 'abc'))
    await settled()

    expect(session.statistics.queued.incoming).toEqual({ frames: 1, bytes: 3 })
  })

  it('can be read after the end', async () => {
    const { session, peer } = defaultSession()
    peer.send(clientFrame('text', 'a'))
    await session.send('b')
    await settled()

    session.terminate()
    await session.closed

    expect(session.statistics.messages).toEqual({ incoming: 1, outgoing: 1 })
    expect(session.statistics.bytes).toEqual({ incoming: 7, outgoing: 3 })
  })

  it('counts a fragmented message of a raw session with its last fragment', async () => {
    const { session, peer } = rawSession()

    peer.send(clientFrame('text', 'a', { fin: false }))
    await settled()
    const before = session.statistics.messages.incoming
    peer.send(clientFrame('continuation', 'b'))
    await settled()

    expect([before, session.statistics.messages.incoming]).toEqual([0, 1])
  })
})
