import { describe, expect, it } from 'vitest'
import type { Broker } from '../../../src/topics/index.ts'
import { defineTopic } from '../../../src/topics/index.ts'
import { LogKinds } from '../../../src/topics/node/log-kinds.ts'

const Room = defineTopic('rooms/:room', { history: { size: 5, age: 60_000 } })

/** A broker that fails so often before it prepares a kind. */
function kindsOver(failures: number): { kinds: LogKinds; asked: () => number } {
  let asked = 0
  const prepare = (): Promise<void> =>
    ++asked <= failures ? Promise.reject(new Error('down')) : Promise.resolve()
  // Kinds use nothing else of a broker.
  return { kinds: new LogKinds({ prepare } as unknown as Broker, 120_000), asked: () => asked }
}

describe('LogKinds', () => {
  it('returns one object for a kind, whose identities live no longer than its events', () => {
    const { kinds } = kindsOver(0)

    expect(kinds.of(Room)).toBe(kinds.of(Room))
    expect(kinds.of(Room)).toEqual({
      id: 'rooms/:room',
      size: 5,
      ageMs: 60_000,
      dedupeMs: 60_000,
    })
  })

  it('prepares a kind once, and again after a failure', async () => {
    const { kinds, asked } = kindsOver(1)
    const kind = kinds.of(Room)
    const [first, second] = [kinds.prepare(kind), kinds.prepare(kind)]
    expect(second).toBe(first)
    await expect(first).rejects.toThrow('down')

    await kinds.prepare(kind)

    expect(kinds.prepare(kind)).toBeNull()
    expect(asked()).toBe(2)
  })
})
