import { describe, expect, it } from 'vitest'
import { RoomBell } from '../../../src/session/writing/room-bell.ts'

describe('RoomBell', () => {
  it('wait() resolves at the next ring(), for all who wait', async () => {
    const bell = new RoomBell()
    expect(bell.isAwaited).toBe(false)
    const waits = [bell.wait(undefined), bell.wait(new AbortController().signal)]
    expect(bell.isAwaited).toBe(true)

    bell.ring()

    await Promise.all(waits)
    expect(bell.isAwaited).toBe(false)
  })

  it('wait() rejects when the signal fires, for that caller alone', async () => {
    const bell = new RoomBell()
    const controller = new AbortController()
    const aborted = bell.wait(controller.signal)
    const other = bell.wait(undefined)
    controller.abort(new Error('enough'))

    await expect(aborted).rejects.toThrow('enough')
    bell.ring()
    await other
  })

  it('end() rejects all who wait, and ends no process where they are not awaited', async () => {
    const bell = new RoomBell()
    const waits = [bell.wait(undefined), bell.wait(new AbortController().signal)]
    void bell.wait(undefined)

    bell.end(new Error('over'))

    for (const wait of waits) await expect(wait).rejects.toThrow('over')
  })
})
