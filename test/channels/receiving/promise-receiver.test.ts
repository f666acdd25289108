import { describe, expect, it } from 'vitest'
import { NORMAL_END } from '../../../src/channels/channel-end.ts'
import { ReceiveTimeoutError } from '../../../src/channels/errors.ts'
import { limitWait, waitFor } from '../../../src/channels/receiving/promise-receiver.ts'
import { bare, result } from '../../../src/channels/receiving/receive-as.ts'
import { Basin } from './basin.ts'

describe('waitFor()', () => {
  it('tells whether the wait is not over', () => {
    const basin = new Basin()
    const receiver = waitFor(basin, result<number>(), undefined, null)
    expect(receiver.isWaiting).toBe(true)

    basin.queue.shift()?.deliver(1)

    expect(receiver.isWaiting).toBe(false)
  })
})

describe('limitWait()', () => {
  it('sets no timer for a wait that is over already', () => {
    const basin = new Basin()
    const receiver = waitFor(basin, result<number>(), undefined, null)
    basin.queue.shift()?.end(NORMAL_END)

    limitWait(receiver, 1000, basin.clock)

    expect(basin.clock.pendingTimers).toBe(0)
  })

  it('ends the wait when the time has passed, and not before', async () => {
    const basin = new Basin()
    const receiver = waitFor(basin, bare<number>(), undefined, null)
    limitWait(receiver, 1000, basin.clock)

    await basin.clock.advance(999)
    expect(receiver.isWaiting).toBe(true)
    await basin.clock.advance(1)

    expect(receiver.isWaiting).toBe(false)
    await expect(receiver.promise).rejects.toEqual(new ReceiveTimeoutError(1000))
  })
})

describe('PromiseReceiver', () => {
  it('giveUp() takes nothing from a wait that is over', async () => {
    const basin = new Basin()
    const receiver = waitFor(basin, bare<number>(), undefined, null)
    basin.queue.shift()?.deliver(1)

    receiver.giveUp(new Error('late'))

    expect(await receiver.promise).toBe(1)
  })
})
