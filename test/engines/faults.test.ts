import { describe, expect, it } from 'vitest'
import { rawSession } from '../support/session.ts'
import { carelessFaults, faults } from '../suites/faults.ts'

describe('a session in memory', () => {
  faults()
  carelessFaults()
})

describe('a raw session in memory', () => {
  it('struck by FIN by a program that reads on, after its handler has returned: all is sent', async () => {
    const { session, peer, link, clock } = rawSession()
    const frame = new Uint8Array(64 * 1024)
    let accepted = 0
    link.toClient({ stalled: true })

    const over = session.run(() => {
      while (session.outgoing.trySend(frame) === 'sent') accepted++
    })
    await clock.advance(0)
    peer.end()
    await clock.advance(0)
    link.toClient({ stalled: false })
    await over

    const received = (await peer.rest()).split(' ').length
    expect(received).toBe(accepted * (10 + frame.length))
    expect(await session.closed).toMatchObject({ reason: { code: 1006 }, initiator: 'local' })
    expect(link.isOver).toBe(true)
  })
})
