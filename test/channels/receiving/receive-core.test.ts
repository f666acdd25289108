import { describe, expect, it } from 'vitest'
import { bare, receiveAs, step } from '../../../src/channels/receiving/receive-as.ts'
import { Basin } from './basin.ts'

describe('releaseReceivers()', () => {
  it('ends the waits of one owner, and no others', async () => {
    const basin = new Basin()
    const owner = {}
    const released = [
      receiveAs(basin, step<number>(), undefined, owner),
      receiveAs(basin, step<number>(), undefined, owner),
    ]
    const other = receiveAs(basin, bare<number>(), undefined, {})
    released.push(receiveAs(basin, step<number>(), undefined, owner))

    basin.release(owner)
    basin.queue.shift()?.deliver(1)

    const done = { done: true, value: undefined }
    expect(await Promise.all(released)).toEqual([done, done, done])
    expect(await other).toBe(1)
    expect(basin.queue.first).toBeNull()
  })
})
