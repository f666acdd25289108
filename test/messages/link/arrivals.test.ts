import { describe, expect, it } from 'vitest'
import { Deferred } from '../../../src/base/internal.ts'
import { ArrivedEvent, Arrivals } from '../../../src/messages/link/arrivals.ts'
import { ignore } from '../../../src/messages/link/outbox.ts'
import type { Validated } from '../../../src/schema/index.ts'

const VALID: Validated = { issues: null, value: 1 }

function setUp({ isExpecting = false, readAhead = 100 } = {}) {
  const owner = { settings: { readAhead }, isExpecting, isFlooded: false }
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

  it('takes no more than 64 messages that wait for their schema', async () => {
    const { arrivals } = setUp()
    const first = new Deferred<Validated>()
    const done: unknown[] = []
    arrivals.arrive(first.promise, 1, () => done.push('first'), ignore)
    for (let n = 1; n < 64; n++) arrivals.arrive(VALID, 1, () => done.push(n), ignore)
    const { room } = arrivals
    expect([done, arrivals.unread, room === null]).toEqual([[], 64, false])

    first.resolve(VALID)
    await room

    expect(done.slice(0, 3)).toEqual(['first', 1, 2])
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

  it('tells of its end when all that has arrived has been shown', async () => {
    const { arrivals } = setUp()
    const validated = new Deferred<Validated>()
    const told: string[] = []
    arrivals.arrive(validated.promise, 1, () => told.push('shown'), ignore)
    arrivals.end(() => told.push('end'))
    expect(told).toEqual([])

    validated.resolve(VALID)
    await validated.promise
    await Promise.resolve()

    expect(told).toEqual(['shown', 'end'])
  })
})
