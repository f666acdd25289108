import { describe, expect, it } from 'vitest'

import type { WebSocketServerSession } from '../../src/application/application.ts'
import { Counters } from '../../src/application/counters.ts'
import { HandshakeTimeoutError, UpgradeLimitError } from '../../src/application/errors.ts'
import { SessionRegistry } from '../../src/application/sessions/session-registry.ts'
import { MemoryBudgetError } from '../../src/session/index.ts'
import { IDLE_CONTROL } from '../support/session-control.ts'

describe('Counters', () => {
  it('snapshot() has nothing in it at the beginning', () => {
    expect(new Counters(new SessionRegistry()).snapshot()).toEqual({
      sessions: { opened: 0, closed: 0, active: 0 },
      upgradesRefused: {},
      limitsReached: {},
      framesDropped: { incoming: 0, outgoing: 0 },
      bytesBuffered: 0,
    })
  })

  it('counts a refusal whose cause cannot be looked at', () => {
    const counters = new Counters(new SessionRegistry())
    const trap = (): never => {
      throw new Error('trap')
    }

    counters.upgradeRefused('failure', new Proxy({}, { getPrototypeOf: trap, get: trap }))

    expect(counters.snapshot().upgradesRefused).toEqual({ failure: 1 })
  })

  it('snapshot() counts refusals by reason, and the limits among them', () => {
    const counters = new Counters(new SessionRegistry())
    counters.upgradeRefused('origin', null)
    counters.upgradeRefused('origin', null)
    counters.upgradeRefused('address', new UpgradeLimitError('maxConnectionsPerAddress', 1))
    counters.upgradeRefused('timeout', new HandshakeTimeoutError(1))
    counters.upgradeRefused('memory', new MemoryBudgetError(2, 1))
    counters.limitReached('memoryBudget')
    counters.limitReached('maxFrameSize')

    const { upgradesRefused, limitsReached } = counters.snapshot()

    expect(upgradesRefused).toEqual({ origin: 2, address: 1, timeout: 1, memory: 1 })
    expect(limitsReached).toEqual({
      maxConnectionsPerAddress: 1,
      handshakeTimeout: 1,
      memoryBudget: 2,
      maxFrameSize: 1,
    })
  })

  it('snapshot() counts sessions and what they hold, and frames by direction', () => {
    const registry = new SessionRegistry()
    const counters = new Counters(registry)
    const session = (id: string) => ({ id }) as WebSocketServerSession // never looked into
    const first = session('1')
    registry.add(first, { ...IDLE_CONTROL, heldBytes: 1 })
    registry.add(session('2'), { ...IDLE_CONTROL, heldBytes: 20 })
    registry.add(session('3'), { ...IDLE_CONTROL, heldBytes: 300 })
    registry.delete(first)
    counters.frameDropped('outgoing')
    counters.frameDropped('outgoing')
    counters.frameDropped('incoming')

    expect(counters.snapshot()).toMatchObject({
      sessions: { opened: 3, closed: 1, active: 2 },
      framesDropped: { incoming: 1, outgoing: 2 },
      bytesBuffered: 320,
    })
  })

  it('snapshot() is a copy', () => {
    const counters = new Counters(new SessionRegistry())
    const before = counters.snapshot()
    counters.frameDropped('incoming')

    expect(before.framesDropped.incoming).toBe(0)
  })
})
