import { describe, expect, it } from 'vitest'
import { LogFollower } from '../../../src/topics/node/following/log-follower.ts'
import { startOf } from '../../../src/topics/node/starting-place.ts'

/** A follower at offset 5 of epoch `e`. The broker answers with `heads`, one for each question. */
function followerOf(heads: ReadonlyArray<number | null> = []): {
  follower: LogFollower
  asked: () => number
} {
  let asked = 0
  // What a start uses of a follower.
  const follower = Object.create(LogFollower.prototype) as LogFollower
  Object.defineProperties(follower, {
    topic: { value: { epoch: 'e', head: 5 } },
    offsetBefore: { value: (count: number) => Promise.resolve(Math.max(0, 5 - count)) },
    check: { value: () => Promise.resolve(heads[asked++] ?? null) },
  })
  return { follower, asked: () => asked }
}

const watch = { retry: () => Promise.resolve(), isClosed: false }

describe('startOf()', () => {
  it('T-15 now is the head', async () => {
    const start = await startOf(followerOf().follower, 'now', watch)
    expect(start).toEqual({ epoch: 'e', offset: 5, awayMs: 0, isExact: true })
  })

  it('what was before the start and the newest events is no gap', async () => {
    const { follower } = followerOf()
    expect(await startOf(follower, 'start', watch)).toMatchObject({ offset: 0, isExact: false })
    expect(await startOf(follower, { last: 2 }, watch)).toMatchObject({ offset: 3, isExact: false })
  })

  it('T-10 T-13 a position is taken as it is, also of another epoch, and asks nothing', async () => {
    const { follower, asked } = followerOf()
    const known = { epoch: 'e', offset: 3, away: 7 }
    expect(await startOf(follower, known, watch)).toEqual({
      epoch: 'e',
      offset: 3,
      awayMs: 7,
      isExact: true,
    })
    expect(await startOf(follower, { epoch: 'f', offset: 9 }, watch)).toMatchObject({
      epoch: 'f',
      offset: 9,
      awayMs: Infinity,
    })
    expect(asked()).toBe(0)
  })

  it('T-14 a position above the head is of another epoch, unless the node is late', async () => {
    const future = { epoch: 'e', offset: 7 }
    expect(await startOf(followerOf([6]).follower, future, watch)).toMatchObject({ epoch: '' })
    expect(await startOf(followerOf([7]).follower, future, watch)).toMatchObject({ epoch: 'e' })
  })

  it('T-14 asks again when the broker is back, and gives up when it is closed', async () => {
    const future = { epoch: 'e', offset: 7 }
    const back = followerOf([null, null, 8])
    expect(await startOf(back.follower, future, watch)).toMatchObject({ epoch: 'e', offset: 7 })
    expect(back.asked()).toBe(3)

    const attempts: number[] = []
    const retry = (attempt: number): Promise<void> => {
      attempts.push(attempt)
      return Promise.resolve()
    }
    await startOf(followerOf([null, null, 8]).follower, future, { ...watch, retry })
    expect(attempts).toEqual([0, 1])

    const closed = followerOf()
    await startOf(closed.follower, future, { ...watch, isClosed: true })
    expect(closed.asked()).toBe(1)
  })
})
