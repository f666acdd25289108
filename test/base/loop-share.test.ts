import { describe, expect, it } from 'vitest'

import { LOOP_SHARE_MS, LoopShare, loopShareOf } from '../../src/base/loop-share.ts'
import { memoryEnvironment, settled } from '../support/memory-world.ts'

const SETTLED = Promise.resolve()
const SESSION = {}

/** A time slice whose turns end when the test says so. */
function open() {
  const turns: (() => void)[] = []
  const environment = {
    ...memoryEnvironment(),
    deferPastTurn: <T>(task: (argument: T) => void, argument: T): void =>
      void turns.push(() => task(argument)),
  }
  const share = new LoopShare(environment)
  const turn = (): void => {
    for (const task of turns.splice(0)) task()
  }
  const send = (count: number): void => {
    for (let sent = 0; sent < count; sent++) share.spend(1)
  }
  return { share, turn, send, turns, clock: environment.clock }
}

describe('LoopShare', () => {
  it('awaitedBy() tells the turn that a session waits for, and only while it waits', () => {
    const { share, send, turn } = open()
    expect(share.awaitedBy(SESSION)).toBe(null)
    send(8192)
    void share.accepted(SESSION, SETTLED)
    expect(share.awaitedBy(SESSION)).toBe(null)

    const waits = share.accepted(SESSION, SETTLED)
    expect(share.awaitedBy(SESSION)).toBe(waits)
    expect(share.awaitedBy({})).toBe(null)
    turn()

    expect(share.awaitedBy(SESSION)).toBe(null)
  })

  it('is used up after 4 ms of sending in one turn of the event loop, and whole again in the next', async () => {
    const { share, send, turn, clock } = open()
    send(16)
    await clock.advance(LOOP_SHARE_MS - 0.1)
    send(16)
    expect(share.isUsedUp).toBe(false)

    await clock.advance(0.1)
    send(16)
    expect(share.isUsedUp).toBe(true)
    turn()

    expect(share.isUsedUp).toBe(false)
  })

  it('is used up by 8192 frames, or by 32 MiB, where time stands still', () => {
    const small = open()
    small.send(8100)
    expect(small.share.isUsedUp).toBe(false)
    small.send(92)
    expect(small.share.isUsedUp).toBe(true)

    const large = open()
    for (let megabytes = 0; megabytes < 32; megabytes++) large.share.spend(1 << 20)
    expect(large.share.isUsedUp).toBe(true)
  })

  it('time in which the loop has turned does not count', async () => {
    const { share, send, turn, clock } = open()
    for (let round = 0; round < 10; round++) {
      send(100)
      await clock.advance(3)
      turn()
    }

    expect(share.isUsedUp).toBe(false)
  })

  it('sends that are slow are watched one by one', async () => {
    const { share, clock } = open()
    let sent = 0
    for (; !share.isUsedUp; sent++) {
      share.spend(1)
      await clock.advance(1)
    }

    // 16 before the first look at the clock, 16 before the next.
    expect(sent).toBeLessThanOrEqual(33)
    share.begin()
    for (sent = 0; !share.isUsedUp; sent++) {
      share.spend(1)
      await clock.advance(1)
    }
    expect(sent).toBeLessThanOrEqual(6)
  })

  it('accepted() lets each session send once more, then gives the promise of the next turn', async () => {
    const { share, send, turn } = open()
    expect(share.accepted(SESSION, SETTLED)).toBe(SETTLED)
    send(9000)
    expect(share.accepted(SESSION, SETTLED)).toBe(SETTLED)
    expect(share.accepted({}, SETTLED)).toBe(SETTLED)
    let isDone = false
    void share.accepted(SESSION, SETTLED).then(() => (isDone = true))

    await settled()
    expect(isDone).toBe(false)
    turn()
    await settled()

    expect(isDone).toBe(true)
    expect(share.accepted(SESSION, SETTLED)).toBe(SETTLED)
  })

  it('refused() rejects, in the next turn where the slice is used up', async () => {
    const { share, send, turn } = open()
    const error = new Error('over')
    await expect(share.refused(SESSION, error)).rejects.toBe(error)
    send(9000)
    await expect(share.refused(SESSION, error)).rejects.toBe(error)
    let isDone = false
    const late = share.refused(SESSION, error).catch(() => (isDone = true))

    await settled()
    expect(isDone).toBe(false)
    turn()
    await late

    expect(isDone).toBe(true)
  })

  it('refuses() a session after 64 more, and no other', () => {
    const { share, send, turn } = open()
    const tries = (): number => {
      let taken = 0
      while (taken < 1000 && !share.refuses(SESSION)) taken++
      return taken
    }
    expect(tries()).toBe(1000)
    send(9000)

    expect(tries()).toBe(64)
    expect(share.refuses({})).toBe(false)
    turn()
    expect(tries()).toBe(1000)
  })

  it('asks to be told of the end of a turn once', () => {
    const { send, turns } = open()
    send(5000)

    expect(turns.length).toBe(1)
  })
})

describe('loopShareOf()', () => {
  it('gives all sessions of an environment the same slice, and another one to others', () => {
    const environment = memoryEnvironment()

    expect(loopShareOf(environment)).toBe(loopShareOf(environment))
    expect(loopShareOf(environment)).not.toBe(loopShareOf(memoryEnvironment()))
  })
})
