import { describe, expect, it, vi } from 'vitest'
import { Deferred } from '../../../src/base/internal.ts'
import { ignore } from '../../../src/messages/link/outbox.ts'
import { Turns } from '../../../src/messages/link/turns.ts'

describe('Turns', () => {
  it('calls in order what becomes known out of order', async () => {
    const turns = new Turns()
    const [first, second] = [new Deferred<string>(), new Deferred<string>()]
    const calls: unknown[] = []
    const call = (value: unknown): void => void calls.push(value)
    turns.add(first.promise, call, ignore)
    turns.add(second.promise, ignore, call)
    turns.add('third', call, ignore)

    second.reject('second failed')
    await Promise.resolve()
    expect([calls, turns.size]).toEqual([[], 3])
    first.resolve('first')
    await first.promise
    await Promise.resolve()

    expect([calls, turns.size]).toEqual([['first', 'second failed', 'third'], 0])
  })

  it('goes on behind a turn that is given up, and ignores what it becomes', async () => {
    const turns = new Turns()
    const done = vi.fn()
    const outcome = new Deferred<number>()
    const giveUp = turns.add(outcome.promise, done, done)
    turns.add(2, done, done)
    await Promise.resolve()

    giveUp()
    outcome.resolve(1)
    await outcome.promise

    expect(done.mock.calls).toEqual([[2]])
  })

  it('tells of each turn that is over', async () => {
    const turns = new Turns()
    const sizes: number[] = []
    turns.onTurn = () => sizes.push(turns.size)
    turns.add(1, ignore, ignore)
    turns.add(2, ignore, ignore)
    await Promise.resolve()
    await Promise.resolve()

    expect(sizes).toEqual([1, 0])
  })
})
