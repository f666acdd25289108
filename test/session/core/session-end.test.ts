import { describe, expect, it } from 'vitest'

import { CloseReason } from '../../../src/protocol/index.ts'
import { ABNORMAL, Ending } from '../../../src/session/core/ending.ts'
import { SessionEnd } from '../../../src/session/core/session-end.ts'
import { DefaultSession } from '../../support/bare-session.ts'
import { Gate } from '../../support/gate.ts'
import { memoryEnvironment, settled } from '../../support/memory-world.ts'
import { SETTINGS } from '../../support/session.ts'

const BYE = new CloseReason(4000, 'bye')

/**
 * A session, and an end of it that nobody else has begun.
 *
 * @param isShared makes it a client; whether its transport is one of several streams.
 */
function open(initiator: 'local' | 'remote' | 'none' = 'local', reason = BYE, isShared?: boolean) {
  const gate = new Gate(isShared)
  const settings = isShared === undefined ? SETTINGS : { ...SETTINGS, role: 'client' as const }
  const limits: string[] = []
  const environment = memoryEnvironment()
  const session = new DefaultSession(gate, settings, environment, {
    handlerFailed: () => {},
    limitReached: (limit) => void limits.push(limit),
    buffered: () => {},
    frameDropped: () => {},
    closed: () => {},
  })
  session.start()
  const end = new SessionEnd(session.core, new Ending(initiator, reason, null))
  session.core.ending = end
  return { gate, session, end, limits, clock: environment.clock }
}

describe('SessionEnd', () => {
  it('a Close frame of the peer is answered at once, and no more is accepted', async () => {
    const { gate, session, end } = open('remote')

    end.peerClosed(BYE, true)
    expect(session.outgoing.isClosedForSend).toBe(true)
    await settled()

    expect(gate.writes).toEqual(['88 02 0f a0'])
    expect(gate.ended).toBe(true)
  })

  it('a Close frame is answered behind the frames that the handler has sent before', async () => {
    const { gate, session, end } = open('remote')
    gate.shut = true
    await session.send('a')
    await settled()
    await session.send('b')

    end.peerClosed(null, true)
    gate.shut = false
    gate.drain()
    await settled()

    expect(gate.writes).toEqual(['81 01 61', '81 01 62 88 00'])
  })

  it('a server ends TCP when both Close frames have been sent, and not before', async () => {
    const { gate, end } = open()
    end.sendClose(BYE)
    await settled()
    expect(gate.ended).toBe(false)

    end.peerClosed(BYE, true)

    expect(gate.ended).toBe(true)
  })

  it('a client leaves the end of TCP to the server, but ends a stream itself (§7.1.1)', async () => {
    for (const isShared of [false, true]) {
      const { gate, end } = open('local', BYE, isShared)
      end.sendClose(BYE)
      await settled()
      expect(gate.ended).toBe(false)

      end.peerClosed(BYE, true)

      expect(gate.ended).toBe(isShared)
    }
  })

  it('endAfterClose() does not wait for the Close frame of the peer', async () => {
    const { gate, end } = open()

    end.endAfterClose(BYE)
    await settled()

    expect(gate.writes).toEqual(['88 05 0f a0 62 79 65'])
    expect(gate.ended).toBe(true)
  })

  it('endWithoutClose() ends TCP behind the frames that were sent', async () => {
    const { gate, session, end } = open('local', ABNORMAL)
    await session.send('a')

    end.endWithoutClose()
    await settled()

    expect(gate.writes).toEqual(['81 01 61'])
    expect(gate.ended).toBe(true)
  })

  it('finish() reports once: the first report stays', async () => {
    const { session, end } = open()
    end.finish()
    const info = await session.closed

    end.transportClosed(new Error('late'))

    expect(end.info).toBe(info)
    expect(info.cause).toBe(null)
  })

  it('aborts the transport, and reports closeTimeout, when the end takes too long', async () => {
    const { session, gate, end, limits, clock } = open()
    end.sendClose(BYE)

    await clock.advance(60_000)

    expect(gate.aborted).toBe(true)
    expect(limits).toEqual(['closeTimeout'])
    expect((await session.closed).cause).toMatchObject({ limitName: 'closeTimeout' })
  })

  it('has closeTimeout as the cause if the peer never reads, and no Close frame was sent', async () => {
    const { session, gate, clock } = open()
    gate.shut = true
    void session.send('a')
    await settled()
    void session.close(BYE)

    await clock.advance(60_000)

    expect(await session.closed).toMatchObject({
      reason: BYE,
      clean: false,
      local: null,
      cause: { limitName: 'closeTimeout' },
    })
  })

  it('has no cause if only the end of TCP takes too long', async () => {
    const { session, gate, end, clock } = open()
    end.sendClose(BYE)
    end.peerClosed(BYE, true)

    await clock.advance(60_000)

    expect(gate.aborted).toBe(true)
    expect(await session.closed).toMatchObject({ clean: true, cause: null })
  })
})
