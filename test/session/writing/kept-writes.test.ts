import { describe, expect, it } from 'vitest'

import { DefaultSession } from '../../support/bare-session.ts'
import { Gate } from '../../support/gate.ts'
import { memoryEnvironment } from '../../support/memory-world.ts'
import { SETTINGS } from '../../support/session.ts'

function open(writeTimeout: number | null = 1000) {
  const gate = new Gate()
  const environment = memoryEnvironment()
  const buffered: number[] = []
  const limits: string[] = []
  const session = new DefaultSession(gate, { ...SETTINGS, writeTimeout }, environment, {
    handlerFailed: () => {},
    limitReached: (limit) => void limits.push(limit),
    buffered: (bytes) => void buffered.push(bytes),
    frameDropped: () => {},
    closed: () => {},
  })
  session.start()
  gate.shut = true
  return { gate, session, clock: environment.clock, buffered, limits }
}

describe('KeptWrites', () => {
  it('tells how many bytes the transport has kept', async () => {
    const { session, clock, buffered } = open()
    await session.send('abc')
    await clock.advance(1)

    expect(buffered).toContain(5)
  })

  it('ends the session when a write stands still for writeTimeout, and not when it drains', async () => {
    const { gate, session, clock, limits } = open()
    void session.send('abc')
    await clock.advance(900)
    gate.drain()
    await clock.advance(5000)
    expect(limits).toEqual([])

    void session.send('abc')
    await clock.advance(1000)

    expect(limits).toEqual(['writeTimeout'])
    expect(gate.aborted).toBe(true)
  })

  it('leaves writes to closeTimeout once the end has begun', async () => {
    const { gate, session, clock, limits } = open()
    void session.send('abc')
    void session.close()

    await clock.advance(9_000)

    expect(limits).toEqual([])
    expect(gate.aborted).toBe(false)
  })

  it('measure() says that bytes have been handed on when the transport drains', async () => {
    const { gate, session, clock } = open()
    void session.send('abc')
    await clock.advance(1)
    const before = session.measure().handed

    gate.drain()

    expect(session.measure().handed).toBeGreaterThan(before)
  })
})
