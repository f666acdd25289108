import { describe, expect, it } from 'vitest'

import { WriteEnding } from '../../../src/session/writing/write-ending.ts'
import { settled } from '../../support/memory-world.ts'

/** Whether a promise has settled by now. */
async function isDone(promise: Promise<void>): Promise<boolean> {
  let done = false
  void promise.then(() => {
    done = true
  })
  await settled()
  return done
}

describe('WriteEnding', () => {
  it('has not begun while no last frame is known: a caller may wait for the end before', async () => {
    const ending = new WriteEnding()

    expect(ending.hasBegun).toBe(false)
    expect(await isDone(ending.wait())).toBe(false)
  })

  it('written() says whether the last frame was a Close frame', () => {
    const [close, none] = [new WriteEnding(), new WriteEnding()]
    close.last = { reason: null }
    none.last = 'none'
    expect([close.hasBegun, close.isCloseWritten]).toEqual([true, false])

    close.written()
    none.written()

    expect([close.isOver, close.isCloseWritten]).toEqual([true, true])
    expect([none.isOver, none.isCloseWritten]).toEqual([true, false])
  })

  it('lost() ends the wait, and a Close frame that was not written stays unwritten', async () => {
    const ending = new WriteEnding()
    ending.last = { reason: null }
    const wait = ending.wait()

    ending.lost()

    expect(await isDone(wait)).toBe(true)
    expect([ending.isOver, ending.isCloseWritten]).toEqual([true, false])
  })
})
