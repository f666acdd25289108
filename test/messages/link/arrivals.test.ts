import { describe, expect, it, vi } from 'vitest'
import { ArrivedEvent, Arrivals } from '../../../src/messages/link/arrivals.ts'

function setUp({ isExpecting = false, readAhead = 100 } = {}) {
  const owner = {
    port: { turn: () => null },
    settings: { readAhead },
    isExpecting,
    isFlooded: false,
  }
  const arrivals = new Arrivals(owner)
  const fill = (count: number, size = 1): void => {
    for (let n = 0; n < count; n++) arrivals.show(new ArrivedEvent('say', n, size), size)
  }
  return { owner, arrivals, fill }
}

/** Whether `promise` has resolved by now. */
async function isResolved(promise: Promise<void> | null): Promise<boolean> {
  return Promise.race([Promise.resolve(promise).then(() => true), Promise.resolve(false)])
}

describe('Arrivals', () => {
  it('takes 64 messages, and more when one has been taken', async () => {
    const { arrivals, fill } = setUp()
    fill(63)
    expect(arrivals.room).toBeNull()
    fill(1)
    const { room } = arrivals
    expect(await isResolved(room)).toBe(false)

    await arrivals.incoming.receive()
    await room

    expect(arrivals.room).toBeNull()
  })

  it('M-20 takes readAhead bytes past that while answers are awaited', () => {
    const { arrivals, fill } = setUp({ isExpecting: true })
    fill(64)
    fill(9, 10)
    expect(arrivals.room).toBeNull()
    fill(1, 10)

    expect(arrivals.room).not.toBeNull()
  })

  it('takes nothing while the peer does not read its answers', async () => {
    const { owner, arrivals } = setUp()
    owner.isFlooded = true
    const { room } = arrivals
    arrivals.wake()
    expect(await isResolved(room)).toBe(false)

    owner.isFlooded = false
    arrivals.wake()
    await room
  })

  it('tells of its end when no message waits for a schema', () => {
    const { arrivals } = setUp()
    const onLast = vi.fn()
    const turns = { size: 1 }
    arrivals.turns = turns
    arrivals.end(onLast)
    expect(onLast).not.toHaveBeenCalled()

    turns.size = 0
    arrivals.turnIsOver()

    expect(onLast).toHaveBeenCalledTimes(1)
  })
})
