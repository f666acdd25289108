import { describe, expect, it } from 'vitest'

import type { WebSocketServerSession } from '../../src/application/application.ts'
import { createMemoryBudget, SharedBudget } from '../../src/application/memory-budget.ts'
import { SessionRegistry } from '../../src/application/session-registry.ts'
import { memoryEnvironment, settled } from '../support/memory-world.ts'

/** Sessions that hold what a test says, and give it all back when they are told to. */
function holders(limit: number) {
  const environment = memoryEnvironment()
  const budget = new SharedBudget(limit)
  const registry = new SessionRegistry()
  budget.add(registry)
  const shed: string[] = []
  const hold = (id: string, heldBytes: number, stubborn = 0) => {
    const control = {
      heldBytes,
      goAway() {},
      terminate() {},
      shed() {
        shed.push(id)
        control.heldBytes = stubborn
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

  it('strain() has an error from seven eighths on, and none below', async () => {
    const { budget, hold } = holders(800)
    const a = hold('a', 700)
    expect(budget.strain(0)).toBe(null)

    hold('b', 1)
    expect(budget.strain(100)).toMatchObject({
      code: 'TOWPATH_MEMORY_BUDGET',
      used: 701,
      limit: 800,
    })

    a.heldBytes = 0
    expect(budget.strain(199)).not.toBe(null)
    expect(budget.strain(200)).toBe(null)
    await settled()
  })

  it('counts the sessions of all applications that share it', async () => {
    const { budget, environment, hold, shed } = holders(1_000)
    const other = new SessionRegistry()
    budget.add(other)
    hold('here', 600)
    const session = { id: 'there' } as WebSocketServerSession // never looked into
    other.add(session, {
      heldBytes: 500,
      goAway() {},
      terminate() {},
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
