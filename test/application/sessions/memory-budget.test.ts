import { describe, expect, it } from 'vitest'

import type { WebSocketServerSession } from '../../../src/application/application.ts'
import {
  createMemoryBudget,
  SharedBudget,
} from '../../../src/application/sessions/memory-budget.ts'
import { SessionRegistry } from '../../../src/application/sessions/session-registry.ts'
import { pooledBytes, recycle } from '../../../src/protocol/internal.ts'
import { memoryEnvironment, settled } from '../../support/memory-world.ts'
import { IDLE_CONTROL } from '../../support/session-control.ts'

/** Sessions that hold what a test says, and give it all back when they are told to. */
function holders(limit: number) {
  const environment = memoryEnvironment()
  const budget = new SharedBudget(limit)
  const registry = new SessionRegistry()
  budget.add(registry)
  const shed: string[] = []
  const hold = (id: string, heldBytes: number, stubborn = 0) => {
    const control = {
      ...IDLE_CONTROL,
      heldBytes,
      keptBytes: 0,
      pings: null,
      ending: null,
      outgoing: 0,
      received: 0,
      handed: 0,
      measure() {
        const { outgoing, received, handed } = control
        return { incoming: control.heldBytes - outgoing, outgoing, received, handed }
      },
      shed() {
        shed.push(id)
        control.heldBytes = stubborn
        control.outgoing = Math.min(control.outgoing, stubborn)
      },
    }
    registry.add({ id } as WebSocketServerSession, control) // never looked into
    budget.grow(heldBytes, environment)
    return control
  }
  return { environment, budget, registry, shed, hold }
}

describe('SharedBudget', () => {
  it('leaves sessions alone up to the limit', async () => {
    const { hold, shed, budget } = holders(1_000)
    hold('a', 400)
    hold('b', 600)
    await settled()

    expect(shed).toEqual([])
    expect(budget.used).toBe(1_000)
  })

  it('counts free payload memory, and drops it before a session is closed', async () => {
    const { hold, shed, budget } = holders(100_000)
    recycle(new Uint8Array(60_000))
    expect(budget.used).toBe(60_000)

    hold('a', 95_000)
    await settled()

    expect(shed).toEqual([])
    expect(pooledBytes()).toBe(0)
    expect(budget.used).toBe(95_000)
  })

  it('past the limit the greediest go first, until it is enough', async () => {
    const { hold, shed, budget } = holders(1_000)
    hold('small', 100)
    hold('large', 500)
    hold('larger', 600)
    hold('medium', 300)
    await settled()

    expect(shed).toEqual(['larger'])
    expect(budget.used).toBe(900)
  })

  it('of those that hold the same the youngest goes first', async () => {
    const { hold, shed } = holders(1_000)
    for (const id of ['1', '2', '3', '4']) hold(id, 400)
    await settled()

    expect(shed).toEqual(['4', '3'])
  })

  it('goes on to the next when a session cannot give back what it holds', async () => {
    const { hold, shed } = holders(1_000)
    hold('a', 300)
    hold('stubborn', 900, 900)
    await settled()

    expect(shed).toEqual(['stubborn', 'a'])
  })

  it('what passes through without being kept costs nobody anything', async () => {
    const { budget, environment, hold, shed } = holders(1_000)
    hold('a', 900)
    for (let read = 0; read < 1_000; read++) {
      budget.grow(100, environment)
      await settled()
    }

    expect(shed).toEqual([])
  })

  it('finds sessions that have grown since, a sixteenth past the limit at the latest', async () => {
    const { budget, environment, hold, shed } = holders(1_600)
    const a = hold('a', 1_600)
    await settled()
    let grown = 0
    while (shed.length === 0) {
      a.heldBytes += 10
      budget.grow(10, environment)
      grown += 10
      await settled()
    }

    expect(grown).toBeLessThanOrEqual(110)
  })

  it('shortage() has an error from seven eighths on, and none below', async () => {
    const { budget, environment, hold } = holders(800)
    const a = hold('a', 700)
    expect(budget.shortage(environment)).toBe(null)

    hold('b', 1)
    await environment.clock.advance(100)
    expect(budget.shortage(environment)).toMatchObject({
      code: 'TOWPATH_MEMORY_BUDGET',
      used: 701,
      limit: 800,
    })

    await settled()
    a.heldBytes = 0
    await environment.clock.advance(99)
    expect(budget.shortage(environment)).not.toBe(null)
    await environment.clock.advance(1)
    expect(budget.shortage(environment)).toBe(null)
  })

  it('past the limit those go first whose bytes stand still, and not those that move more', async () => {
    const { budget, environment, hold, shed } = holders(1_000_000)
    const half = Array.from({ length: 10 }, (_, at) => hold(`half ${at}`, 60_000))
    const upload = hold('upload', 350_000)
    await settled()
    await environment.clock.advance(1_000)
    upload.received += 3_000_000
    upload.heldBytes = 450_000
    budget.grow(100_000, environment)
    await settled()

    expect(shed).toEqual(['half 9'])
    expect(half).toHaveLength(10)
  })

  it('a peer that lets single bytes trickle stands still', async () => {
    const { budget, environment, hold, shed } = holders(1_000_000)
    const trickle = hold('trickle', 300_000)
    const upload = hold('upload', 600_000)
    await settled()
    await environment.clock.advance(1_000)
    trickle.received += 10
    upload.received += 600_000
    upload.heldBytes = 750_000
    budget.grow(150_000, environment)
    await settled()

    expect(shed).toEqual(['trickle'])
  })

  it('for who wants to come in, peers that do not read are closed after 2 seconds', async () => {
    const { budget, environment, hold, shed } = holders(1_000_000)
    const feeds = Array.from({ length: 9 }, (_, at) => {
      const feed = hold(`feed ${at}`, 100_000)
      feed.outgoing = 100_000
      return feed
    })
    await settled()
    const comes = async (ms: number) => {
      await environment.clock.advance(ms)
      return budget.shortage(environment) === null
    }

    expect(await comes(100)).toBe(false)
    expect(await comes(1_800)).toBe(false)
    expect(shed).toEqual([])
    // One has read meanwhile.
    const [first] = feeds
    if (first !== undefined) first.handed += 50_000
    expect(await comes(100)).toBe(false)
    await settled()
    expect(shed).toEqual(['feed 8', 'feed 7'])
    expect(await comes(100)).toBe(true)
  })

  it('for who wants to come in, half messages and slow handlers have 10 seconds', async () => {
    const { budget, environment, hold, shed } = holders(1_000_000)
    for (let at = 0; at < 9; at++) hold(`half ${at}`, 100_000)
    await settled()

    await environment.clock.advance(9_900)
    expect(budget.shortage(environment)).not.toBe(null)
    await settled()
    expect(shed).toEqual([])

    await environment.clock.advance(100)
    expect(budget.shortage(environment)).not.toBe(null)
    await settled()
    expect(shed).toEqual(['half 8', 'half 7'])
    expect(budget.shortage(environment)).toBe(null)
  })

  it('closes nobody for who wants to come in while everybody moves', async () => {
    const { budget, environment, hold, shed } = holders(1_000_000)
    const uploads = Array.from({ length: 9 }, (_, at) => hold(`upload ${at}`, 100_000))
    await settled()
    for (let second = 0; second < 20; second++) {
      await environment.clock.advance(1_000)
      for (const upload of uploads) upload.received += 10_000
      expect(budget.shortage(environment)).not.toBe(null)
      await settled()
    }

    expect(shed).toEqual([])
  })

  it('reserve() counts what is kept for upgrades that are being decided', async () => {
    const { budget, environment, hold } = holders(1_000)
    hold('a', 100)
    budget.reserve(800)
    await environment.clock.advance(100)

    expect(budget.used).toBe(900)
    expect(budget.shortage(environment)).toMatchObject({ code: 'TOWPATH_MEMORY_BUDGET' })
    budget.reserve(-800)
    expect(budget.used).toBe(100)
  })

  it('can be asked for what others use, beside the sessions of one application', () => {
    const { budget, registry, hold } = holders(1_000)
    hold('a', 600)
    budget.reserve(30)

    expect([budget.used, budget.usedBeside(registry)]).toEqual([630, 30])
  })

  it('counts the sessions of all applications that share it', async () => {
    const { budget, environment, hold, shed } = holders(1_000)
    const other = new SessionRegistry()
    budget.add(other)
    hold('here', 600)
    const session = { id: 'there' } as WebSocketServerSession // never looked into
    other.add(session, {
      ...IDLE_CONTROL,
      heldBytes: 500,
      keptBytes: 0,
      pings: null,
      ending: null,
      measure: () => ({ incoming: 500, outgoing: 0, received: 0, handed: 0 }),
      shed: () => shed.push('there'),
    })
    budget.grow(500, environment)
    await settled()

    expect(shed).toEqual(['here'])
  })
})

describe('createMemoryBudget()', () => {
  it('makes a budget of so many bytes, of which none are used', () => {
    const budget = createMemoryBudget(1_024)

    expect(budget.limit).toBe(1_024)
    expect(budget.used).toBe(0)
  })

  it.each([0, 1.5, Infinity, Number.NaN])('throws for %d', (limit) => {
    expect(() => createMemoryBudget(limit)).toThrow('expected a whole number of 1 or above')
  })
})
